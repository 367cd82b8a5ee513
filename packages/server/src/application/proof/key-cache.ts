/**
 * Public keys that were imported before. A key is found by its own hash or by a row's id and version, so what is found
 * is never stale; whether it is still believed is asked elsewhere.
 */
import { parsePublicJwk, type PublicKey } from '../../adapters/keys/jwk.ts'

export interface KeyCache {
  find(name: string): PublicKey | undefined
  /** Imports the JWK under a name, or finds it. */
  get(name: string, jwk: unknown): PublicKey
}

export function openKeyCache(maxKeys = 10_000): KeyCache {
  const keys = new Map<string, PublicKey>()
  return {
    find: (name) => keys.get(name),
    get(name, jwk) {
      const known = keys.get(name)
      if (known !== undefined) return known
      const key = parsePublicJwk(jwk)
      if (keys.size >= maxKeys)
        for (const oldest of keys.keys()) {
          keys.delete(oldest)
          break
        }
      keys.set(name, key)
      return key
    },
  }
}
