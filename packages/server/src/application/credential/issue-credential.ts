/**
 * Issues a credential: intent, effect, outcome (law 10).
 *
 * Promise: the row stands, with the account's name and the decision, before the target is touched (law 1, decision
 * 0005). It becomes active only if nothing has ended it meanwhile; else the caller gets nothing and the account goes the
 * one way out. What was issued is answered once and kept nowhere (law 6).
 * Not here: what the caller may (the gate), and the removal of what failed (revocation/remove-accounts.ts).
 */
import { type CredentialId, MayflyError, newId, type ProblemCode, withDeadline } from '@mayfly/domain'
import { type AccountHandle, type IssuedAccount, Secret, type TokenStatement } from '@mayfly/provider-kit'
import type { PreparedTarget } from '../../adapters/targets/targets.ts'
import {
  activateIfStillRequested,
  type CredentialRow,
  findCredentialByKey,
  handleOf,
  settleUnborn,
} from '../../store/credential-rows.ts'
import { constraintOf } from '../../store/database.ts'
import { activateAsRequested } from '../../store/issue-statements.ts'
import { wakeWorkers } from '../../store/wake-workers.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { type AuditEntry, type AuditReceipt, entryRowOf, receiptOf } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { actorRecord } from '../context.ts'
import { withUnrecordedPermit } from '../decision/with-authority.ts'
import { ensureKeyOf } from '../proof/ensure-keys.ts'
import { requestRevocation } from '../revocation/request-revocation.ts'
import type { CallContext, IssueDeps } from './issue-deps.ts'
import {
  type Granted,
  type IssueInput,
  type Preparation,
  repetitionOf,
  type Requested,
  type RequestOutcome,
} from './issue-request.ts'
import { readForIssue, requestCredential } from './request-credential.ts'
import { boundToOf } from './token-row.ts'

export interface IssuedCredential {
  readonly row: CredentialRow
  /** What the holder needs; undefined when this is a repetition: the secret was told once. */
  readonly fields: IssuedAccount['fields'] | undefined
  /** The entry `credential.issued`; undefined when this is a repetition. */
  readonly receipt: AuditReceipt | undefined
  /** What a token says; absent for what has an account. */
  readonly statement?: TokenStatement
}

/**
 * @throws MayflyError `policy_denied`, `issuance_paused`, `credential_limit_reached`, `rate_limited`,
 *   `idempotency_key_reused`, `request_invalid`, `resource_not_found`
 * @throws MayflyError `target_*`: the target failed; the credential is being ended with cause `issue_failed`
 * @throws MayflyError `credential_overtaken`: it was revoked while it was being issued
 */
export async function issueCredential(deps: IssueDeps, ctx: CallContext, input: IssueInput): Promise<IssuedCredential> {
  const requested = await intendPrepared(deps, ctx, input)
  if (requested.outcome === 'unprepared') throw new MayflyError('internal', { log: 'a place or a key was not found' })
  if (requested.outcome === 'granted') return signToken(deps, ctx, requested, input)
  if (requested.outcome === 'refused') throw new MayflyError(requested.code, { hint: requested.hint })
  if (requested.outcome === 'repeated') {
    return { row: requested.row, fields: undefined, receipt: undefined }
  }
  const { row, target } = requested
  const handle = handleOf(row)
  let issued: IssuedAccount
  try {
    issued = await createAccount(deps, ctx, requested, handle, input)
  } catch (error) {
    await recordFailure(deps, ctx, row, error)
    throw error
  }
  const activated = await activate(deps, ctx, requested, issued)
  if (activated === undefined) await removeOvertaken(deps, ctx, row, target, handle)
  else return { ...activated, fields: issued.fields }
  throw new MayflyError('credential_overtaken', {
    log: `credential ${row.credential_id}`,
    hint: 'what revoked it also ended the right to it; ask again only if that has changed',
  })
}

/** Gets what a token needs beforehand: at once where it is known that one is asked for, else when it is found. */
async function intendPrepared(deps: IssueDeps, ctx: CallContext, input: IssueInput): Promise<RequestOutcome> {
  const outcome = await intendWith(deps, ctx, input, input.token !== undefined)
  if (outcome.outcome !== 'unprepared') return outcome
  if (outcome.keyMissing) await ensureKeyOf(deps, ctx.tenantId, 'federated_token')
  return intendWith(deps, ctx, input, true)
}

async function intendWith(
  deps: IssueDeps,
  ctx: CallContext,
  input: IssueInput,
  takesPlace: boolean,
): Promise<RequestOutcome> {
  if (!takesPlace) return intend(deps, ctx, input, {})
  const place = await deps.statusPlaces.take(ctx.tenantId)
  const outcome = await intend(deps, ctx, input, { place }).catch((error: unknown) => {
    // Where the connection was lost, the row may stand all the same, and the place with it.
    if (error instanceof MayflyError && error.code !== 'database_unavailable') {
      deps.statusPlaces.giveBack(ctx.tenantId, place)
    }
    throw error
  })
  if (outcome.outcome !== 'granted') deps.statusPlaces.giveBack(ctx.tenantId, place)
  return outcome
}

