/**
 * Issues a credential: intent, effect, outcome (law 10).
 *
 * Promise: the row stands, with the account's name and the decision, before the target is touched (law 1, decision
 * 0005). It becomes active only if nothing has ended it meanwhile; else the caller gets nothing and the account goes the
 * one way out. What was issued is answered once and kept nowhere (law 6).
 * Not here: what the caller may (the gate), and the removal of what failed (revocation/remove-accounts.ts).
 */
import { type CredentialId, MayflyError, newId, type ProblemCode } from '@mayfly/domain'
import { type AccountHandle, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import type { PreparedTarget } from '../../adapters/targets/targets.ts'
import {
  activateIfStillRequested,
  type CredentialRow,
  findCredentialByKey,
  settleUnborn,
} from '../../store/credential-rows.ts'
import { constraintOf, type Tx } from '../../store/database.ts'
import { wakeWorkers } from '../../store/wake-workers.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { actorRecord } from '../context.ts'
import { withAuthority } from '../decision/with-authority.ts'
import { requestRevocation } from '../revocation/request-revocation.ts'
import type { CallContext, IssueDeps } from './issue-deps.ts'
import { type IssueInput, repetitionOf, type Requested, type RequestOutcome } from './issue-request.ts'
import { requestCredential } from './request-credential.ts'

export interface IssuedCredential {
  readonly row: CredentialRow
  /** What the holder needs; undefined when this is a repetition: the secret was told once. */
  readonly fields: IssuedAccount['fields'] | undefined
  /** The entry `credential.issued`; undefined when this is a repetition. */
  readonly receipt: AuditReceipt | undefined
}

/**
 * @throws MayflyError `policy_denied`, `issuance_paused`, `credential_limit_reached`, `rate_limited`,
 *   `idempotency_key_reused`, `request_invalid`, `resource_not_found`
 * @throws MayflyError `target_*`: the target failed; the credential is being ended with cause `issue_failed`
 * @throws MayflyError `credential_overtaken`: it was revoked while it was being issued
 */
export async function issueCredential(deps: IssueDeps, ctx: CallContext, input: IssueInput): Promise<IssuedCredential> {
  const requested = await intend(deps, ctx, input)
  if (requested.outcome === 'refused') throw new MayflyError(requested.code, { hint: requested.hint })
  if (requested.outcome === 'repeated') {
    return { row: requested.row, fields: undefined, receipt: undefined }
  }
  const { row, target } = requested
  const handle: AccountHandle = { credentialId: row.credential_id, accountName: row.account_name }
  let issued: IssuedAccount
  try {
    issued = await createAccount(deps, ctx, requested, handle, input)
  } catch (error) {
    await recordFailure(deps, ctx, row, error)
    throw error
  }
  const activated = await activate(deps, ctx, row, issued)
  if (activated === undefined) await removeOvertaken(deps, ctx, row, target, handle)
  else return { ...activated, fields: issued.fields }
  throw new MayflyError('credential_overtaken', {
    log: `credential ${row.credential_id}`,
    hint: 'what revoked it also ended the right to it; ask again only if that has changed',
  })
}

/** Decides and writes the row, in one transaction. */
async function intend(deps: IssueDeps, ctx: CallContext, input: IssueInput): Promise<RequestOutcome> {
  const credentialId = newId<CredentialId>()
  const request = {
    action: 'credential.issue',
    resource: { type: 'Role', id: input.role },
    ...(input.taskId === undefined ? {} : { taskId: input.taskId }),
    ...(input.ttlSeconds === undefined ? {} : { ttlSeconds: input.ttlSeconds }),
  } as const
  try {
    return await withAuthority(deps, ctx, request, (tx, decision) =>
      requestCredential(deps, tx, ctx, input, decision, credentialId),
    )
  } catch (error) {
    const repeated = await findRepetition(deps, ctx, input, error)
    if (repeated === undefined) throw error
    return repeated
  }
}

/** Two requests with one key at once: the unique index let one of them through, and this is the other. */
async function findRepetition(
  deps: IssueDeps,
  ctx: CallContext,
  input: IssueInput,
  error: unknown,
): Promise<RequestOutcome | undefined> {
  const { actor } = ctx
  const { idempotencyKey } = input
  const lost = constraintOf(error) === 'credential_idempotency'
  if (!lost || actor.kind !== 'identity' || idempotencyKey === undefined) return undefined
  const row = await deps.database.transaction(ctx.tenantId, (tx) =>
    findCredentialByKey(tx, actor.identityId, idempotencyKey),
  )
  return row === undefined ? undefined : repetitionOf(row, input)
}

async function createAccount(
  deps: IssueDeps,
  ctx: CallContext,
  { row, permission, target, decision }: Requested,
  handle: AccountHandle,
  input: IssueInput,
): Promise<IssuedAccount> {
  const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(deps.issueLimits.createTimeoutMs)])
  const issued = await target.use((way) =>
    way.issue(
      handle,
      {
        permission,
        parameters: input.parameters ?? {},
        expiresAt: row.expires_at,
        createDeadlineAt: row.create_deadline_at,
      },
      signal,
    ),
  )
  const wanted = decision.duties.requireBinding
  if (wanted === undefined || isAtLeast(issued.boundTo, wanted)) return issued
  throw new MayflyError('target_refused', {
    publicDetail: `the target bound the credential to \`${issued.boundTo}\`, policy demands \`${wanted}\``,
  })
}

