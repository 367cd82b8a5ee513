/**
 * Accepts a proof: who is it, may it act, and then an attestation and a short access token.
 *
 * Promise: a proof is accepted once; the rows that it was decided on are held until the attestation is committed, so a
 * suspension or a new policy comes wholly before or wholly after; the token is signed only when all that is durable.
 * Attestation, decision, the proof's single use and the entry are one commit, shared with other proofs (law 5).
 * Not here: whether the token still lives when it is used (`authenticate.ts`).
 */
import { createHash } from 'node:crypto'
import {
  type AttestationId,
  type IdentityId,
  type JsonObject,
  MayflyError,
  newId,
  type Strength,
  type TenantId,
  earliest,
} from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { isJwtFault, readJwt } from '../../adapters/trust-providers/jwt.ts'
import { type AcceptedProof, type Rejection, rejected } from '../../adapters/trust-providers/trust-provider.ts'
import type { AcceptedProofRow, CandidateBinding, KeyLoginState, ProofCandidates } from '../../store/proof-rows.ts'
import type { OwnSvid } from '../../store/shown-svid-rows.ts'
import { type AuditReceipt, entryRowOf, receiptOf } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'
import type { DenyDecision, PermitDecision } from '../decision/decision.ts'
import { dutiesJson, recordDenial } from '../decision/record-decision.ts'
import { accessTokenTtlSeconds, maxSessionSeconds, signAccessToken } from './access-token.ts'
import type { ProofDeps } from './proof-deps.ts'
import { findBinding } from './find-binding.ts'
import { decideToken } from './decide-token.ts'
import { countLogin } from './count-login.ts'
import { statedKeyLogin } from './judge-login.ts'
import { weaker } from './rest-on-svid.ts'
import { questionOf, type ReadShownProof } from './proof-question.ts'
import { bindingText, type TokenBinding } from './token-binding.ts'

/**
 * What is shown. `assertion`: a JWT made by a platform. `client_assertion`: a JWT made by the client itself with its own
 * key. `certificate`: of the TLS connection on which it is asked.
 */
export type ShownProof =
  | { readonly form: 'assertion' | 'client_assertion'; readonly token: Secret }
  | { readonly form: 'certificate'; /** DER, leaf first. */ readonly chain: readonly Uint8Array[] }

export type PresentedProof = ShownProof & {
  readonly tenantId: TenantId
  /** Who the proof is said to be, where the request says so. */
  readonly clientId: string | undefined
  /** The answer will tell the client how often its key has logged in: else a key that is counted is not taken. */
  readonly tellsCount?: boolean
  /** What the access token will be bound to. */
  readonly tokenBinding?: TokenBinding | undefined
  readonly sourceAddress: string | undefined
  readonly requestId: string
}

export interface GrantedToken {
  readonly outcome: 'granted'
  readonly accessToken: Secret
  readonly expiresInSeconds: number
  readonly tokenExpiresAt: Date
  readonly attestationId: AttestationId
  readonly freshUntil: Date
  readonly actor: Exclude<Actor, { kind: 'system' }>
  /** For a key that counts its logins: the number of this one, to be said at the next. */
  readonly generation?: number
  /** Of the entry of the attestation. */
  readonly receipt: AuditReceipt
  /** `sub` of the token: the SPIFFE ID of an identity, `person:<id>` of a person. */
  readonly subject: string
}

/** Three answers, none of them an error. */
export type ProofAnswer = GrantedToken | Rejection | { readonly outcome: 'denied'; readonly decision: DenyDecision }

const maxAttempts = 3

/**
 * @throws MayflyError `trust_bundle_unavailable`: the issuer's keys cannot be had
 * @throws MayflyError `database_unavailable`: also when it is unknown whether the proof was accepted
 */
export async function acceptProof(deps: ProofDeps, proof: PresentedProof): Promise<ProofAnswer> {
  const read = readProof(proof)
  if ('outcome' in read) return read
  const question = questionOf(proof.form, read)
  if ('outcome' in question) return question
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const candidates = await deps.candidates.submit(proof.tenantId, question)
    const found = await findBinding(deps, proof, read, candidates)
    if (found.outcome === 'rejected') return found
    const counted = await countLogin(deps, proof, found)
    if (counted === 'overtaken') continue
    if (counted.outcome === 'rejected') return counted
    const answer = await decideAndStore(deps, proof, candidates, counted)
    if (answer !== 'overtaken') return answer
  }
  throw new MayflyError('version_conflict', { log: 'what a proof is decided on changed three times in a row' })
}