/** The row is durable and says all of it; what is left cannot fail but by a fault of ours. */
async function signToken(
  deps: IssueDeps,
  ctx: CallContext,
  { row, permission, target, statement, receipt }: Granted,
  input: IssueInput,
): Promise<IssuedCredential> {
  const handle = handleOf(row)
  const request = {
    permission,
    parameters: input.parameters ?? {},
    expiresAt: row.expires_at,
    createDeadlineAt: row.create_deadline_at,
    statement,
  }
  try {
    const { fields } = await target.use((way) => way.issue(handle, request, ctx.signal))
    return { row, fields, receipt, statement }
  } catch (error) {
    await recordFailure(deps, ctx, row, error)
    throw error
  }
}

/** Decides and writes the row, in one transaction. */
async function intend(
  deps: IssueDeps,
  ctx: CallContext,
  input: IssueInput,
  preparation: Preparation,
): Promise<RequestOutcome> {
  const credentialId = newId<CredentialId>()
  const request = {
    action: 'credential.issue',
    resource: { type: 'Role', id: input.role },
    ...(input.taskId === undefined ? {} : { taskId: input.taskId }),
    ...(input.ttlSeconds === undefined ? {} : { ttlSeconds: input.ttlSeconds }),
    holdsKey: input.publicKey !== undefined || boundToOf(input.token?.binding) === 'key',
    ...(input.token?.onBehalfOf === undefined ? {} : { onBehalfOf: input.token.onBehalfOf }),
  } as const
  try {
    return await withUnrecordedPermit(
      deps,
      ctx,
      request,
      (tx) => readForIssue(deps, tx, ctx, input),
      (tx, decision, read) => requestCredential(deps, tx, ctx, input, decision, read, credentialId, preparation),
    )
  } catch (error) {
    if (constraintOf(error) === 'credential_target_key') throw keyUsedBefore()
    const repeated = await findRepetition(deps, ctx, input, error)
    if (repeated === undefined) throw error
    return repeated
  }
}

/** Its end would be the end of both. */
function keyUsedBefore(): MayflyError {
  return new MayflyError('request_invalid', {
    fields: [{ pointer: '/public_key', detail: 'was the key of another credential: make a fresh one for each' }],
  })
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
  { row, permission, target, decision, holder, key }: Requested,
  handle: AccountHandle,
  input: IssueInput,
): Promise<IssuedAccount> {
  const request = {
    permission,
    parameters: input.parameters ?? {},
    expiresAt: row.expires_at,
    createDeadlineAt: row.create_deadline_at,
    holder,
    ...(key === undefined ? {} : { key }),
  }
  const issued = await withDeadline([ctx.signal], deps.issueLimits.createTimeoutMs, (limit) =>
    target.use((way) => way.issue(handle, request, limit)),
  )
  for (const wanted of [decision.duties.requireBinding, decision.binding]) {
    if (wanted === undefined || isAtLeast(issued.boundTo, wanted)) continue
    throw new MayflyError('target_refused', {
      publicDetail: `the target bound the credential to \`${issued.boundTo}\`, and it was decided on as bound to \`${wanted}\``,
    })
  }
  return issued
}

function isAtLeast(have: IssuedAccount['boundTo'], wanted: IssuedAccount['boundTo']): boolean {
  const rank = { key: 2, address: 1, none: 0 }
  return rank[have] >= rank[wanted]
}

type Activated = { readonly row: CredentialRow; readonly receipt: AuditReceipt }

/** One statement where the row is as it was written and the key still the active one; else step by step. */
async function activate(
  deps: IssueDeps,
  ctx: CallContext,
  { row: requested, fingerprint }: Requested,
  issued: IssuedAccount,
): Promise<Activated | undefined> {
  const now = deps.clock.now()
  const secret = Object.values(issued.fields).find((field) => field instanceof Secret)
  const change = {
    active_at: now,
    bound_to: issued.boundTo,
    expires_at: issued.expiresAt < requested.expires_at ? issued.expiresAt : requested.expires_at,
  }
  const active: CredentialRow = { ...requested, ...change, state: 'active', version: requested.version + 1 }
  const entry = entryRowOf(ctx.tenantId, issuedEntry(ctx, active, now))
  // The commit does not go along: the activation of a creator that dies while it waits for the row must not happen, since
  // nobody would hold what it activated.
  const row = await deps.database.transaction(ctx.tenantId, (tx) => {
    const { credential_id, version } = requested
    const print = secret === undefined ? null : fingerprint.of(secret)
    return activateAsRequested(tx, { ...change, credential_id, version, fingerprint: print }, fingerprint.keyId, entry)
  })
  if (row !== undefined) return { row, receipt: receiptOf(entry) }
  return deps.database.transaction(ctx.tenantId, async (tx) => {
    const changed = await activateIfStillRequested(tx, {
      ...change,
      credential_id: requested.credential_id,
      fingerprint: secret === undefined ? null : await deps.keys.fingerprint(tx, secret),
    })
    if (changed === undefined) return undefined
    return { row: changed, receipt: await appendAudit(tx, issuedEntry(ctx, changed, now)) }
  })
}

function issuedEntry(ctx: CallContext, row: CredentialRow, now: Date): AuditEntry {
  return {
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
  }
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
  await withDeadline([], deps.issueLimits.createTimeoutMs, (limit) =>
    target.use((way) => way.revoke([handle], { cut: note, removed: note, pending: note }, limit)),
  )
}
