import { isIP } from 'node:net'
import { MayflyError } from '@mayfly/domain'
import type { Holder } from './provider.ts'

/**
 * From where the holder may connect, as a range of the one address: `10.0.0.7/32`.
 *
 * @throws MayflyError `target_refused`: where it came from was not seen
 */
export function sourceAddressOf(holder: Holder | undefined): string {
  const family = isIP(holder?.address ?? '')
  if (holder?.address !== undefined && family !== 0) return `${holder.address}/${family === 4 ? 32 : 128}`
  throw new MayflyError('target_refused', {
    publicDetail: 'the credential must be bound to an address, and from where its holder comes is not known',
    hint: 'set `bind_source_address` of the resource to false, or ask over a connection whose address is seen',
  })
}
