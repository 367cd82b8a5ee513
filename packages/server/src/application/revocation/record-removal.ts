/** Writes down what was seen at a target: cut, then removed; each once, with its entry, and counted where it is waited for. */
import type { TenantId } from '@mayfly/domain'
import type { CredentialRow } from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { countProgress, markCut, markRemoved } from '../../store/removal-rows.ts'
import { notifyProgress } from '../../store/revocation-progress.ts'
import { appendAudits } from '../audit/append-audit.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor, CoreDeps } from '../context.ts'

export const removalActor: Actor = { kind: 'system', worker: 'remove-accounts' }

/** No new login and no open session, seen at the target. */
export async function recordCut(deps: CoreDeps, tenantId: TenantId, rows: readonly CredentialRow[]): Promise<void> {
  if (rows.length === 0) return
  const now = deps.clock.now()
  await deps.database.transaction(tenantId, async (tx) => {
    const cut = await markCut(tx, idsOf(rows), now)
    if (cut.length === 0) return
    await appendAudits(
      tx,
      cut.map((row) => ({ ...momentOf(row, now), action: 'credential.cut' })),
    )
    await count(tx, { cut: idsOf(cut), removed: [] }, now)
  })
}

/** The target says absent. */
export async function recordRemoved(deps: CoreDeps, tenantId: TenantId, rows: readonly CredentialRow[]): Promise<void> {
  if (rows.length === 0) return
  const now = deps.clock.now()
  await deps.database.transaction(tenantId, async (tx) => {
    const removed = await markRemoved(tx, idsOf(rows), now)
    if (removed.length === 0) return
    await appendAudits(
      tx,
      removed.map((row) => ({
        ...momentOf(row, now),
        action: 'credential.revoked',
        rows: [statedRow('credential', row)],
        body: row.ended_unborn ? { ended_unborn: true } : {},
      })),
    )
    await count(tx, { cut: idsOf(removed.filter((row) => !row.cut_before)), removed: idsOf(removed) }, now)
  })
}

async function count(tx: Tx, gone: Parameters<typeof countProgress>[1], now: Date): Promise<void> {
  const complete = await countProgress(tx, gone, now)
  await appendAudits(
    tx,
    complete.map((row) => ({
      action: 'revocation.completed',
      at: now,
      actor: removalActor,
      revocationId: row.revocation_id,
      body: {
        cause: row.cause,
        total: row.total,
        authority_ended_at: row.authority_ended_at.toISOString(),
        cut_at: row.cut_at?.toISOString() ?? null,
      },
    })),
  )
  await notifyProgress(tx)
}

function momentOf(row: CredentialRow, now: Date): Omit<AuditEntry, 'action'> {
  return {
    at: now,
    actor: removalActor,
    identityId: row.identity_id,
    taskId: row.task_id ?? undefined,
    credentialId: row.credential_id,
    revocationId: row.revocation_id ?? undefined,
  }
}

function idsOf(rows: readonly CredentialRow[]) {
  return rows.map((row) => row.credential_id)
}
