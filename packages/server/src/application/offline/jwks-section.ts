/** The keys that check the tenant's own tokens, as its key set at `/oauth/jwks` has them. */
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import { publishedKeys } from '../../adapters/keys/published-keys.ts'
import type { OfflineSectionSource } from './offline-section.ts'

export function jwksSection(keys: KeyRing): OfflineSectionSource {
  return {
    name: 'jwks',
    async collect(tx, { issuer }) {
      return { contents: { items: [{ issuer, keys: await publishedKeys(keys, tx) }] } }
    },
  }
}
