import type { Tx } from '../../store/database.ts'
import type { OfflineSectionSource } from './offline-section.ts'

/**
 * The states of the tenant's own tokens, as they would be read from its address now.
 *
 * @param readAll every list in which there may be a token that lives
 */
export function statusListsSection(
  readAll: (tx: Tx) => Promise<readonly { readonly uri: string; readonly token: string }[]>,
): OfflineSectionSource {
  return {
    name: 'status_lists',
    async collect(tx) {
      const items = await readAll(tx)
      return items.length === 0 ? undefined : { contents: { items: items.map((item) => ({ ...item })) } }
    },
  }
}
