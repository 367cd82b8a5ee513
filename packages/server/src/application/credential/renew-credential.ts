/**
 * Renews a credential: moves the end of a live account, never past the end that was fixed at its issue.
 *
 * Promise: decided again each time, like an issue (law 11), and never beyond the freshness of the proof under which it is
 * asked. A revocation that comes meanwhile wins: the row is extended
 * only while it is active, and a target does not extend what it has cut.
 * Order: the target first, the row after. If Mayfly dies in between, the row ends earlier than the account, and the
 * expiry worker ends the account with it.
 */
import { type CredentialId, MayflyError, withDeadline } from '@mayfly/domain'
import type { PreparedTarget } from '../../adapters/targets/targets.ts'
import { findAttestation } from '../../store/attestation-rows.ts'
import { type CredentialRow, extendIfStillActive, findCredential, handleOf } from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { getIssueTerms } from '../../store/issue-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { PermitDecision } from '../decision/decision.ts'
import { withAuthority } from '../decision/with-authority.ts'
import { termOf } from './credential-term.ts'
import type { CallContext, IssueDeps } from './issue-deps.ts'

export interface RenewInput {
  readonly credentialId: CredentialId
  /** The life asked for, from now; what is granted may be shorter. */
  readonly ttlSeconds?: number | undefined
}

interface Renewal {
  readonly row: CredentialRow
  readonly expiresAt: Date
  readonly target: PreparedTarget
  readonly decision: PermitDecision
}

/**
 * @throws MayflyError `credential_not_renewable`: ended, at its hard end, or of a kind that cannot be renewed
 * @throws MayflyError `resource_not_found`: there is none, or it is another's
 * @throws MayflyError `policy_denied`, `credential_overtaken`, `target_*`
 */
export async function renewCredential(
  deps: IssueDeps,
  ctx: CallContext,
  input: RenewInput,
): Promise<{ row: CredentialRow; receipt: AuditReceipt }> {
  const held = await deps.database.transaction(ctx.tenantId, (tx) => findHeld(tx, ctx, input.credentialId))
  const renewal = await withAuthority(
    deps,
    ctx,
    {
      action: 'credential.renew',
      resource: { type: 'Role', id: held.role_id },
      boundTo: held.bound_to,
      ...(held.task_id === null ? {} : { taskId: held.task_id }),
      ...(input.ttlSeconds === undefined ? {} : { ttlSeconds: input.ttlSeconds }),
    },
    (tx, decision) => planRenewal(deps, tx, ctx, input, decision),
  )
  const { row, expiresAt, target } = renewal
  await target.use(async (way) => {
    if (way.renew === undefined) throw notRenewable('credentials of this kind are not renewed', 'issue a new one')
    const { renew } = way
    await withDeadline([ctx.signal], deps.issueLimits.createTimeoutMs, (limit) =>
      renew.call(way, handleOf(row), expiresAt, limit),
    )
  })
  return recordRenewal(deps, ctx, renewal)
}

/** Only its holder renews a credential; of others' there is nothing to be known. */
async function findHeld(tx: Tx, { actor }: CallContext, credentialId: CredentialId): Promise<CredentialRow> {
  const row = await findCredential(tx, credentialId)
  if (row === undefined || actor.kind !== 'identity' || row.identity_id !== actor.identityId) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no credential \`${credentialId}\`` })
  }
  return row
}

async function planRenewal(
  deps: IssueDeps,
  tx: Tx,
  ctx: CallContext,
  input: RenewInput,
  decision: PermitDecision,
): Promise<Renewal> {
  const row = await findHeld(tx, ctx, input.credentialId)
  const now = deps.clock.now()
  if (row.state !== 'active' || row.expires_at <= now) {
    throw notRenewable(`the credential is \`${row.state === 'active' ? 'expired' : row.state}\``, 'issue a new one')
  }
  const terms = await getIssueTerms(tx, {
    role: row.role_id,
    identityId: row.identity_id,
    taskId: row.task_id ?? undefined,
  })
  const provenUntil = await readFreshness(tx, ctx)
  const { expiresAt } = termOf({
    now,
    askedSeconds: input.ttlSeconds,
    duties: decision.duties,
    roleMaxTtlSeconds: terms.role.max_ttl_seconds,
    taskDeadline: terms.taskDeadline,
    identityExpiresAt: terms.identityExpiresAt,
    // Silence ends authority, also where this server is away when it should (law 11).
    hardEnd: provenUntil < row.max_expires_at ? provenUntil : row.max_expires_at,
  })
  if (expiresAt <= row.expires_at) {
    const hardEnd = row.max_expires_at.toISOString()
    throw notRenewable(
      `it ends at \`${row.expires_at.toISOString()}\`, and a renewal now would not be later`,
      `its hard end is \`${hardEnd}\`, and no renewal outlives the proof, fresh until \`${provenUntil.toISOString()}\`; renew shortly before the present end, prove anew first, or issue a new one`,
    )
  }
  return { row, expiresAt, target: await deps.targets.prepare(tx, terms.resource), decision }
}

/** Until when the proof counts under which the renewal is asked. */
async function readFreshness(tx: Tx, { actor }: CallContext): Promise<Date> {
  const proof = actor.kind === 'system' ? undefined : await findAttestation(tx, actor.attestationId)
  if (proof === undefined) throw new MayflyError('token_invalid')
  return proof.fresh_until
}

async function recordRenewal(
  deps: IssueDeps,
  ctx: CallContext,
  { row: { credential_id: credentialId, expires_at: before }, expiresAt, decision }: Renewal,
): Promise<{ row: CredentialRow; receipt: AuditReceipt }> {
  const now = deps.clock.now()
  return deps.database.transaction(ctx.tenantId, async (tx) => {
    const row = await extendIfStillActive(tx, credentialId, expiresAt, now)
    if (row === undefined) {
      throw new MayflyError('credential_overtaken', {
        publicDetail: 'it was revoked while it was being renewed',
        log: `credential ${credentialId}`,
      })
    }
    const receipt = await appendAudit(tx, {
      action: 'credential.renewed',
      at: now,
      actor: ctx.actor,
      identityId: row.identity_id,
      taskId: row.task_id ?? undefined,
      attestationId: row.attestation_id,
      decisionId: decision.decisionId,
      credentialId: row.credential_id,
      rows: [statedRow('credential', row)],
      body: { from: before.toISOString(), to: row.expires_at.toISOString(), request_id: ctx.requestId },
    })
    return { row, receipt }
  })
}

function notRenewable(publicDetail: string, hint: string): MayflyError {
  return new MayflyError('credential_not_renewable', { publicDetail, hint })
}