function readProof(proof: ShownProof): ReadShownProof | Rejection {
  if (proof.form === 'certificate') return { form: 'certificate', chain: proof.chain }
  const jwt = readJwt(proof.token.reveal())
  if (isJwtFault(jwt)) return rejected('proof_malformed', `the proof cannot be read: ${jwt.fault}`)
  return { form: 'jwt', jwt, token: proof.token }
}

export interface FoundBinding {
  readonly outcome: 'found'
  readonly verdict: AcceptedProof
  readonly binding: CandidateBinding
  /** The counter of a bound key as it will be, where this login moves it on. */
  readonly keyLogin?: KeyLoginState
  /** The SVID of our own that it is; the verdict says no more than that one does. */
  readonly svid?: OwnSvid
}

/** What of a request an attestation remembers, whatever the proof was. */
export type ProofRequest = Pick<PresentedProof, 'tenantId' | 'tokenBinding' | 'sourceAddress' | 'requestId'> & {
  /** The host agent and its own proof, where one vouches. */
  readonly vouchedBy?: { readonly attestationId: AttestationId; readonly identityId: IdentityId }
}

/**
 * Decides whether a proof that was judged becomes an attestation, and stores it: the one way for every kind of proof.
 *
 * @returns `overtaken`: what was decided on has changed; read and decide again
 */
export async function decideAndStore(
  deps: ProofDeps,
  proof: ProofRequest,
  candidates: ProofCandidates,
  found: FoundBinding,
): Promise<ProofAnswer | 'overtaken'> {
  const { binding, verdict, keyLogin } = found
  const { party } = binding
  const trustProvider = { ...binding.trustProvider, strength: strengthOf(found) }
  const acceptedAt = deps.clock.now()
  const attestationId = newId<AttestationId>(acceptedAt.getTime())
  const freshUntil = earliest(
    new Date(acceptedAt.getTime() + trustProvider.freshForSeconds * 1000),
    ...(verdict.freshUntil === undefined ? [] : [verdict.freshUntil]),
  )
  if (freshUntil <= acceptedAt) return rejected('proof_expired', 'what the proof rests on has ended', 'get a new one')
  const decision = await decideToken(deps, {
    tenantId: proof.tenantId,
    now: acceptedAt,
    party,
    trustProvider,
    policy: candidates.policy,
    attestationId,
    freshUntil,
    sourceAddress: proof.sourceAddress,
    policyClaims: verdict.policyClaims,
    trustMadeAt: verdict.trustMadeAt,
    tokenBinding: proof.tokenBinding,
  })
  if (decision.outcome === 'deny') {
    const actor = actorOf(binding, attestationId)
    await deps.database.transaction(proof.tenantId, (tx) => recordDenial(tx, actor, decision, proof.requestId))
    return { outcome: 'denied', decision }
  }
  const ttlSeconds = party.kind === 'person' && verdict.session === true ? maxSessionSeconds : accessTokenTtlSeconds
  const tokenExpiresAt = earliest(
    new Date(acceptedAt.getTime() + Math.min(ttlSeconds, decision.duties.maxTtlSeconds) * 1000),
    freshUntil,
    party.kind === 'identity' ? party.expiresAt : freshUntil,
  )
  const row = acceptedRow(proof, found, decision, { attestationId, acceptedAt, freshUntil, tokenExpiresAt })
  const outcome = await deps.accepted.submit(proof.tenantId, row)
  if (outcome === 'overtaken') return outcome
  if (outcome === 'replayed') {
    return rejected(
      'proof_replayed',
      'this very proof was accepted before, and each counts once',
      'make or fetch a new one',
    )
  }
  return {
    outcome: 'granted',
    accessToken: await signedToken(deps, proof, candidates, binding, row),
    expiresInSeconds: Math.floor((Math.floor(tokenExpiresAt.getTime() / 1000) * 1000 - acceptedAt.getTime()) / 1000),
    tokenExpiresAt,
    attestationId,
    freshUntil,
    actor: actorOf(binding, attestationId),
    ...(keyLogin === undefined ? {} : { generation: keyLogin.generation }),
    receipt: receiptOf(row.entry),
    subject: subjectOf(binding),
  }
}

/** The weaker of what the trust provider's proofs are worth and what this one is. */
function strengthOf({ binding: { trustProvider }, verdict: { maxStrength } }: FoundBinding): Strength {
  return maxStrength === undefined ? trustProvider.strength : weaker(maxStrength, trustProvider.strength)
}

interface Moments {
  readonly attestationId: AttestationId
  readonly acceptedAt: Date
  readonly freshUntil: Date
  readonly tokenExpiresAt: Date
}

