/**
 * A key set (JWKS, RFC 7517 section 5) as it was read: only keys that can check a signature, each under its `kid`.
 */
import { MayflyError } from '@mayfly/domain'
import { parsePublicJwk, type PublicKey } from '../../keys/jwk.ts'
import { parseStrictObject } from '../strict-json.ts'
import { type JwsAlgorithm, keyFits } from '../verify-jws.ts'

export interface SetKey extends PublicKey {
  readonly kid: string | undefined
  /** Where the key says what it is for, it is for nothing else. */
  readonly alg: string | undefined
}

const maxKeys = 100
/** A token without `kid` is tried against each fitting key, so their number is a cost that a stranger can cause. */
const maxKeysTried = 5

/** @throws Error with a message for the log: not a key set, or none of its keys is usable */
export function parseKeySet(text: string): readonly SetKey[] {
  const list = parseStrictObject(text)?.['keys']
  if (!Array.isArray(list) || list.length > maxKeys) throw new Error('not a key set, or one of more than 100 keys')
  const keys = usableKeys(list)
  if (keys.length === 0) throw new Error('the key set has no usable key')
  return keys
}

/** Keys of types that we do not know, and keys for encryption, are passed over: a set may hold them for others. */
export function usableKeys(list: readonly unknown[]): readonly SetKey[] {
  return list.flatMap((entry) => {
    const { kid, alg, use } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>
    if (use !== undefined && use !== 'sig') return []
    try {
      const key = parsePublicJwk(entry)
      return [
        { ...key, kid: typeof kid === 'string' ? kid : undefined, alg: typeof alg === 'string' ? alg : undefined },
      ]
    } catch (error) {
      if (error instanceof MayflyError) return []
      throw error
    }
  })
}

/** The keys that may have made a signature: of this `kid`, or without one all, and fit for the algorithm. */
export function keysFor(keys: readonly SetKey[], kid: string | undefined, alg: JwsAlgorithm): readonly SetKey[] {
  return keys
    .filter(
      (key) =>
        (kid === undefined || key.kid === kid) && (key.alg === undefined || key.alg === alg) && keyFits(alg, key),
    )
    .slice(0, maxKeysTried)
}
