import { maxCarriedCrls } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { OfflineSectionSource } from './offline-section.ts'

/**
 * The CRLs of the tenant's own X.509 authorities, as they would be read from their addresses now, and those of other
 * authorities that were gathered.
 *
 * @param readAll DER, one for each authority under which an SVID may live
 */
export function crlsSection(readAll: (tx: Tx, now: Date) => Promise<readonly Uint8Array[]>): OfflineSectionSource {
  return {
    name: 'crls',
    async collect(tx, { now, gathered }) {
      const crls = [...(await readAll(tx, now)), ...gathered.crls].slice(0, maxCarriedCrls)
      if (crls.length === 0) return undefined
      return { contents: { items: crls.map((der) => ({ crl: Buffer.from(der).toString('base64') })) } }
    },
  }
}
