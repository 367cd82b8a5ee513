/** What a key may be used for: KeyUsage and ExtKeyUsage (RFC 5280 sections 4.2.1.3 and 4.2.1.12). */
import { DerFault, type DerNode } from './der-read.ts'
import { readNamedBits, readOid, readSequence } from './der-values.ts'
import { derNamedBits, derOid, derSequence } from './der-write.ts'

/** In the order of their bits. */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const
export type KeyUsage = (typeof keyUsages)[number]

export function encodeKeyUsage(usages: readonly KeyUsage[]): Uint8Array {
  return derNamedBits(usages.map((usage) => keyUsages.indexOf(usage)))
}

/** @throws DerFault: no bit is set (RFC 5280 section 4.2.1.3), or one that has no name */
export function readKeyUsage(node: DerNode): ReadonlySet<KeyUsage> {
  const usages = readNamedBits(node, 'its key usage').map((bit) => {
    const usage = keyUsages[bit]
    if (usage === undefined) throw new DerFault('its key usage sets a bit that has no name')
    return usage
  })
  if (usages.length === 0) throw new DerFault('its key usage sets no bit')
  return new Set(usages)
}

/** @param purposes object identifiers, e.g. `oid.serverAuth` */
export function encodeExtendedKeyUsage(purposes: readonly string[]): Uint8Array {
  return derSequence(...purposes.map(derOid))
}

/** Object identifiers. @throws DerFault */
export function readExtendedKeyUsage(node: DerNode): readonly string[] {
  return readSequence(node, 'its extended key usage', 1).map((purpose) => readOid(purpose, 'a purpose of its key'))
}
