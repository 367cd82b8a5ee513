/**
 * Whether someone may be issued an SVID, and as whom: decided once for a proof, used for as long as nothing that it rests
 * on has changed.
 *
 * Promise: every SVID is minted by a statement that holds each row decided on and compares its version (law 13), so that a
 * permit that is remembered here is worth nothing from the moment in which anything of it changes.
 * Limit: what changes without a row, the time and the age of the proof, is asked of the policies again after
 * `permitLifeSeconds`. The ends of proof and identity are compared each time.
 */
import {
  type AttestationId,
  type Clock,
  type IdentityId,
  MayflyError,
  type ProblemCode,
  type TenantId,
} from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { findSvidParty } from '../../store/svid-party-rows.ts'
import type { RequestContext } from '../context.ts'
import { decide } from '../decision/decide.ts'
import type { PermitDecision } from '../decision/decision.ts'
import type { RowVersion } from '../decision/facts.ts'
import { loadFacts } from '../decision/load-facts.ts'
import { loadActivePolicy } from '../decision/load-policy.ts'
import { recordDenial } from '../decision/record-decision.ts'
import { deniedError } from '../decision/with-authority.ts'
import type { SvidDeps } from './spiffe-deps.ts'

export const permitLifeSeconds = 30
const maxPermits = 10_000

/** Who gets an SVID, and what it rests on. */
export interface SvidPermit {
  readonly decision: PermitDecision
  /** The decision's row stands: written with the first SVID under it. */
  recorded: boolean
  readonly identityId: IdentityId
  readonly name: string
  readonly spiffeId: string
  readonly identityExpiresAt: Date
  readonly attestationId: AttestationId
  readonly freshUntil: Date
  /** DNS names that the registry lets its certificates bear. */
  readonly dnsNames: readonly string[]
  readonly held: readonly RowVersion[]
  /** What signs at present; the mint compares. */
  readonly authorityKeyId: string
  readonly jwtKeyId: string
}

export interface PermitCache {
  get(key: string, decide: () => Promise<SvidPermit>): Promise<SvidPermit>
  drop(key: string): void
}

export function openPermitCache({ clock }: { readonly clock: Clock }): PermitCache {
  const permits = new Map<string, { readonly permit: Promise<SvidPermit>; readonly untilMs: number }>()
  return {
    async get(key, decideNow) {
      const nowMs = clock.now().getTime()
      const known = permits.get(key)
      if (known !== undefined && known.untilMs > nowMs) return known.permit
      permits.delete(key)
      if (permits.size >= maxPermits)
        for (const oldest of permits.keys()) {
          permits.delete(oldest)
          break
        }
      const made = { permit: decideNow(), untilMs: nowMs + permitLifeSeconds * 1000 }
      permits.set(key, made)
      try {
        return await made.permit
      } catch (error) {
        // A no is asked again each time: what was missing may have been done since.
        if (permits.get(key) === made) permits.delete(key)
        throw error
      }
    },
    drop: (key) => void permits.delete(key),
  }
}

export interface SvidAsk {
  /** Absent: the caller's own proof. */
  readonly attestationId: AttestationId | undefined
}

/** The name of a permit: whatever policies may see of a request is in it. */
export function permitKey(ctx: RequestContext, ask: SvidAsk): string {
  const { attestationId } = callerOf(ctx)
  return [ctx.tenantId, attestationId, ask.attestationId ?? attestationId, ctx.sourceAddress ?? ''].join(' ')
}

/**
 * @throws MayflyError `policy_denied` and its like; `resource_not_found`: a proof that is not the caller's own and for
 *   which it did not vouch
 */
export async function permitSvid(deps: SvidDeps, ctx: RequestContext, ask: SvidAsk): Promise<SvidPermit> {
  const caller = callerOf(ctx)
  // Ahead of the transaction, which must not wait for a compiler (law 10).
  await loadActivePolicy(deps, ctx.tenantId)
  const answer = await deps.database.transaction(ctx.tenantId, (tx) =>
    decideSvid(deps, tx, ctx, caller, ask.attestationId ?? caller.attestationId),
  )
  if ('permit' in answer) return answer.permit
  throw deniedError(answer.denied)
}

async function decideSvid(
  deps: SvidDeps,
  tx: Tx,
  ctx: RequestContext,
  caller: { readonly identityId: IdentityId; readonly attestationId: AttestationId },
  attestationId: AttestationId,
) {
  const now = deps.clock.now()
  const party = await findSvidParty(tx, { callerAttestationId: caller.attestationId, attestationId, now })
  if (party === undefined) {
    throw new MayflyError('resource_not_found', {
      publicDetail: `there is no proof \`${attestationId}\` of yours, nor one that you vouched for`,
    })
  }
  const read = await loadFacts(deps, tx, {
    request: { action: 'svid.issue', resource: { type: 'Identity', id: party.identityId } },
    principal: { kind: 'identity', identityId: party.identityId },
    attestation: attestationId,
    sourceAddress: ctx.sourceAddress,
    now,
  })
  // What an agent vouched for is worth nothing without the agent's own proof.
  const facts = party.voucherLives ? read : { ...read, attestation: { ...read.attestation, state: 'lapsed' as const } }
  const decision = decide(deps.policies, facts)
  if (decision.outcome === 'deny') {
    await recordDenial(tx, ctx.actor, decision, ctx.requestId)
    return { denied: decision }
  }
  const permit: SvidPermit = {
    decision,
    recorded: false,
    identityId: party.identityId,
    name: party.name,
    spiffeId: party.spiffeId,
    identityExpiresAt: party.identityExpiresAt,
    attestationId,
    freshUntil: party.freshUntil,
    dnsNames: dnsNamesOf(party.attributes),
    held: [...facts.versions, ...party.vouchers],
    authorityKeyId: party.authorityKeyId ?? noKey(ctx.tenantId, 'x509_authority'),
    jwtKeyId: party.jwtKeyId ?? noKey(ctx.tenantId, 'jwt_svid'),
  }
  return { permit }
}

/** The attribute `dns_names`: names, separated by spaces. */
function dnsNamesOf(attributes: Readonly<Record<string, unknown>>): readonly string[] {
  const names = attributes['dns_names']
  return typeof names === 'string' ? names.split(' ').filter((name) => name !== '') : []
}

function callerOf({ actor }: RequestContext): { identityId: IdentityId; attestationId: AttestationId } {
  if (actor.kind === 'identity') return actor
  const code: ProblemCode = actor.kind === 'person' ? 'policy_denied' : 'internal'
  throw new MayflyError(code, {
    publicDetail: 'a person has no SVID: SVIDs are of identities',
    hint: 'ask as the workload, with its own access token',
  })
}

function noKey(tenantId: TenantId, purpose: string): never {
  throw new MayflyError('key_unusable', { log: `tenant ${tenantId} has no active key for ${purpose}` })
}
