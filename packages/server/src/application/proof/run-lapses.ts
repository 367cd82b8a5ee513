/**
 * Law 11: authority is re-earned. A proof whose time is over is followed by a newer one of the same binding and instance,
 * or what hangs on it ends.
 *
 * Promise: found by index, done in batches, each in one transaction; a restart changes nothing, and several servers share
 * the work. Silence ends authority: nobody has to say that a workload is gone.
 */
import type { AttestationId, TenantId } from '@mayfly/domain'
import type { AttestationRow } from '../../store/attestation-rows.ts'
import type { Tx } from '../../store/database.ts'
import { deleteSeenDpopProofs } from '../../store/dpop-rows.ts'
import {
  claimDueAttestations,
  deleteSeenProofs,
  type DueAttestation,
  endAttestations,
  moveToSuccessor,
  moveVouched,
} from '../../store/lapse-rows.ts'
import { deleteSignIns } from '../../store/sign-in-rows.ts'
import { requestRedecision } from '../../store/redecision-rows.ts'
import { appendRows } from '../audit/append-rows.ts'
import type { AuditAction } from '../audit/audit-stream.ts'
import { type StatedRow, statedRow } from '../audit/stated-rows.ts'
import { type Actor, actorRecord, type CoreDeps } from '../context.ts'
import { endWhatTheyVouchedFor, requestRevocation } from '../revocation/request-revocation.ts'
import { wakeHostsOf } from '../../store/wake-hosts-of.ts'

const batchSize = 500
/** Servers' clocks may differ: a proof is remembered a little longer than it could be presented. */
const rememberSeconds = 60

const lapser: Actor = { kind: 'system', worker: 'run-lapses' }

export async function runLapses(deps: CoreDeps, tenantId: TenantId, signal: AbortSignal): Promise<'idle' | 'more'> {
  if (signal.aborted) return 'idle'
  const now = deps.clock.now()
  const due = await deps.database.transaction(tenantId, (tx) => endDue(tx, now))
  const before = new Date(now.getTime() - rememberSeconds * 1000)
  const forgotten = await deps.database.transaction(tenantId, async (tx) => [
    await deleteSeenProofs(tx, before, batchSize),
    await deleteSeenDpopProofs(tx, before, batchSize),
    await deleteSignIns(tx, before, batchSize),
  ])
  return due === batchSize || forgotten.includes(batchSize) ? 'more' : 'idle'
}

async function endDue(tx: Tx, now: Date): Promise<number> {
  const due = await claimDueAttestations(tx, now, batchSize)
  if (due.length === 0) return 0
  const followed = due.filter((one) => one.successorId !== null)
  const lapsed = due.filter((one) => one.successorId === null)
  await follow(tx, followed, now)
  const rows = await endAttestations(tx, idsOf(lapsed), 'lapsed', now)
  await wakeHostsOf(tx, rows)
  await tell(tx, 'attestation.lapsed', rows.map(stated), now)
  for (const { attestationId } of lapsed.filter((one) => one.carries)) {
    await requestRevocation(tx, {
      selector: { kind: 'attestation', id: attestationId },
      cause: 'attestation_lapsed',
      requestedBy: actorRecord(lapser),
      now,
    })
  }
  await endWhatTheyVouchedFor(tx, idsOf(lapsed), { requestedBy: actorRecord(lapser), now })
  return due.length
}

async function follow(tx: Tx, followed: readonly DueAttestation[], now: Date): Promise<void> {
  const rows: StatedRow[] = (await endAttestations(tx, idsOf(followed), 'succeeded', now)).map(stated)
  for (const { attestationId, successorId, carries } of followed) {
    if (successorId !== null) rows.push(...(await moveVouched(tx, attestationId, successorId)).map(stated))
    if (!carries || successorId === null) continue
    const moved = await moveToSuccessor(tx, attestationId, successorId)
    rows.push(...moved.credentials.map((row) => statedRow('credential', row)))
    rows.push(...moved.tasks.map((row) => statedRow('task', row)))
    // The newer proof may be worth less, or come from elsewhere.
    await requestRedecision(tx, {
      selectorKind: 'attestation',
      selectorId: successorId,
      why: 'it goes on under a newer proof',
      requestedBy: actorRecord(lapser),
      now,
    })
  }
  await tell(tx, 'attestation.succeeded', rows, now)
}

function tell(tx: Tx, action: AuditAction, rows: readonly StatedRow[], at: Date): Promise<void> {
  return appendRows(tx, action, rows, { actor: lapser, at })
}

function stated(row: AttestationRow): StatedRow {
  return statedRow('attestation', row)
}

function idsOf(due: readonly DueAttestation[]): readonly AttestationId[] {
  return due.map((one) => one.attestationId)
}
