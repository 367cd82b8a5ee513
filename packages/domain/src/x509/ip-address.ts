/** IP addresses as X.509 carries them (RFC 5280 section 4.2.1.6): 4 or 16 bytes. */

/** Dotted decimals, or an IPv6 address in any of the forms of RFC 4291 section 2.2. Nothing where it is neither. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** IPv6 in the form of RFC 5952. @param bytes 4 or 16 */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => (bytes[at * 2] ?? 0) * 256 + (bytes[at * 2 + 1] ?? 0))
  let [longestStart, longest] = [0, 1]
  for (let start = 0; start < 8; start += 1) {
    let end = start
    while (end < 8 && groups[end] === 0) end += 1
    if (end - start > longest) [longestStart, longest] = [start, end - start]
  }
  const join = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (longest < 2) return join(groups)
  return `${join(groups.slice(0, longestStart))}::${join(groups.slice(longestStart + longest))}`
}

export interface IpRange {
  /** With zeros where the mask has them. */
  readonly address: Uint8Array
  readonly prefixLength: number
}

/** `10.0.0.0/8`. Nothing where it is not a range, or the address has bits beyond its prefix. */
export function parseIpRange(text: string): IpRange | undefined {
  const [, left = '', right = ''] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? []
  const address = parseIpAddress(left)
  const prefixLength = Number(right)
  if (address === undefined || right === '' || prefixLength > address.length * 8) return undefined
  const isMasked = address.every((byte, at) => (byte & ~maskByte(prefixLength, at) & 0xff) === 0)
  return isMasked ? { address, prefixLength } : undefined
}

/** Address and mask side by side, as a name constraint has them (RFC 5280 section 4.2.1.10). */
export function ipRangeBytes({ address, prefixLength }: IpRange): Uint8Array {
  const bytes = new Uint8Array(address.length * 2)
  bytes.set(address)
  for (let at = 0; at < address.length; at += 1) bytes[address.length + at] = maskByte(prefixLength, at)
  return bytes
}

/** Nothing where the length is wrong, the mask has a gap, or the address has bits beyond it. */
export function readIpRange(bytes: Uint8Array): IpRange | undefined {
  if (bytes.length !== 8 && bytes.length !== 32) return undefined
  const size = bytes.length / 2
  const mask = bytes.subarray(size)
  let prefixLength = 0
  while (prefixLength < size * 8 && ((mask[prefixLength >> 3] ?? 0) & (0x80 >> (prefixLength & 7))) !== 0) {
    prefixLength += 1
  }
  if (!mask.every((byte, at) => byte === maskByte(prefixLength, at))) return undefined
  const address = bytes.subarray(0, size).map((byte, at) => byte & (mask[at] ?? 0))
  return { address, prefixLength }
}

/** False for an address of the other family. */
export function isInIpRange(address: Uint8Array, range: IpRange): boolean {
  return (
    address.length === range.address.length &&
    address.every((byte, at) => (byte & maskByte(range.prefixLength, at)) === range.address[at])
  )
}

function maskByte(prefixLength: number, at: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - at * 8))
  return 0xff & (0xff << (8 - bits))
}

function parseIpv4(text: string): Uint8Array | undefined {
  if (!/^(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})$/.test(text)) return undefined
  const numbers = text.split('.').map(Number)
  return numbers.every((number) => number <= 255) ? Uint8Array.from(numbers) : undefined
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')).map(parseGroup))
  if (head === undefined || head.includes(undefined) || tail.includes(undefined)) return undefined
  const before = head.flatMap((group) => group ?? [])
  const after = tail.flatMap((group) => group ?? [])
  const gap = 16 - before.length - after.length
  if (halves.length === 2 ? gap < 2 : gap !== 0) return undefined
  return Uint8Array.from([...before, ...Array<number>(gap).fill(0), ...after])

  function parseGroup(group: string, at: number, groups: readonly string[]): readonly number[] | undefined {
    // An IPv4 address may stand for the last two groups.
    if (group.includes('.')) {
      const isLast = at === groups.length - 1 && text.endsWith(group)
      const bytes = isLast ? parseIpv4(group) : undefined
      return bytes && Array.from(bytes)
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  }
}
