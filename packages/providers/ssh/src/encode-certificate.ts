/** Certificates of OpenSSH (PROTOCOL.certkeys, version 01): for users and for hosts. */
import { randomBytes } from 'node:crypto'
import type { SshPublicKey } from './ssh-public-key.ts'
import type { SshSigner } from './ssh-signer.ts'
import { sshReader, sshString, sshStrings, u32, u64 } from './ssh-wire.ts'

export interface SshCertificate {
  readonly publicKey: SshPublicKey
  readonly type: 'user' | 'host'
  readonly serial: bigint
  /** What a host's log calls it. */
  readonly keyId: string
  /** Never empty: to OpenSSH none would mean all. */
  readonly principals: readonly string[]
  readonly validAfter: Date
  /** From this second on it is refused. */
  readonly validBefore: Date
  readonly criticalOptions: Readonly<Record<string, string>>
  /** Names alone, e.g. `permit-pty`. */
  readonly extensions: readonly string[]
}

const typeNumbers = { user: 1, host: 2 } as const

/** @returns the certificate as a key: its type and its blob */
export function encodeCertificate(signer: SshSigner, certificate: SshCertificate): SshPublicKey {
  const { publicKey, principals } = certificate
  if (principals.length === 0) throw new RangeError('a certificate without principals would be good for all')
  const type = certificateTypeOf(publicKey.type)
  const body = Buffer.concat([
    sshString(type),
    // Against collisions: nobody who asks for a certificate can know what is signed.
    sshString(randomBytes(32)),
    fieldsOf(publicKey),
    u64(certificate.serial),
    u32(typeNumbers[certificate.type]),
    sshString(certificate.keyId),
    sshStrings(principals),
    u64(seconds(certificate.validAfter)),
    u64(seconds(certificate.validBefore)),
    sshString(
      // In the order of their names, as the format wants it.
      Buffer.concat(
        Object.entries(certificate.criticalOptions)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .flatMap(([name, value]) => [sshString(name), sshString(sshString(value))]),
      ),
    ),
    sshString(Buffer.concat([...certificate.extensions].sort().flatMap((name) => [sshString(name), sshString('')]))),
    sshString(''),
    sshString(signer.publicKey.blob),
  ])
  return { type, blob: Buffer.concat([body, sshString(signer.sign(body))]) }
}

function certificateTypeOf(keyType: string): string {
  const [name = '', vendor] = keyType.split('@')
  return vendor === undefined ? `${name}-cert-v01@openssh.com` : `${name}-cert-v01@${vendor}`
}

/** The blob without its type. */
function fieldsOf({ type, blob }: SshPublicKey): Uint8Array {
  const reader = sshReader(blob)
  const first = reader.string()
  if (first?.toString('latin1') !== type) throw new RangeError('a key blob begins with its type')
  return blob.subarray(4 + first.length)
}

function seconds(at: Date): bigint {
  return BigInt(Math.floor(at.getTime() / 1_000))
}
