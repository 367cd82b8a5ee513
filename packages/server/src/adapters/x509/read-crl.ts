/**
 * CRLs that were read before, by the digest of their bytes: a long one takes half a second to read, and the same list is
 * shown at each proof, at each refresh, and by every trust provider that names its authority.
 *
 * Promise: what is kept never changes (law 13), is found in constant time, and is bounded: the lists used least lately go
 * first, and are read again when somebody asks for them.
 * Not here: whether a list is to be believed (`check-crl.ts`).
 */
import { createHash } from 'node:crypto'
import { type Crl, isX509Fault, parseCrl, type X509Fault } from '@mayfly/domain'

export interface CrlReader {
  /** @param der one list and nothing after it; not changed afterwards */
  read(der: Uint8Array): Crl | X509Fault
}

export interface CrlReaderLimits {
  readonly maxLists: number
  /** Revoked certificates in all lists together; each takes about 350 bytes. */
  readonly maxEntries: number
}

export const defaultCrlReaderLimits: CrlReaderLimits = { maxLists: 1_000, maxEntries: 400_000 }

export function openCrlReader({ maxLists, maxEntries }: CrlReaderLimits = defaultCrlReaderLimits): CrlReader {
  /** In the order of their use. */
  const kept = new Map<string, Crl>()
  // Bytes that are at hand for long, as those of an offline bundle are, are digested once.
  const digests = new WeakMap<Uint8Array, string>()
  let entries = 0

  function digestOf(der: Uint8Array): string {
    const known = digests.get(der)
    if (known !== undefined) return known
    const digest = createHash('sha256').update(der).digest('base64')
    digests.set(der, digest)
    return digest
  }

  function keep(digest: string, crl: Crl): void {
    kept.set(digest, crl)
    entries += crl.revoked.size
    for (const [oldest, { revoked }] of kept) {
      // One that is larger than all may be together is kept as long as it is the only one.
      if (oldest === digest || (kept.size <= maxLists && entries <= maxEntries)) return
      kept.delete(oldest)
      entries -= revoked.size
    }
  }

  return {
    read(der) {
      const digest = digestOf(der)
      const known = kept.get(digest)
      if (known !== undefined) {
        kept.delete(digest)
        kept.set(digest, known)
        return known
      }
      const crl = parseCrl(der)
      if (!isX509Fault(crl)) keep(digest, crl)
      return crl
    },
  }
}

/** Of this process: what is kept is public, and the same for every tenant. */
const reader = openCrlReader()

/** As `parseCrl`, and once for the same bytes. */
export function readCrl(der: Uint8Array): Crl | X509Fault {
  return reader.read(der)
}
