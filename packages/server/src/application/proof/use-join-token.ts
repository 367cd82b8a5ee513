/**
 * A machine joins: with a token that counts once it registers the public half of a key that it has made itself.
 *
 * Promise: token, binding and entry are one transaction, and of many who hold the token one joins. Whoever joins has
 * shown that it holds the private key. What it may do is for the policies, as with every bound key.
 * Limit: whoever gets the token first is the machine. It is short for that, and the entry says from where it was used.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type BindingId, MayflyError, newId, type TenantId } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import type { PublicKey } from '../../adapters/keys/jwk.ts'
import { boundKeyTrustProvider } from '../../adapters/trust-providers/bound-key/bound-key-trust-provider.ts'
import { isJwtFault, readJwt } from '../../adapters/trust-providers/jwt.ts'
import { checkTimes } from '../../adapters/trust-providers/proof-times.ts'
import { isJwsAlgorithm, verifyJws } from '../../adapters/trust-providers/verify-jws.ts'
import { parsePublicJwk } from '../../adapters/keys/jwk.ts'
import { insertBinding } from '../../store/binding-rows.ts'
import type { Tx } from '../../store/database.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { claimUsableJoinToken, markJoinTokenUsed } from '../../store/join-token-rows.ts'
import { getTrustProvider } from '../../store/trust-provider-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { tenantOfJoinToken } from './join-token-text.ts'
import { digestOf } from './make-join-token.ts'
import type { ProofDeps } from './proof-deps.ts'

export const joinProofType = 'mayfly-join+jwt'
const proofLifeSeconds = 300

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
  readonly issuer: string
  /** How the key logs in. */
  readonly login: 'assertion' | 'challenge'
  readonly receipt: AuditReceipt
}

/**
 * @throws MayflyError `proof_rejected`: token or proof do not count; there is no telling which tokens exist
 * @throws MayflyError `request_invalid`: the key is not usable; costs nothing
 */
export async function useJoinToken(
  deps: ProofDeps,
  input: JoinInput,
  request: { readonly requestId: string; readonly sourceAddress: string | undefined },
): Promise<Joined> {
  const key = parsePublicJwk(input.publicJwk)
  const tenantId = tenantOfJoinToken(input.token.reveal())
  const issuer = tenantId === undefined ? undefined : await deps.tenants.findIssuer(tenantId)
  if (tenantId === undefined || issuer === undefined) throw rejected('the join token does not count')
  checkPossession(deps.clock.now(), issuer, key, input)
  return deps.database.transaction(tenantId, async (tx) => {
    const joined = await join(deps, tx, key, input.token, request)
    return { ...joined, tenantId, issuer }
  })
}

async function join(
  deps: ProofDeps,
  tx: Tx,
  key: PublicKey,
  token: Secret,
  request: { readonly requestId: string; readonly sourceAddress: string | undefined },
): Promise<Omit<Joined, 'tenantId' | 'issuer'>> {
  const now = deps.clock.now()
  const joinToken = await claimUsableJoinToken(tx, await digestOf(deps, tx, token), now)
  if (joinToken === undefined) throw rejected('the join token does not count')
  const identity = await getIdentity(tx, joinToken.identity_id)
  const trustProvider = await getTrustProvider(tx, joinToken.trust_provider_id)
  if (identity.state !== 'active' || identity.expires_at <= now || trustProvider.state !== 'active') {
    throw rejected('the join token does not count')
  }
  const settings = boundKeyTrustProvider.settings.parse(trustProvider.settings)
  const rule = boundKeyTrustProvider.parseBinding({ public_jwk: key.jwk }, settings)
  const binding = await insertBinding(tx, {
    binding_id: newId<BindingId>(now.getTime()),
    trust_provider_id: trustProvider.trust_provider_id,
    identity_id: identity.identity_id,
    person_id: null,
    subject: rule.subject,
    claims: '{}',
    public_jwk: JSON.stringify(rule.publicJwk),
    join_token_id: joinToken.join_token_id,
    created_at: now,
  })
  const used = await markJoinTokenUsed(tx, joinToken.join_token_id, binding.binding_id, now)
  const receipt = await appendAudit(tx, {
    action: 'join_token.used',
    at: now,
    actor: { kind: 'system', worker: 'join' },
    identityId: identity.identity_id,
    rows: [statedRow('join_token', used), statedRow('binding', binding)],
    body: {
      join_token_id: used.join_token_id,
      binding_id: binding.binding_id,
      key: rule.subject,
      strength: 'bootstrap',
      ...(request.sourceAddress === undefined ? {} : { source_address: request.sourceAddress }),
      request_id: request.requestId,
    },
  })
  return {
    identityId: identity.identity_id,
    identityName: identity.name,
    keyId: rule.subject,
    bindingId: binding.binding_id,
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

function rejected(publicDetail: string, hint = 'have a new join token made'): MayflyError {
  return new MayflyError('proof_rejected', { publicDetail, hint })
}
