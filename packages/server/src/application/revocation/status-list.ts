/** A Status List (draft-ietf-oauth-status-list section 4): many states, packed and compressed. */
import { deflateSync } from 'node:zlib'

export const statusTypes = { valid: 0, invalid: 1, suspended: 2 } as const

export interface StatusList {
  readonly bits: 1 | 2 | 4 | 8
  /** Base64url of the byte array in ZLIB form (RFC 1950). */
  readonly lst: string
}

/**
 * Section 4.1: states lie in the bytes from the least significant bit on. What is not named is 0, valid.
 *
 * @param size how many states the list has; times `bits` a multiple of 8
 * @throws RangeError an index beyond the list, or a state that does not fit into `bits`
 */
export function packStatuses(
  bits: StatusList['bits'],
  size: number,
  statuses: Iterable<readonly [index: number, status: number]>,
): Buffer {
  const bytes = Buffer.alloc((size * bits) / 8)
  for (const [index, status] of statuses) {
    if (index < 0 || index >= size || status < 0 || status >= 2 ** bits) throw new RangeError(`${status} at ${index}`)
    const at = index * bits
    bytes[at >>> 3] = (bytes[at >>> 3] ?? 0) | (status << (at & 7))
  }
  return bytes
}

/** Section 4.2. */
export function encodeStatusList(bits: StatusList['bits'], packed: Buffer): StatusList {
  return { bits, lst: deflateSync(packed, { level: 9 }).toString('base64url') }
}

/**
 * One bit each: the states of a list whose ended ones the store names. A loop over the bytes themselves, for lists of which
 * most have ended.
 *
 * @param indexes unsigned 32-bit numbers, big-endian, end to end
 * @throws RangeError an index beyond the list
 */
export function packInvalid(size: number, indexes: Buffer): Buffer {
  const bytes = Buffer.alloc(size / 8)
  for (let at = 0; at < indexes.length; at += 4) {
    const index = indexes.readUInt32BE(at)
    if (index >= size) throw new RangeError(`${statusTypes.invalid} at ${index}`)
    bytes[index >>> 3] = (bytes[index >>> 3] ?? 0) | (1 << (index & 7))
  }
  return bytes
}
