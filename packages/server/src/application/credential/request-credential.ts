/**
 * The first transaction of an issue: everything that must hold is checked where the row is written (law 13).
 */
import { type CredentialId, encodeBase64, encodeUtf8, type IdentityId, MayflyError } from '@mayfly/domain'
import type { Provider } from '../../adapters/targets/targets.ts'
import {
  countIssues,
  type CredentialRow,
  findCredentialByKey,
  lockIssuesOf,
  type NewCredentialRow,
  noToken,
} from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { getIssueBounds, type IssueBounds, type IssueTerms } from '../../store/issue-rows.ts'
import { insertIssue } from '../../store/issue-statements.ts'
import { type AuditEntry, entryRowOf } from '../audit/audit-entry.ts'
import { sha256 } from '../audit/sha256.ts'
import { lagSecondsOf, maxSequencerLagSeconds } from '../audit/sequence-log.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { PermitDecision } from '../decision/decision.ts'
import { decisionRowOf, recordDecision } from '../decision/record-decision.ts'
import { raiseFinding } from '../revocation/raise-finding.ts'
import { checkParameters } from './check-parameters.ts'
import { termOf } from './credential-term.ts'
import type { CallContext, IssueDeps } from './issue-deps.ts'
import { grantToken } from './grant-token.ts'
import {
  holderOf,
  type IssueInput,
  type Preparation,
  repetitionOf,
  requestDigest,
  type RequestOutcome,
} from './issue-request.ts'

const rateWindowMs = 60_000
const turnsWithin = 64

/** What is read for an issue while the facts are made to stand still. */
export interface IssueReading {
  readonly now: Date
  readonly bounds: IssueBounds
  /** What the same idempotency key has led to. */
  readonly before: CredentialRow | undefined
}

export async function readForIssue(
  deps: IssueDeps,
  tx: Tx,
  ctx: CallContext,
  input: IssueInput,
): Promise<IssueReading> {
  const { identityId, attestationId } = askerOf(ctx)
  const onBehalfOf = input.token?.onBehalfOf
  const now = deps.clock.now()
  const [before, bounds] = await Promise.all([
    input.idempotencyKey === undefined ? undefined : findCredentialByKey(tx, identityId, input.idempotencyKey),
    getIssueBounds(tx, {
      role: input.role,
      identityId,
      taskId: input.taskId,
      since: new Date(now.getTime() - rateWindowMs),
      rateCap: rateOf(deps, input),
      attestationId,
      ...(onBehalfOf === undefined
        ? {}
        : {
            subject: {
              identityId: onBehalfOf.subject.kind === 'identity' ? onBehalfOf.subject.identityId : undefined,
              attestationId: onBehalfOf.attestationId,
            },
          }),
    }),
  ])
  return { now, bounds, before }
}

/** A token fills no target, and a service that passes requests on needs one for each. */
function rateOf({ issueLimits }: IssueDeps, { token }: IssueInput): number {
  return token === undefined ? issueLimits.issuesPerMinute : issueLimits.tokensPerMinute
}

function askerOf({ actor }: CallContext): Extract<CallContext['actor'], { kind: 'identity' }> {
  if (actor.kind === 'identity') return actor
  throw new MayflyError('internal', { log: 'one who is no identity asks for a credential' })
}

