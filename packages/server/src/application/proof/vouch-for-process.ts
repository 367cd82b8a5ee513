/**
 * A host agent vouches for a process: each identity whose binding fits it gets an attestation that hangs on the agent's.
 *
 * Promise: the agent is permitted to (`host.attest`), itself proven by another proof than a host agent's word, and named
 * by the trust provider; each attestation is decided on like any other, in a commit of its own.
 * Limit: what the agent says of its host is believed.
 */
import { MayflyError } from '@mayfly/domain'
import { claimsHold } from '../../adapters/trust-providers/exact-claims.ts'
import type { ReadProof, Rejection } from '../../adapters/trust-providers/trust-provider.ts'
import { trustProviderOf } from '../../adapters/trust-providers/trust-providers.ts'
import { type AttestationRow, findAttestation } from '../../store/attestation-rows.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import type { CandidateBinding, CandidateTrustProvider, ProofCandidates } from '../../store/proof-rows.ts'
import type { RequestContext } from '../context.ts'
import { deniedError } from '../decision/with-authority.ts'
import type { AuthorityRequest, DenyDecision } from '../decision/decision.ts'
import { decideAndStore, type FoundBinding, type GrantedToken, type ProofRequest } from './accept-proof.ts'
import type { ProofDeps } from './proof-deps.ts'

export interface VouchInput {
  /** Id or name of a trust provider, where not every one of kind `host_agent` is meant. */
  readonly trustProvider?: string | undefined
  readonly selectors: readonly string[]
  /** Tells processes apart: boot id, pid and start time. */
  readonly instance: string
}

export interface VouchedIdentity {
  readonly binding: CandidateBinding
  readonly granted: GrantedToken
}

export interface VouchDeps extends ProofDeps {
  gate<T>(
    ctx: RequestContext,
    request: AuthorityRequest,
    work: (tx: Parameters<Parameters<ProofDeps['database']['transaction']>[1]>[0]) => Promise<T>,
  ): Promise<T>
}

type ProcessProof = Extract<ReadProof, { form: 'process' }>

const maxAttempts = 3

/**
 * @returns every identity that the process is, by name; at least one
 * @throws MayflyError `policy_denied`: the agent may not vouch, or no identity that fits may be proven so
 * @throws MayflyError `proof_rejected`: nothing fits the process, or the agent's own proof is not enough
 */
export async function vouchForProcess(
  deps: VouchDeps,
  ctx: RequestContext,
  input: VouchInput,
): Promise<readonly VouchedIdentity[]> {
  const { actor } = ctx
  if (actor.kind !== 'identity') throw rejected('a host agent is an identity')
  const agent = await deps.gate(ctx, { action: 'host.attest', resource: { type: 'Tenant' } }, async (tx) => {
    const own = await findAttestation(tx, actor.attestationId)
    if (own === undefined) throw new MayflyError('token_invalid')
    return { own, identity: await getIdentity(tx, actor.identityId) }
  })
  if (agent.own.vouched_by_attestation_id !== null) throw rejected('what a host agent vouched for vouches for nothing')
  const proof: ProcessProof = {
    form: 'process',
    agent: {
      identityId: agent.identity.identity_id,
      name: agent.identity.name,
      freshUntil: agent.own.fresh_until,
      strength: agent.own.strength,
    },
    selectors: [...new Set(input.selectors)],
    instance: input.instance,
  }
  return attestEach(deps, ctx, input, proof, agent.own)
}

async function attestEach(
  deps: VouchDeps,
  ctx: RequestContext,
  input: VouchInput,
  proof: ProcessProof,
  own: AttestationRow,
): Promise<readonly VouchedIdentity[]> {
  const request: ProofRequest = {
    tenantId: ctx.tenantId,
    sourceAddress: ctx.sourceAddress,
    requestId: ctx.requestId,
    vouchedBy: { attestationId: own.attestation_id, identityId: proof.agent.identityId },
  }
  const vouched = new Map<string, VouchedIdentity>()
  let denial: DenyDecision | undefined
  let refusal: Rejection | undefined
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const question = { by: 'kind', issuers: [], kind: 'host_agent', subjects: proof.selectors } as const
    const candidates = await deps.candidates.submit(ctx.tenantId, question)
    const fits = await findFitting(deps, input, proof, candidates, ctx)
    refusal = fits.refusal
    let again = false
    for (const found of fits.found) {
      if (vouched.has(found.binding.bindingId)) continue
      const answer = await decideAndStore(deps, request, candidates, found)
      if (answer === 'overtaken') again = true
      else if (answer.outcome === 'granted')
        vouched.set(found.binding.bindingId, { binding: found.binding, granted: answer })
      else if (answer.outcome === 'denied') denial = answer.decision
      else refusal = answer
    }
    if (!again) break
    if (attempt === maxAttempts) {
      throw new MayflyError('version_conflict', { log: 'what a process is vouched on changed three times in a row' })
    }
  }
  if (vouched.size > 0) return [...vouched.values()].toSorted(byName)
  if (denial !== undefined) throw deniedError(denial)
  throw rejected(refusal?.detail ?? 'no binding fits the process', refusal?.hint)
}

async function findFitting(
  deps: VouchDeps,
  input: VouchInput,
  proof: ProcessProof,
  candidates: ProofCandidates,
  { tenantId }: RequestContext,
): Promise<{ found: readonly FoundBinding[]; refusal: Rejection | undefined }> {
  const found: FoundBinding[] = []
  let refusal: Rejection | undefined
  for (const trustProvider of candidates.trustProviders) {
    if (input.trustProvider !== undefined && !isNamed(trustProvider, input.trustProvider)) continue
    if (!trustProviderOf(trustProvider.kind).forms.includes('process')) continue
    const now = deps.clock.now()
    const verdict = await deps.trustProviders
      .open(tenantId, trustProvider)
      .verify(proof, { now, ownAudiences: [], boundKeys: [], isOwnLiveSvid: false })
    if (verdict.outcome === 'rejected') {
      refusal = verdict
      continue
    }
    for (const binding of candidates.bindings) {
      if (binding.trustProvider.trustProviderId !== trustProvider.trustProviderId) continue
      // A person is no process.
      if (binding.party.kind !== 'identity' || !verdict.subjects.includes(binding.subject)) continue
      // Types of selectors have colons and no slashes, so that they are names and never JSON pointers.
      if (!claimsHold(binding.claims, verdict.claims)) continue
      found.push({
        outcome: 'found',
        binding,
        verdict: { ...verdict, uniqueId: `${verdict.uniqueId}/${binding.bindingId}` },
      })
    }
  }
  return { found, refusal }
}

function isNamed({ trustProviderId, name }: CandidateTrustProvider, ref: string): boolean {
  return trustProviderId === ref || name === ref
}

function byName(one: VouchedIdentity, other: VouchedIdentity): number {
  return nameOf(one) < nameOf(other) ? -1 : 1
}

export function nameOf({ binding: { party } }: VouchedIdentity): string {
  return party.kind === 'identity' ? party.name : ''
}

function rejected(publicDetail: string, hint?: string): MayflyError {
  return new MayflyError('proof_rejected', {
    publicDetail,
    hint: hint ?? 'bind a selector of the process to an identity, at a trust provider of kind `host_agent`',
  })
}
