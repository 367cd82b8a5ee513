/** The keys that check the tenant's own tokens, as its key set at `/oauth/jwks` has them. */
import type { JsonObject } from '@mayfly/domain'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import type { OfflineSectionSource } from './offline-section.ts'

export function jwksSection(keys: KeyRing): OfflineSectionSource {
  return {
    name: 'jwks',
    async collect(tx, { issuer }) {
      const trusted = await keys.verificationKeys(tx, 'access_token')
      const set = trusted.map(({ keyId, publicJwk }): JsonObject => ({
        ...(publicJwk as JsonObject),
        kid: keyId,
        alg: 'ES256',
        use: 'sig',
      }))
      return { contents: { items: [{ issuer, keys: set }] } }
    },
  }
}
