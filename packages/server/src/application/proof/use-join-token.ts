/**
 * A machine joins: with a token that counts once it registers the public half of a key that it has made itself.
 *
 * Promise: token, decision, binding, attestation and entry are one transaction, and of many who hold the token one joins.
 * Whoever joins has shown that it holds the private key, and the policies have permitted it; what it may do afterwards is
 * for them too, as with every bound key. No access token comes of it: the key logs in for that.
 * A token is found by a keyed digest whose key is sealed, so how long the search takes says nothing of any token.
 * Limit: whoever gets the token first is the machine. It is short for that, and the entry says from where it was used.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type AttestationId, type BindingId, MayflyError, newId, type TenantId } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import type { PublicKey } from '../../adapters/keys/jwk.ts'
import { boundKeyTrustProvider } from '../../adapters/trust-providers/bound-key/bound-key-trust-provider.ts'
import { joinTokenTrustProvider } from '../../adapters/trust-providers/join-token/join-token-trust-provider.ts'
import { isJwtFault, readJwt } from '../../adapters/trust-providers/jwt.ts'
import { checkTimes } from '../../adapters/trust-providers/proof-times.ts'
import { isJwsAlgorithm, verifyJws } from '../../adapters/trust-providers/verify-jws.ts'
import { parsePublicJwk } from '../../adapters/keys/jwk.ts'
import { insertAttestation } from '../../store/attestation-rows.ts'
import { insertBinding } from '../../store/binding-rows.ts'
import type { Tx } from '../../store/database.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { findUsableJoinToken, markJoinTokenUsed } from '../../store/join-token-rows.ts'
import { getTrustProvider } from '../../store/trust-provider-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { DenyDecision } from '../decision/decision.ts'
import { recordDecision, recordDenial } from '../decision/record-decision.ts'
import { deniedError } from '../decision/with-authority.ts'
import { decideJoin } from './decide-join.ts'
import { tenantOfJoinToken } from './join-token-text.ts'
import { digestOf } from './make-join-token.ts'
import type { ProofDeps } from './proof-deps.ts'

export const joinProofType = 'mayfly-join+jwt'
const proofLifeSeconds = 300
/** Only for the policies: without a rule nothing is recorded that could be fresh. */
const rulelessFreshSeconds = 60

export interface JoinInput {
  readonly token: Secret
  readonly publicJwk: unknown
  /** A JWT of type `mayfly-join+jwt`, signed by the key: `aud` our issuer, `token_digest`, `iat`, `exp`. */
  readonly proof: Secret
}

export interface Joined {
  readonly tenantId: TenantId
  readonly identityId: string
  readonly identityName: string
  readonly keyId: string
  readonly bindingId: BindingId
  /** What joining was recorded as; null for a token that was made under no rule. */
  readonly attestationId: AttestationId | null
  readonly issuer: string
  /** How the key logs in. */
  readonly login: 'assertion' | 'challenge'
  readonly receipt: AuditReceipt
}

/**
 * @throws MayflyError `proof_rejected`: token or proof do not count; there is no telling which tokens exist
 * @throws MayflyError `policy_denied`: the policies do not permit this machine to join; the token is not used up
 * @throws MayflyError `request_invalid`: the key is not usable; costs nothing
 */
export async function useJoinToken(deps: ProofDeps, input: JoinInput, request: Request): Promise<Joined> {
  const key = parsePublicJwk(input.publicJwk)
  const tenantId = tenantOfJoinToken(input.token.reveal())
  const issuer = tenantId === undefined ? undefined : await deps.tenants.findIssuer(tenantId)
  if (tenantId === undefined || issuer === undefined) throw doesNotCount()
  checkPossession(deps.clock.now(), issuer, key, input)
  const answer = await deps.database.transaction(tenantId, (tx) => join(deps, tx, key, input.token, request))
  if ('outcome' in answer) throw deniedError(answer)
  return { ...answer, tenantId, issuer }
}

type Request = { readonly requestId: string; readonly sourceAddress: string | undefined }
type JoinedHere = Omit<Joined, 'tenantId' | 'issuer'>