function isAtLeast(have: IssuedAccount['boundTo'], wanted: IssuedAccount['boundTo']): boolean {
  const rank = { key: 2, address: 1, none: 0 }
  return rank[have] >= rank[wanted]
}

async function activate(
  deps: IssueDeps,
  ctx: CallContext,
  { credential_id, expires_at }: CredentialRow,
  issued: IssuedAccount,
): Promise<{ row: CredentialRow; receipt: AuditReceipt } | undefined> {
  const now = deps.clock.now()
  return deps.database.transaction(ctx.tenantId, async (tx) => {
    const row = await activateIfStillRequested(tx, {
      credential_id,
      active_at: now,
      bound_to: issued.boundTo,
      expires_at: issued.expiresAt < expires_at ? issued.expiresAt : expires_at,
      fingerprint: await fingerprintOf(deps, tx, issued),
    })
    if (row === undefined) return undefined
    const receipt = await appendAudit(tx, {
      action: 'credential.issued',
      at: now,
      actor: ctx.actor,
      identityId: row.identity_id,
      taskId: row.task_id ?? undefined,
      attestationId: row.attestation_id,
      decisionId: row.decision_id,
      credentialId: row.credential_id,
      rows: [statedRow('credential', row)],
      body: { bound_to: row.bound_to, request_id: ctx.requestId },
    })
    return { row, receipt }
  })
}

/** Keyed, of the first secret field: recognises the credential where it is found. */
async function fingerprintOf(deps: IssueDeps, tx: Tx, issued: IssuedAccount): Promise<string | null> {
  const secret = Object.values(issued.fields).find((field) => field instanceof Secret)
  return secret === undefined ? null : deps.keys.fingerprint(tx, secret)
}

/** The target has answered, so nothing of this create can take effect later. */
const settled: ReadonlySet<ProblemCode> = new Set(['target_refused', 'target_rights_missing', 'target_unsafe'])

async function recordFailure(deps: IssueDeps, ctx: CallContext, row: CredentialRow, error: unknown): Promise<void> {
  const now = deps.clock.now()
  await deps.database.transaction(ctx.tenantId, async (tx) => {
    await requestRevocation(tx, {
      selector: { kind: 'credential', id: row.credential_id },
      only: [row.credential_id],
      cause: 'issue_failed',
      requestedBy: actorRecord(ctx.actor),
      now,
      requestId: ctx.requestId,
    })
    if (error instanceof MayflyError && settled.has(error.code)) await settleUnborn(tx, row.credential_id, now)
  })
}

/** The account is there and its row is on the way out: the wait for the create is over, and the removal is due now. */
async function removeOvertaken(
  deps: IssueDeps,
  ctx: CallContext,
  row: CredentialRow,
  target: PreparedTarget,
  handle: AccountHandle,
): Promise<void> {
  const awaited = await deps.database.transaction(ctx.tenantId, async (tx) => {
    const waiting = await settleUnborn(tx, row.credential_id, deps.clock.now())
    if (waiting) await wakeWorkers(tx, 'revocation')
    return waiting
  })
  if (awaited) return
  // The target let a create through after its deadline. The row has gone already, so no worker would come back.
  deps.logger.error(
    { credential_id: row.credential_id },
    'a target created an account after its deadline; it is removed',
  )
  const note = async () => undefined
  const signal = AbortSignal.timeout(deps.issueLimits.createTimeoutMs)
  await target.use((way) => way.revoke([handle], { cut: note, removed: note, pending: note }, signal))
}