/** Runs in the transaction of the decision and records it; what was decided on stays as it is until the commit. */
export async function requestCredential(
  deps: IssueDeps,
  tx: Tx,
  ctx: CallContext,
  input: IssueInput,
  decision: PermitDecision,
  { now, bounds, before }: IssueReading,
  credentialId: CredentialId,
  { place }: Preparation,
): Promise<RequestOutcome> {
  const actor = askerOf(ctx)
  if (before !== undefined) {
    const repeated = repetitionOf(before, input)
    await recordDecision(tx, decision)
    return repeated
  }
  const lag = lagSecondsOf(bounds.oldestUncovered, now)
  if (lag > maxSequencerLagSeconds) {
    throw new MayflyError('issuance_paused', { hint: `the log is ${Math.round(lag)} seconds behind; try again later` })
  }
  checkParameters(bounds.role.parameters, input.parameters ?? {})
  const refused = await refuseTooMany(deps, tx, ctx, actor.identityId, input, bounds, now)
  if (refused !== undefined) {
    await recordDecision(tx, decision)
    return refused
  }
  const { fingerprintKey, ...terms } = bounds
  const target = await deps.targets.prepare(tx, terms.resource)
  const permission = target.provider.permission.safeParse(terms.role.permission)
  if (!permission.success) {
    throw new MayflyError('settings_invalid', {
      publicDetail: 'the permission of the role does not fit its provider any more',
      hint: 'change the role',
    })
  }
  refuseUnusableKey(deps, target.provider, terms.resource, input)
  const holder = holderOf(input, bounds)
  const key = target.provider.prepareKey?.(holder)
  const credential = {
    credential_id: credentialId,
    identity_id: actor.identityId,
    task_id: input.taskId ?? null,
    attestation_id: actor.attestationId,
    role_id: terms.role.role_id,
    resource_id: terms.resource.resource_id,
    provider_kind: terms.resource.provider_kind,
    account_name: target.provider.plan(credentialId).accountName,
    target_key: key?.targetKey ?? null,
    environment: terms.resource.environment,
    parameters: JSON.stringify(input.parameters ?? {}),
    decision_id: decision.decisionId,
    policy_version_id: decision.policyVersionId,
    idempotency_key: input.idempotencyKey ?? null,
    request_digest: input.idempotencyKey === undefined ? null : requestDigest(input),
    requested_at: now,
    create_deadline_at: new Date(now.getTime() + deps.issueLimits.createTimeoutMs),
    ...noToken,
    ...endsOf(deps, input, terms, decision, now),
  }
  const { selfContained } = target.provider
  if (selfContained !== undefined) {
    const settings = target.provider.settings.parse(terms.resource.settings)
    const keyId = bounds.tokenKeys[selfContained.algorithm(settings)]
    if (place === undefined || keyId === undefined) return { outcome: 'unprepared', keyMissing: keyId === undefined }
    const issuer = await deps.issuerOf(tx.tenantId)
    const of = { input, bounds, selfContained, settings, permission: permission.data, place, issuer, now }
    return grantToken(deps, tx, ctx, credential, decision, of, keyId, target)
  }
  if (input.token !== undefined) {
    throw new MayflyError('resource_not_found', {
      publicDetail: 'the role is not one of a resource that tokens are for',
    })
  }
  if (fingerprintKey === undefined) {
    throw new MayflyError('key_unusable', { log: `tenant ${tx.tenantId} has no active key for fingerprints` })
  }
  const fingerprintOf = await deps.keys.fingerprinter(tx, fingerprintKey)
  const entry = entryRowOf(tx.tenantId, requestEntry(ctx, credential, now, input.publicKey))
  tx.commitWithNext()
  const row = await insertIssue(tx, { decision: decisionRowOf(decision), credential, state: 'requested', entry })
  const fingerprint = { keyId: fingerprintKey.key_id, of: fingerprintOf }
  const requested = { row, permission: permission.data, target, decision, holder, fingerprint }
  return { outcome: 'requested', ...requested, ...(key === undefined ? {} : { key }) }
}

/** A key that would bind nothing must not look as if it did: neither where its kind takes none, nor where its settings bind to none. */
function refuseUnusableKey(
  deps: IssueDeps,
  { guarantees }: Provider,
  { provider_kind: kind, settings }: IssueBounds['resource'],
  { publicKey }: IssueInput,
): void {
  if (publicKey === undefined) return
  const refusal = (publicDetail: string, detail: string, hint: string) =>
    new MayflyError('request_invalid', { publicDetail, hint, fields: [{ pointer: '/public_key', detail }] })
  if (!deps.takesHolderKeys(kind)) {
    throw refusal(
      `credentials of \`${kind}\` are not bound to a key that is sent`,
      `is not taken by \`${kind}\``,
      guarantees.bindings.includes('key')
        ? 'leave `public_key` out; bind the access token instead, by DPoP or a client certificate'
        : 'leave `public_key` out',
    )
  }
  if (deps.offeredBindings(kind, settings).includes('key')) return
  throw refusal(
    'credentials of this resource are bound to no key: its settings do not ask for one',
    'is not taken by this resource',
    'leave `public_key` out',
  )
}

