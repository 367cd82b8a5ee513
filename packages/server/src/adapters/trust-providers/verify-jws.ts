/**
 * Checking a signature (RFC 7515, RFC 7518, RFC 8037), with the algorithm tied to the key's own type.
 *
 * Only asymmetric algorithms have a row here, so a public key can never be taken for an HMAC secret (RFC 8725 section 2.1).
 */
import { constants, verify } from 'node:crypto'
import type { PublicKey } from '../keys/jwk.ts'
import type { Jwt } from './jwt.ts'

export const jwsAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const
export type JwsAlgorithm = (typeof jwsAlgorithms)[number]

interface AlgorithmRule {
  readonly kty: PublicKey['kty']
  readonly crv?: string
  readonly hash: string | null
  readonly pss?: true
}

const rules: Readonly<Record<JwsAlgorithm, AlgorithmRule>> = {
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256' },
  ES384: { kty: 'EC', crv: 'P-384', hash: 'sha384' },
  ES512: { kty: 'EC', crv: 'P-521', hash: 'sha512' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', hash: null },
  RS256: { kty: 'RSA', hash: 'sha256' },
  RS384: { kty: 'RSA', hash: 'sha384' },
  RS512: { kty: 'RSA', hash: 'sha512' },
  PS256: { kty: 'RSA', hash: 'sha256', pss: true },
  PS384: { kty: 'RSA', hash: 'sha384', pss: true },
  PS512: { kty: 'RSA', hash: 'sha512', pss: true },
}

export function isJwsAlgorithm(alg: string): alg is JwsAlgorithm {
  return Object.hasOwn(rules, alg)
}

/** True where a key of this type can be meant by this algorithm. */
export function keyFits(alg: JwsAlgorithm, key: PublicKey): boolean {
  const rule = rules[alg]
  return key.kty === rule.kty && (rule.crv === undefined || key.crv === rule.crv)
}

export function verifyJws(alg: JwsAlgorithm, key: PublicKey, jwt: Jwt): boolean {
  if (!keyFits(alg, key)) return false
  const { kty, hash, pss } = rules[alg]
  return verify(
    hash,
    jwt.signedText,
    {
      key: key.key,
      ...(kty === 'EC' ? { dsaEncoding: 'ieee-p1363' as const } : {}),
      ...(pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}),
    },
    jwt.signature,
  )
}