function acceptedRow(
  proof: ProofRequest,
  found: FoundBinding,
  decision: PermitDecision,
  moments: Moments,
): AcceptedProofRow {
  const { binding, verdict, keyLogin = null, svid } = found
  const { trustProvider, party } = binding
  const strength = strengthOf(found)
  const identity = party.kind === 'identity' ? party : undefined
  const person = party.kind === 'person' ? party : undefined
  const tokenBinding = proof.tokenBinding === undefined ? null : bindingText(proof.tokenBinding)
  const vouchedBy = proof.vouchedBy ?? null
  const trustMadeAt = verdict.trustMadeAt ?? null
  const proofDigest = createHash('sha256').update(verdict.uniqueId).digest()
  const entry = entryRowOf(proof.tenantId, {
    action: 'attestation.accepted',
    at: moments.acceptedAt,
    actor: actorOf(binding, moments.attestationId),
    identityId: identity?.identityId,
    attestationId: moments.attestationId,
    decisionId: decision.decisionId,
    body: { proof_digest: proofDigest.toString('base64url'), request_id: proof.requestId },
    rows: [
      statedRow('attestation', {
        attestation_id: moments.attestationId,
        identity_id: identity?.identityId ?? null,
        person_id: person?.personId ?? null,
        trust_provider_id: trustProvider.trustProviderId,
        binding_id: binding.bindingId,
        instance: verdict.instance,
        strength,
        fresh_until: moments.freshUntil,
        state: 'fresh',
        token_expires_at: moments.tokenExpiresAt,
        token_revoked_at: null,
        token_binding: tokenBinding,
        vouched_by_attestation_id: vouchedBy?.attestationId ?? null,
        host_identity_id: vouchedBy?.identityId ?? null,
        trust_made_at: trustMadeAt,
        proven_by_svid_id: svid?.svidId ?? null,
        version: 1,
      }),
      ...(keyLogin === null ? [] : [statedKeyLogin(binding.bindingId, keyLogin)]),
    ],
  })
  return {
    ...moments,
    trustProvider: { id: trustProvider.trustProviderId, version: trustProvider.version },
    binding: { id: binding.bindingId, version: binding.version },
    identity: identity === undefined ? null : { id: identity.identityId, version: identity.version },
    owner: identity === undefined ? null : { id: identity.owner.ownerId, version: identity.owner.version },
    person: person === undefined ? null : { id: person.personId, version: person.version },
    instance: verdict.instance,
    claims: { ...verdict.recorded, claims: binding.claims as JsonObject, policy_claims: { ...verdict.policyClaims } },
    tokenBinding,
    vouchedBy,
    keyLogin,
    trustMadeAt,
    provenBy: svid ?? null,
    strength,
    sourceAddress: proof.sourceAddress ?? null,
    proofDigest,
    proofExpiresAt: verdict.expiresAt,
    decision: { ...decision, duties: dutiesJson(decision.duties) },
    entry,
  }
}

async function signedToken(
  deps: ProofDeps,
  { tenantId, tokenBinding }: ProofRequest,
  candidates: ProofCandidates,
  { party }: CandidateBinding,
  row: AcceptedProofRow,
): Promise<Secret> {
  const keyId = candidates.signingKeyId
  if (keyId === undefined) throw new MayflyError('key_unusable', { log: `tenant ${tenantId} has no access-token key` })
  const signer =
    deps.keys.findOpenSigner(keyId) ??
    (await deps.database.transaction(tenantId, (tx) => deps.keys.signerOf(tx, keyId)))
  const issuer = await deps.tenants.findIssuer(tenantId)
  if (issuer === undefined) throw new MayflyError('internal', { log: `tenant ${tenantId} has no name` })
  return signAccessToken(signer, {
    issuer,
    subject: subjectOf({ party }),
    clientId: party.kind === 'identity' ? party.identityId : party.personId,
    tenantId,
    attestationId: row.attestationId,
    issuedAt: row.acceptedAt,
    expiresAt: row.tokenExpiresAt,
    ...(party.kind === 'person' ? { authenticatedAt: row.acceptedAt } : {}),
    ...(tokenBinding === undefined ? {} : { binding: tokenBinding }),
  })
}

function subjectOf({ party }: Pick<CandidateBinding, 'party'>): string {
  return party.kind === 'identity' ? party.spiffeId : `person:${party.personId}`
}

function actorOf({ party }: CandidateBinding, attestationId: AttestationId): GrantedToken['actor'] {
  return party.kind === 'identity'
    ? { kind: 'identity', identityId: party.identityId, attestationId }
    : { kind: 'person', personId: party.personId, roles: party.roles, attestationId }
}