function requestEntry(ctx: CallContext, row: NewCredentialRow, now: Date, publicKey: string | undefined): AuditEntry {
  return {
    action: 'credential.requested',
    at: now,
    actor: ctx.actor,
    identityId: row.identity_id,
    taskId: row.task_id ?? undefined,
    attestationId: row.attestation_id,
    decisionId: row.decision_id,
    credentialId: row.credential_id,
    rows: [
      statedRow('credential', {
        ...row,
        task_id: row.task_id ?? null,
        target_key: row.target_key ?? null,
        parameters: row.parameters ?? '{}',
        state: 'requested',
        revocation_id: null,
        version: 1,
      }),
    ],
    body: {
      account_name: row.account_name,
      ...(row.target_key === null || row.target_key === undefined ? {} : { target_key: row.target_key }),
      resource_id: row.resource_id,
      role_id: row.role_id,
      expires_at: row.expires_at.toISOString(),
      max_expires_at: row.max_expires_at.toISOString(),
      ...(publicKey === undefined ? {} : { holder_key_sha256: encodeBase64(sha256(encodeUtf8(publicKey))) }),
      request_id: ctx.requestId,
    },
  }
}

type EndsOf = Pick<CredentialRow, 'expires_at' | 'max_expires_at'>

function endsOf(deps: IssueDeps, input: IssueInput, terms: IssueTerms, decision: PermitDecision, now: Date): EndsOf {
  const { expiresAt, maxExpiresAt } = termOf({
    now,
    askedSeconds: input.ttlSeconds,
    duties: decision.duties,
    roleMaxTtlSeconds: terms.role.max_ttl_seconds,
    taskDeadline: terms.taskDeadline,
    identityExpiresAt: terms.identityExpiresAt,
    hardEnd: terms.taskDeadline ?? new Date(now.getTime() + deps.issueLimits.maxLifetimeSeconds * 1_000),
  })
  return { expires_at: expiresAt, max_expires_at: maxExpiresAt }
}

/**
 * A caller that loops must not fill the target: a cap of accounts and a rate, both counted where the row is written.
 *
 * Near the cap, requests of one identity and role take turns, so that it holds exactly. Further away they do not wait for
 * each other: only more than `turnsWithin` of them in flight at once could pass it, by the excess.
 */
async function refuseTooMany(
  deps: IssueDeps,
  tx: Tx,
  ctx: CallContext,
  identityId: IdentityId,
  input: IssueInput,
  { role, live: liveBefore, recent: recentBefore }: IssueBounds,
  now: Date,
): Promise<RequestOutcome | undefined> {
  const rateCap = rateOf(deps, input)
  let [live, recent] = [liveBefore, recentBefore]
  if (live < role.max_live_per_identity && live >= role.max_live_per_identity - turnsWithin) {
    await lockIssuesOf(tx, identityId, role.role_id)
    ;({ live, recent } = await countIssues(tx, {
      identityId,
      roleId: role.role_id,
      since: new Date(now.getTime() - rateWindowMs),
      liveCap: role.max_live_per_identity,
      rateCap,
    }))
  }
  if (live >= role.max_live_per_identity) {
    const detail = `an identity holds ${live} accounts of one role, as many as the role allows`
    const subject = `identity:${identityId}/role:${role.role_id}`
    await raiseFinding(tx, { kind: 'credential_limit_reached', subject, severity: 'medium', detail }, ctx.actor, now)
    return {
      outcome: 'refused',
      code: 'credential_limit_reached',
      hint: `end some of the ${live} that it holds, or raise \`max_live_per_identity\` of the role`,
    }
  }
  if (recent >= rateCap) {
    const detail = `an identity asked for ${recent} credentials within a minute, as many as are allowed`
    const subject = `identity:${identityId}`
    await raiseFinding(tx, { kind: 'issue_rate_reached', subject, severity: 'medium', detail }, ctx.actor, now)
    return { outcome: 'refused', code: 'rate_limited', hint: 'wait a minute; keep a credential while it lives' }
  }
  return undefined
}
