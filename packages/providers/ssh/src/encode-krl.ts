/**
 * Key revocation lists of OpenSSH (PROTOCOL.krl, version 1): serial numbers of certificates, authority by authority.
 *
 * Serials alone, as lists: the bitmaps that ssh-keygen 9.2 writes for dense serials cannot be read back by sshd, which
 * then refuses everybody; key ids would take 25 times as long to look through.
 */
import { sshString, u32, u64 } from './ssh-wire.ts'

export interface KeyRevocationList {
  /** Grows from list to list. */
  readonly number: number
  readonly generatedAt: Date
  /** By each of these authorities. */
  readonly authorities: readonly { readonly blob: Uint8Array }[]
  /** No `0`: OpenSSH takes it for "no serial". */
  readonly serials: readonly bigint[]
}

const magic = 0x5353_484b_524c_0a00n
const formatVersion = 1
const section = { certificates: 1, serialList: 0x20 } as const

export function encodeKrl({ number, generatedAt, authorities, serials }: KeyRevocationList): Uint8Array {
  const list = Buffer.alloc(serials.length * 8)
  const sorted = serials.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  for (const [at, serial] of sorted.entries()) list.writeBigUInt64BE(serial, at * 8)
  return Buffer.concat([
    u64(magic),
    u32(formatVersion),
    u64(BigInt(number)),
    u64(BigInt(Math.floor(generatedAt.getTime() / 1_000))),
    u64(0n),
    sshString(''),
    sshString('mayfly'),
    // A section of no serials would be refused as damaged.
    ...(serials.length === 0
      ? []
      : authorities.map(({ blob }) =>
          Buffer.concat([
            Buffer.of(section.certificates),
            sshString(Buffer.concat([sshString(blob), sshString(''), Buffer.of(section.serialList), sshString(list)])),
          ]),
        )),
  ])
}