async function join(
  deps: ProofDeps,
  tx: Tx,
  key: PublicKey,
  token: Secret,
  request: Request,
): Promise<JoinedHere | DenyDecision> {
  const now = deps.clock.now()
  const joinToken = await findUsableJoinToken(tx, await digestOf(deps, tx, token), now)
  if (joinToken === undefined) throw doesNotCount()
  const identity = await getIdentity(tx, joinToken.identity_id)
  const becomes = await getTrustProvider(tx, joinToken.trust_provider_id)
  const rule = joinToken.rule_id === null ? undefined : await getTrustProvider(tx, joinToken.rule_id)
  if (identity.state !== 'active' || identity.expires_at <= now || becomes.state !== 'active') throw doesNotCount()
  if (rule !== undefined && rule.state !== 'active') throw doesNotCount()
  const settings = boundKeyTrustProvider.settings.parse(becomes.settings)
  const bindingRule = boundKeyTrustProvider.parseBinding({ public_jwk: key.jwk }, settings)
  const attestationId = newId<AttestationId>(now.getTime())
  const claims = { key: bindingRule.subject, becomes: becomes.name }
  const freshForSeconds = rule?.fresh_for_seconds ?? rulelessFreshSeconds
  const freshUntil = new Date(now.getTime() + freshForSeconds * 1000)
  const about = rule ?? becomes
  const decision = await decideJoin(deps, tx, {
    now,
    identity,
    about,
    becomes,
    attestation: {
      attestationId,
      state: 'fresh',
      strength: joinTokenTrustProvider.maxStrength,
      acceptedAt: now,
      freshUntil,
      trustProviderName: about.name,
      trustProviderKind: joinTokenTrustProvider.kind,
      claims,
      tokenBoundTo: 'none',
      version: 1,
    },
    sourceAddress: request.sourceAddress,
  })
  const actor = { kind: 'identity', identityId: identity.identity_id, attestationId } as const
  if (decision.outcome === 'deny') {
    await recordDenial(tx, actor, decision, request.requestId)
    return decision
  }
  await recordDecision(tx, decision)
  const binding = await insertBinding(tx, {
    binding_id: newId<BindingId>(now.getTime()),
    trust_provider_id: becomes.trust_provider_id,
    identity_id: identity.identity_id,
    person_id: null,
    subject: bindingRule.subject,
    claims: '{}',
    public_jwk: JSON.stringify(bindingRule.publicJwk),
    join_token_id: joinToken.join_token_id,
    created_at: now,
  })
  const attestation =
    rule === undefined
      ? undefined
      : await insertAttestation(tx, {
          attestation_id: attestationId,
          identity_id: identity.identity_id,
          person_id: null,
          trust_provider_id: rule.trust_provider_id,
          // The key follows it: its first login succeeds this proof.
          binding_id: binding.binding_id,
          instance: '',
          claims: JSON.stringify({ join_token: joinToken.join_token_id, ...claims, claims: {}, policy_claims: claims }),
          strength: rule.strength,
          source_address: request.sourceAddress ?? null,
          accepted_at: now,
          fresh_until: freshUntil,
          // No access token comes of it.
          token_expires_at: now,
          decision_id: decision.decisionId,
        })
  const became = { bindingId: binding.binding_id, attestationId: attestation?.attestation_id ?? null }
  const used = await markJoinTokenUsed(tx, joinToken.join_token_id, became, now)
  // Another was faster: with this transaction its binding goes too.
  if (used === undefined) throw doesNotCount()
  const receipt = await appendAudit(tx, {
    action: 'join_token.used',
    at: now,
    actor: attestation === undefined ? { kind: 'system', worker: 'join' } : actor,
    identityId: identity.identity_id,
    attestationId: attestation?.attestation_id,
    decisionId: decision.decisionId,
    rows: [
      statedRow('join_token', used),
      statedRow('binding', binding),
      ...(attestation === undefined ? [] : [statedRow('attestation', attestation)]),
    ],
    body: {
      join_token_id: used.join_token_id,
      binding_id: binding.binding_id,
      key: bindingRule.subject,
      strength: joinTokenTrustProvider.maxStrength,
      ...(request.sourceAddress === undefined ? {} : { source_address: request.sourceAddress }),
      request_id: request.requestId,
    },
  })
  return {
    identityId: identity.identity_id,
    identityName: identity.name,
    keyId: bindingRule.subject,
    bindingId: binding.binding_id,
    attestationId: attestation?.attestation_id ?? null,
    login: settings.login,
    receipt,
  }
}

/** Whoever registers a key holds it: else one could register another's key for an identity of one's own. */
function checkPossession(now: Date, issuer: string, key: PublicKey, { token, proof }: JoinInput): void {
  const jwt = readJwt(proof.reveal(), 8_192)
  if (isJwtFault(jwt)) throw rejected(`the proof of possession cannot be read: ${jwt.fault}`)
  const { alg, typ } = jwt.header
  const { aud, token_digest: digest } = jwt.claims
  if (typ !== joinProofType) throw rejected(`\`typ\` of the proof of possession must be \`${joinProofType}\``)
  if (!isJwsAlgorithm(alg) || !['ES256', 'EdDSA', 'RS256'].includes(alg)) {
    throw rejected('`alg` of the proof of possession must be ES256, EdDSA or RS256')
  }
  if (aud !== issuer) throw rejected(`\`aud\` of the proof of possession must be \`${issuer}\` and nothing else`)
  const expected = createHash('sha256').update(token.reveal()).digest('base64url')
  if (typeof digest !== 'string' || digest.length !== expected.length || !sameText(digest, expected)) {
    throw rejected('`token_digest` of the proof of possession is not of this token')
  }
  const times = checkTimes(jwt.claims, {
    now,
    clockToleranceSeconds: 5,
    maxAgeSeconds: proofLifeSeconds,
    maxLifeSeconds: proofLifeSeconds,
  })
  if ('outcome' in times) throw rejected(`the proof of possession: ${times.detail}`, times.hint)
  if (!verifyJws(alg, key, jwt)) throw rejected('the key did not sign the proof of possession')
}

function sameText(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other))
}

/** One answer for all that is wrong with a token: which tokens there are is nobody's business. */
function doesNotCount(): MayflyError {
  return rejected('the join token does not count')
}

function rejected(publicDetail: string, hint = 'have a new join token made'): MayflyError {
  return new MayflyError('proof_rejected', { publicDetail, hint })
}
