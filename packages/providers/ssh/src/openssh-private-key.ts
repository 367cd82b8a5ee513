/** Private keys in OpenSSH's own format (PROTOCOL.key), Ed25519 without a passphrase: what a holder's `ssh` reads. */
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { sshPublicKeyOf } from './ssh-public-key.ts'
import { sshReader, sshString, u32 } from './ssh-wire.ts'

const magic = Buffer.from('openssh-key-v1\0')
const begin = '-----BEGIN OPENSSH PRIVATE KEY-----'
const end = '-----END OPENSSH PRIVATE KEY-----'

/** @throws RangeError the key is not one of Ed25519 */
export function formatOpensshPrivateKey(key: KeyObject, comment: string): string {
  const publicKey = sshPublicKeyOf(key)
  const { d, x } = key.export({ format: 'jwk' })
  if (publicKey?.type !== 'ssh-ed25519' || d === undefined || x === undefined) throw new RangeError('not Ed25519')
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]
  const check = randomBytes(4)
  const plain = Buffer.concat([
    check,
    check,
    sshString(publicKey.type),
    sshString(point),
    sshString(Buffer.concat([seed, point])),
    sshString(comment),
  ])
  // Filled up to the block of no cipher at all.
  const padding = Buffer.from(Array.from({ length: (8 - (plain.length % 8)) % 8 }, (_, at) => at + 1))
  const bytes = Buffer.concat([
    magic,
    sshString('none'),
    sshString('none'),
    sshString(''),
    u32(1),
    sshString(publicKey.blob),
    sshString(Buffer.concat([plain, padding])),
  ])
  return [begin, ...(bytes.toString('base64').match(/.{1,70}/g) ?? []), end, ''].join('\n')
}

/** @returns undefined for what is not one Ed25519 key without a passphrase in this format */
export function parseOpensshPrivateKey(text: string): KeyObject | undefined {
  const [, base64] = new RegExp(`^${begin}\\r?\\n([A-Za-z0-9+/=\\r\\n]{1,20000})\\r?\\n${end}\\s*$`).exec(text) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined
  const outer = sshReader(bytes.subarray(magic.length))
  const [cipher, kdf] = [outer.string()?.toString(), outer.string()?.toString()]
  outer.string()
  if (cipher !== 'none' || kdf !== 'none' || outer.u32() !== 1) return undefined
  outer.string()
  const inner = sshReader(outer.string() ?? new Uint8Array(0))
  const checks = [inner.u32(), inner.u32()]
  if (checks[0] === undefined || checks[0] !== checks[1] || inner.string()?.toString() !== 'ssh-ed25519')
    return undefined
  inner.string()
  const pair = inner.string()
  if (pair?.length !== 64) return undefined
  const [d, x] = [pair.subarray(0, 32).toString('base64url'), pair.subarray(32).toString('base64url')]
  try {
    return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' })
  } catch {
    // Bytes that are no key have no better reason to give.
    return undefined
  }
}
