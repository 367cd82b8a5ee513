/**
 * Bound public key: who holds the private half proves itself with a short JWT that it signs itself
 * (`private_key_jwt`, RFC 7523 section 3 and OpenID Connect Core section 9).
 *
 * Promise: the assertion is for us alone (one audience, ours), short (five minutes), used once, and signed by a key of
 * the very identity that it names.
 * Limit: a copied private key is that identity. Prefer a platform's own proof (kind `oidc`) where there is one.
 */
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { parsePublicJwk } from '../../keys/jwk.ts'
import type { Jwt } from '../jwt.ts'
import { checkTimes } from '../proof-times.ts'
import {
  type BindingInput,
  type BindingRule,
  type ProofExpectations,
  proofIn,
  type ProofVerdict,
  rejected,
  type TrustProvider,
} from '../trust-provider.ts'
import { isJwsAlgorithm, keyFits, verifyJws } from '../verify-jws.ts'

const maxLifeSeconds = 300

const settings = z.strictObject({
  algorithms: z
    .array(z.enum(['ES256', 'EdDSA', 'RS256']))
    .min(1)
    .default(['ES256', 'EdDSA', 'RS256'])
    .describe('the signature algorithms believed'),
  clock_tolerance_seconds: z.int().min(0).max(60).default(5).describe('how far clocks may differ'),
})
export type BoundKeySettings = z.infer<typeof settings>

export const boundKeyTrustProvider: TrustProvider<BoundKeySettings> = {
  kind: 'bound_key',
  title: 'a public key registered for the identity (private_key_jwt)',
  forms: ['jwt'],
  settings,
  maxStrength: 'bound_key',
  issuerOf: () => null,
  parseBinding,
  open: (config) => ({ verify: (proof, expected) => verifyAssertion(config, proofIn('jwt', proof).jwt, expected) }),
}

function parseBinding(input: BindingInput): BindingRule {
  if (input.claims !== undefined && Object.keys(input.claims).length > 0) {
    throw refuse('/claims', 'a bound key has no claims to compare', 'leave `claims` out')
  }
  if (input.public_jwk === undefined) {
    throw refuse('/public_jwk', 'a bound key needs its public key', 'give it as a JWK (RFC 7517)')
  }
  const key = parsePublicJwk(input.public_jwk)
  if (input.subject !== undefined && input.subject !== key.thumbprint) {
    throw refuse('/subject', `the key's thumbprint (RFC 7638) is \`${key.thumbprint}\``, 'leave `subject` out')
  }
  return { subject: key.thumbprint, claims: {}, publicJwk: key.jwk }
}

function verifyAssertion(config: BoundKeySettings, jwt: Jwt, expected: ProofExpectations): ProofVerdict {
  const { header, claims } = jwt
  const { alg, kid, typ } = header
  // RFC 7523 names no type; rfc7523bis names one. A token of another kind is never taken for an assertion.
  if (typ !== undefined && !['jwt', 'client-authentication+jwt'].includes(typ.toLowerCase())) {
    return rejected(
      'type_not_allowed',
      '`typ` of a client assertion must be absent, `JWT` or `client-authentication+jwt`',
    )
  }
  if (!isJwsAlgorithm(alg) || !config.algorithms.some((allowed) => allowed === alg)) {
    return rejected('algorithm_not_allowed', `\`alg\` must be one of ${config.algorithms.join(', ')}`)
  }
  const { iss, sub, jti } = claims
  if (typeof sub !== 'string' || sub === '' || iss !== sub) {
    return rejected('claim_wrong', '`iss` and `sub` must both be the client id')
  }
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 300) {
    return rejected('claim_missing', '`jti` must be a unique text of 8 to 300 characters')
  }
  if (!isOneOf(claims['aud'], expected.ownAudiences)) {
    return rejected('audience_wrong', `\`aud\` must be \`${expected.ownAudiences[0] ?? ''}\` and nothing else`)
  }
  const ends = checkTimes(claims, {
    now: expected.now,
    clockToleranceSeconds: config.clock_tolerance_seconds,
    maxAgeSeconds: maxLifeSeconds,
    maxLifeSeconds,
  })
  if ('outcome' in ends) return ends
  const key = expected.boundKeys.find(
    (bound) => (kid === undefined || bound.thumbprint === kid) && keyFits(alg, bound) && verifyJws(alg, bound, jwt),
  )
  // One answer for an unknown client, an unknown key and a bad signature: none of them is anyone's business.
  if (key === undefined) {
    return rejected(
      'signature_invalid',
      'no key registered for this client signed the assertion',
      'check `kid`, which is the thumbprint of the key (RFC 7638)',
    )
  }
  return {
    outcome: 'accepted',
    subjects: [key.thumbprint],
    claims: {},
    policyClaims: {},
    instance: '',
    uniqueId: `jti:${sub}:${jti}`,
    expiresAt: ends,
    recorded: { key: key.thumbprint, alg },
  }
}

// Several audiences would let one of them pass the assertion on to the others.
function isOneOf(aud: unknown, own: readonly string[]): boolean {
  const only: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  return typeof only === 'string' && own.includes(only)
}

function refuse(pointer: string, detail: string, hint: string): MayflyError {
  return new MayflyError('request_invalid', { publicDetail: detail, hint, fields: [{ pointer, detail }] })
}
