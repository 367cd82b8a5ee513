/**
 * Writes down what was seen at a target: cut, then removed; each once, with its entry, and counted where it is waited for.
 *
 * Promise: the moment that is written is that at which it was seen. Both moments of many credentials are one transaction
 * where they come together, and nobody at the target waits for it.
 */
import type { TenantId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import {
  countProgress,
  type CutRow,
  type DueRow,
  markCut,
  markRemoved,
  type RemovedRow,
  type SeenMoment,
} from '../../store/removal-rows.ts'
import { notifyProgress } from '../../store/revocation-progress.ts'
import type { RevocationRow } from '../../store/revocation-rows.ts'
import { appendAudits } from '../audit/append-audit.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor, CoreDeps } from '../context.ts'

export const removalActor: Actor = { kind: 'system', worker: 'remove-accounts' }

export interface RemovalRecorder {
  /** No new login and no open session, seen at the target just now. */
  cut(rows: readonly DueRow[]): void
  /** The target says absent, just now. */
  removed(rows: readonly DueRow[]): void
  /**
   * Waits until all of it is written down.
   *
   * @throws what the first transaction that failed threw; later ones are written all the same
   */
  finish(): Promise<void>
}

/** A cut waits so long for the removal that mostly follows at once, and is then written down alone. */
const cutAloneAfterMs = 100

type Seen = Map<DueRow, Date>

/** @param onRemoved told of those whose removal is durable */
export function openRemovalRecorder(
  deps: CoreDeps,
  tenantId: TenantId,
  onRemoved: (rows: readonly DueRow[]) => void,
): RemovalRecorder {
  let [cut, removed]: [Seen, Seen] = [new Map(), new Map()]
  let cutAlone: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined

  async function write(): Promise<void> {
    while (cut.size + removed.size > 0) {
      const [cutNow, removedNow] = [cut, removed]
      ;[cut, removed] = [new Map(), new Map()]
      try {
        await deps.database.transaction(tenantId, (tx) => record(tx, cutNow, removedNow))
        onRemoved([...removedNow.keys()])
      } catch (error) {
        failure ??= { error }
      }
    }
    // In one breath with the last look, so that what comes next begins anew.
    writing = undefined
  }

  function begin(): void {
    clearTimeout(cutAlone)
    cutAlone = undefined
    // What is told in one breath is written in one transaction.
    writing ??= Promise.resolve().then(write)
  }

  return {
    cut(rows) {
      const now = deps.clock.now()
      // What is told again was seen before.
      for (const row of rows) if (!cut.has(row)) cut.set(row, now)
      if (rows.length > 0) cutAlone ??= setTimeout(begin, cutAloneAfterMs)
    },
    removed(rows) {
      const now = deps.clock.now()
      for (const row of rows) removed.set(row, now)
      if (rows.length > 0) begin()
    },
    async finish() {
      begin()
      await writing
      if (failure !== undefined) throw failure.error
    },
  }
}

async function record(tx: Tx, cutSeen: Seen, removedSeen: Seen): Promise<void> {
  const cutAlone = [...cutSeen].filter(([row]) => !removedSeen.has(row))
  const cut = cutAlone.length === 0 ? [] : await markCut(tx, cutAlone.map(seenOf))
  const gone = [...removedSeen].map((each) => ({ ...seenOf(each), cutAt: cutSeen.get(each[0]) }))
  const removed = gone.length === 0 ? [] : await markRemoved(tx, gone)
  if (cut.length + removed.length === 0) return
  const told = new Set([...cutSeen.keys()].map((row) => row.credential_id))
  const cutToo = removed.filter((row) => !row.cut_before)
  await appendAudits(tx, [
    ...[...cut, ...cutToo.filter((row) => told.has(row.credential_id))].map(cutEntry),
    ...removed.map(removedEntry),
  ])
  const complete = await countProgress(tx, { cut: idsOf([...cut, ...cutToo]), removed: idsOf(removed) })
  await appendAudits(tx, complete.map(completeEntry))
  await notifyProgress(tx)
}

function cutEntry(row: CutRow): AuditEntry {
  return { ...subjectOf(row), action: 'credential.cut', at: recorded(row.cut_at) }
}

function removedEntry(row: RemovedRow): AuditEntry {
  return {
    ...subjectOf(row),
    action: 'credential.revoked',
    at: recorded(row.removed_at),
    rows: [statedRow('credential', row)],
    body: row.ended_unborn ? { ended_unborn: true } : {},
  }
}

function completeEntry(row: RevocationRow): AuditEntry {
  return {
    action: 'revocation.completed',
    at: recorded(row.completed_at),
    actor: removalActor,
    revocationId: row.revocation_id,
    body: {
      cause: row.cause,
      total: row.total,
      authority_ended_at: row.authority_ended_at.toISOString(),
      cut_at: row.cut_at?.toISOString() ?? null,
    },
  }
}

function subjectOf(row: CutRow) {
  return {
    actor: removalActor,
    identityId: row.identity_id,
    taskId: row.task_id ?? undefined,
    credentialId: row.credential_id,
    revocationId: row.revocation_id ?? undefined,
  }
}

function recorded(moment: Date | null): Date {
  if (moment === null) throw new Error('a moment that was just recorded is not there')
  return moment
}

function seenOf([row, at]: readonly [DueRow, Date]): SeenMoment {
  return { credentialId: row.credential_id, at }
}

function idsOf(rows: readonly CutRow[]) {
  return rows.map((row) => row.credential_id)
}
