/** The data types of SSH (RFC 4251 section 5): written into one buffer, and read with every length checked. */

export function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

export function sshString(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([u32(bytes.length), bytes])
}

/** A list of strings in a string, as certificates hold principals. */
export function sshStrings(values: readonly string[]): Uint8Array {
  return sshString(Buffer.concat(values.map((value) => sshString(value))))
}

/** A number that is not negative, from its bytes without a sign. */
export function mpint(unsigned: Uint8Array): Uint8Array {
  const from = unsigned.findIndex((byte) => byte !== 0)
  if (from === -1) return u32(0)
  const bytes = unsigned.subarray(from)
  return sshString((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes)
}

/** Reads one field after the other; undefined where there is none, or where it says to be longer than what is there. */
export interface SshReader {
  u32(): number | undefined
  string(): Buffer | undefined
  readonly isAtEnd: boolean
}

export function sshReader(bytes: Uint8Array): SshReader {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const number = () => {
    if (from.length - at < 4) return undefined
    at += 4
    return from.readUInt32BE(at - 4)
  }
  return {
    u32: number,
    string() {
      const length = number()
      if (length === undefined || length > from.length - at) return undefined
      at += length
      return from.subarray(at - length, at)
    },
    get isAtEnd() {
      return at === from.length
    },
  }
}
