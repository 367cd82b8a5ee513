import type { JsonObject } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { OfflineSectionSource } from './offline-section.ts'

/**
 * The keys that check the tenant's own tokens.
 *
 * @param readKeys the key set, as `/oauth/jwks` has it
 */
export function jwksSection(readKeys: (tx: Tx) => Promise<readonly JsonObject[]>): OfflineSectionSource {
  return {
    name: 'jwks',
    async collect(tx, { issuer }) {
      return { contents: { items: [{ issuer, keys: await readKeys(tx) }] } }
    },
  }
}
