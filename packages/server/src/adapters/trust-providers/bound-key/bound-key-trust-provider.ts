/**
 * Bound public key: who holds the private half proves itself with a short JWT that it signs itself
 * (`private_key_jwt`, RFC 7523 section 3 and OpenID Connect Core section 9).
 *
 * Promise: the assertion is for us alone (one audience, ours), short (five minutes), used once, and signed by a key of
 * the very identity that it names. With `login: challenge` it also answers a challenge of ours and counts the logins, so
 * that a copied key and its original fall out with each other (`key-login.ts`).
 * Limit: a copied private key is that identity until then. Prefer a platform's own proof where there is one.
 */
import { createHash } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { parsePublicJwk } from '../../keys/jwk.ts'
import type { Jwt } from '../jwt.ts'
import { checkTimes } from '../proof-times.ts'
import {
  type BindingInput,
  type BindingRule,
  type KeyLoginClaim,
  type ProofExpectations,
  proofIn,
  type ProofVerdict,
  type Rejection,
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
  login: z
    .enum(['assertion', 'challenge'])
    .default('assertion')
    .describe(
      '`assertion`: as RFC 7523 has it; `challenge`: each login answers a challenge and says its number, so that a clone of the key is found',
    ),
  repeat_window_seconds: z
    .int()
    .min(30)
    .max(86_400)
    .default(600)
    .describe('with `challenge`: for how long a client whose answer was lost may ask for it again'),
})
export type BoundKeySettings = z.output<typeof settings>

export const boundKeyTrustProvider: TrustProvider<BoundKeySettings> = {
  kind: 'bound_key',
  title: 'a public key registered for the identity (private_key_jwt)',
  forms: ['jwt'],
  settings,
  maxStrength: 'bound_key',
  renewal: 'new_proof',
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
  const login = config.login === 'challenge' ? readLogin(claims, config.repeat_window_seconds) : undefined
  if (login !== undefined && 'outcome' in login) return login
  return {
    outcome: 'accepted',
    subjects: [key.thumbprint],
    // For whom a challenge was made: the client as it names itself.
    claims: { client: sub },
    policyClaims: { key: key.thumbprint, login: config.login },
    instance: '',
    uniqueId: login === undefined ? `jti:${sub}:${jti}` : `challenge:${login.challenge}`,
    expiresAt: ends,
    recorded: { key: key.thumbprint, alg, login: config.login },
    ...(login === undefined ? {} : { login }),
  }
}

const secretShape = /^[A-Za-z0-9_-]{43}$/

/** The claims of a login by challenge (docs/reference/trust-providers/bound-key.md). */
function readLogin(claims: Jwt['claims'], repeatWindowSeconds: number): KeyLoginClaim | Rejection {
  const { nonce, generation, generation_secret: secret, next_generation_digest: next } = claims
  if (typeof nonce !== 'string' || nonce.length > 200) {
    return rejected(
      'challenge_wrong',
      'this key logs in by challenge, and `nonce` holds none',
      'get one at `/oauth/challenge`',
    )
  }
  if (typeof generation !== 'number' || !Number.isInteger(generation) || generation < 0 || generation > 2_000_000_000) {
    return rejected('claim_missing', '`generation` must be the number that the last login answered, 0 for the first')
  }
  if (secret !== undefined && (typeof secret !== 'string' || !secretShape.test(secret))) {
    return rejected('claim_wrong', '`generation_secret` must be 43 base64url characters')
  }
  if (typeof next !== 'string' || !secretShape.test(next)) {
    return rejected('claim_missing', '`next_generation_digest` must be the SHA-256 of the next secret, base64url')
  }
  return {
    challenge: nonce,
    generation,
    revealedDigest: secret === undefined ? undefined : createHash('sha256').update(secret).digest('base64url'),
    nextDigest: next,
    repeatWindowSeconds,
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
