/**
 * The one gate. Nothing of a tenant is read or changed for anyone but by passing it (laws 8 and 13).
 */
import { MayflyError, type ProblemCode } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { Actor, RequestContext } from '../context.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { decideAll } from './decide-all.ts'
import type { DenyCode, DenyDecision, PermitDecision } from './decision.ts'
import { factsUnchanged } from './facts-unchanged.ts'
import type { AuthorityRequest, Facts } from './facts.ts'
import { loadFacts } from './load-facts.ts'
import { reasonJson, recordDecision, recordDenial } from './record-decision.ts'

/** Tries to find the facts standing still; each time someone changed what was just decided on. */
const maxAttempts = 3

/**
 * Asks whether `ctx.actor` may, and if so does `work`, all in one transaction.
 *
 * A permit leaves a decision row (a read does not), whose id is for the one entry of `work`. A denial leaves a decision
 * row and the entry `decision.denied`; both are committed. What of the principal was decided on stays as it is until
 * the commit. So does all the rest for an issue or a renewal; else the rows of what is asked about are not held, since
 * `work` may be about to change them.
 *
 * @throws MayflyError `policy_denied`, or `policy_missing` or `decision_engine_failed` where nothing could be decided, each
 *   with `decision_id`, `reasons` and `determining_policies`; `resource_not_found`; whatever `work` throws
 */
export async function withAuthority<T>(
  deps: AuthorityDeps,
  ctx: RequestContext,
  request: AuthorityRequest,
  work: (tx: Tx, decision: PermitDecision) => Promise<T>,
): Promise<T> {
  const nothing = () => Promise.resolve()
  return withUnrecordedPermit(deps, ctx, request, nothing, async (tx, decision) => {
    if (request.readOnly !== true) await recordDecision(tx, decision)
    return work(tx, decision)
  })
}

/**
 * The same for a hot path: `work` itself writes the row of the permit (`decisionRowOf`), in one statement with what it
 * permits, and `read` is sent without waiting for the answer whether the facts still stand. The server does the one after
 * the other, so that what is read has stood since the facts were held.
 */
export async function withUnrecordedPermit<T, Read>(
  deps: AuthorityDeps,
  ctx: RequestContext,
  request: AuthorityRequest,
  read: (tx: Tx) => Promise<Read>,
  work: (tx: Tx, decision: PermitDecision, read: Read) => Promise<T>,
): Promise<T> {
  const answer = await deps.database.transaction(ctx.tenantId, async (tx) => {
    const standing = await decideOnStandingFacts(deps, tx, ctx, request, read)
    if ('read' in standing) return { done: await work(tx, standing.decision, standing.read) }
    await recordDenial(tx, ctx.actor, standing.decision, ctx.requestId)
    return standing
  })
  if ('done' in answer) return answer.done
  throw deniedError(answer.decision)
}

type Standing<Read> = { readonly decision: PermitDecision; readonly read: Read } | { readonly decision: DenyDecision }

async function decideOnStandingFacts<Read>(
  deps: AuthorityDeps,
  tx: Tx,
  ctx: RequestContext,
  request: AuthorityRequest,
  read: (tx: Tx) => Promise<Read>,
): Promise<Standing<Read>> {
  for (let attempt = 1; ; attempt++) {
    const facts = await loadFacts(deps, tx, factsInputOf(ctx, request, deps.clock.now()))
    const decision = decideAll(deps.policies, facts)
    if (decision.outcome === 'deny') return { decision }
    if (request.readOnly === true) return { decision, read: await read(tx) }
    const [unchanged, found] = await Promise.all([factsUnchanged(tx, versionsToHold(facts)), read(tx)])
    if (unchanged) return { decision, read: found }
    if (attempt === maxAttempts) {
      throw new MayflyError('version_conflict', {
        publicDetail: 'what the decision rests on kept changing',
        hint: 'try again',
      })
    }
  }
}

/** @throws MayflyError `internal` for a system actor: it acts on what is due, and is not asked */
export function factsInputOf(ctx: RequestContext, request: AuthorityRequest, now: Date) {
  const { actor, sourceAddress } = ctx
  return { request, principal: principalOf(actor), attestation: attestationOf(actor), sourceAddress, now }
}

/** What is told of a denial. Safe for the caller: its own decision, policy ids and reasons in words. */
export function deniedError(decision: DenyDecision): MayflyError {
  const [first] = decision.reasons
  return new MayflyError(problemOf(first?.code), {
    publicDetail: first === undefined ? `\`${decision.action}\` is not permitted` : first.detail,
    hint: `run \`mayfly explain ${decision.decisionId}\` to see which policies decided`,
    extra: {
      action: decision.action,
      decision_id: decision.decisionId,
      reasons: decision.reasons.map(reasonJson),
      determining_policies: [...decision.determining],
    },
  })
}

/** Where nothing could be decided, trying again later can help; a no of the policies stays a no. */
function problemOf(code: DenyCode | undefined): ProblemCode {
  if (code === 'engine_failed') return 'decision_engine_failed'
  return code === 'policy_missing' ? 'policy_missing' : 'policy_denied'
}

function principalOf(actor: Actor) {
  if (actor.kind === 'system') throw systemActor(actor.worker)
  return actor
}

function attestationOf(actor: Actor) {
  if (actor.kind === 'system') throw systemActor(actor.worker)
  return actor.attestationId
}

function systemActor(worker: string): MayflyError {
  return new MayflyError('internal', { log: `the worker ${worker} asked the gate` })
}

function versionsToHold({ action, principal, attestation, policy, versions }: Facts) {
  if (action === 'credential.issue' || action === 'credential.renew') return versions
  const mine = new Set([
    principal.kind === 'person' ? `person ${principal.personId}` : `identity ${principal.identityId}`,
    ...(principal.kind === 'identity' ? [`owner ${principal.owner.ownerId}`] : []),
    `attestation ${attestation.attestationId}`,
    ...(policy === undefined ? [] : [`policy_version ${policy.policyVersionId}`]),
  ])
  return versions.filter(({ table, id }) => mine.has(`${table} ${id}`))
}
