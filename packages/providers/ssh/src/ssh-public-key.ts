/** Public keys of SSH (RFC 4253 section 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f): from a line of text, and from node:crypto. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { mpint, sshReader, sshString } from './ssh-wire.ts'

export interface SshPublicKey {
  /** E.g. `ssh-ed25519`. */
  readonly type: string
  /** Type and fields, as everything in SSH that names a key holds it. */
  readonly blob: Uint8Array
}

/** @param fields how many strings follow the type */
interface KeyRule {
  readonly fields: number
  isKey(fields: readonly Buffer[]): boolean
}

const minRsaBits = 2_048
/** Larger ones only cost whoever verifies. */
const maxRsaBits = 8_192

const ellipticRule = (curve: string, pointBytes: number, spkiCurve: string): KeyRule => ({
  fields: 2,
  isKey: ([name, point]) =>
    name?.toString('latin1') === curve &&
    point?.length === pointBytes &&
    point[0] === 4 &&
    isOnCurve(spkiCurve, point.subarray(1)),
})

/** Of a security key two more strings follow: what it calls the application; its fields before are those of its kind. */
const rules: Readonly<Record<string, KeyRule>> = {
  'ssh-ed25519': { fields: 1, isKey: ([key]) => key?.length === 32 },
  'ecdsa-sha2-nistp256': ellipticRule('nistp256', 65, 'P-256'),
  'ecdsa-sha2-nistp384': ellipticRule('nistp384', 97, 'P-384'),
  'ecdsa-sha2-nistp521': ellipticRule('nistp521', 133, 'P-521'),
  'ssh-rsa': {
    fields: 2,
    isKey: ([exponent, modulus]) => {
      const bits = modulus === undefined ? 0 : bitsOf(modulus)
      return (
        bits >= minRsaBits && bits <= maxRsaBits && exponent !== undefined && isOdd(exponent) && bitsOf(exponent) <= 64
      )
    },
  },
  'sk-ssh-ed25519@openssh.com': { fields: 2, isKey: ([key]) => key?.length === 32 },
  'sk-ecdsa-sha2-nistp256@openssh.com': {
    fields: 3,
    isKey: ([name, point]) => ellipticRule('nistp256', 65, 'P-256').isKey([name ?? Buffer.of(), point ?? Buffer.of()]),
  },
}

export const holderKeyTypes: readonly string[] = Object.keys(rules)

/**
 * One line as `ssh-keygen` writes it into a `.pub` file; a comment is left out.
 *
 * @returns undefined for what is no key, of a type that is not among `holderKeyTypes`, or weaker than RSA of 2,048 bits
 */
export function parsePublicKeyLine(line: string): SshPublicKey | undefined {
  const [, type = '', base64 = ''] =
    /^([a-z0-9@.-]{1,64}) ([A-Za-z0-9+/]{1,4096}={0,2})(?: [^\r\n]{0,1000})?\r?\n?$/.exec(line) ?? []
  const rule = Object.hasOwn(rules, type) ? rules[type] : undefined
  if (rule === undefined) return undefined
  const blob = Buffer.from(base64, 'base64')
  if (blob.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) return undefined
  const reader = sshReader(blob)
  if (reader.string()?.toString('latin1') !== type) return undefined
  const fields = Array.from({ length: rule.fields }, () => reader.string()).filter((field) => field !== undefined)
  if (fields.length !== rule.fields || !reader.isAtEnd || !rule.isKey(fields)) return undefined
  return { type, blob }
}

export function formatPublicKeyLine({ type, blob }: SshPublicKey, comment?: string): string {
  return `${type} ${Buffer.from(blob).toString('base64')}${comment === undefined ? '' : ` ${comment}`}`
}

/** @returns undefined where SSH knows no such key */
export function sshPublicKeyOf(key: KeyObject): SshPublicKey | undefined {
  const jwk = createPublicKey(key).export({ format: 'jwk' })
  const bytes = (name: 'x' | 'y' | 'n' | 'e') => Buffer.from(String(jwk[name]), 'base64url')
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return withType('ssh-ed25519', sshString(bytes('x')))
  if (jwk.kty === 'RSA') return withType('ssh-rsa', mpint(bytes('e')), mpint(bytes('n')))
  const curve = jwk.kty === 'EC' ? { 'P-256': 'nistp256', 'P-384': 'nistp384' }[String(jwk.crv)] : undefined
  if (curve === undefined) return undefined
  const point = Buffer.concat([Buffer.of(4), bytes('x'), bytes('y')])
  return withType(`ecdsa-sha2-${curve}`, sshString(curve), sshString(point))
}

function withType(type: string, ...fields: readonly Uint8Array[]): SshPublicKey {
  return { type, blob: Buffer.concat([sshString(type), ...fields]) }
}

function bitsOf(positive: Buffer): number {
  if ((positive[0] ?? 0x80) & 0x80) return 0
  const from = positive.findIndex((byte) => byte !== 0)
  return from === -1 ? 0 : (positive.length - from) * 8 - Math.clz32(positive[from] ?? 0) + 24
}

function isOdd(bytes: Buffer): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1
}

function isOnCurve(crv: string, point: Buffer): boolean {
  const half = point.length / 2
  const part = (from: number) => point.subarray(from, from + half).toString('base64url')
  try {
    createPublicKey({ key: { kty: 'EC', crv, x: part(0), y: part(half) }, format: 'jwk' })
    return true
  } catch {
    // Whatever OpenSSL says of it, it is not a point of the curve.
    return false
  }
}
