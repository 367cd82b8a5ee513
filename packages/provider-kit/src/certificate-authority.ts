/** The authority of a resource: from PEM to its parts, and from nothing to a new one that signs itself; and how it numbers. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import {
  type Certificate,
  type CredentialId,
  emptyName,
  encodeCertificate,
  encodePem,
  isX509Fault,
  type KeyUsage,
  parseCertificate,
  parsePemOf,
} from '@mayfly/domain'
import { isKeyAllowed } from './verify-signature.ts'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from './x509-signer.ts'

const dayMs = 86_400_000
/** Clocks of verifiers may be behind. */
export const authorityBackdateMs = 300_000

/** @returns undefined where the text is not one certificate */
export function readCertificatePem(text: string): Certificate | undefined {
  const pem = parsePemOf('CERTIFICATE', text)
  if (isX509Fault(pem) || pem.ders.length !== 1) return undefined
  const certificate = parseCertificate(pem.ders[0] ?? emptyName)
  return isX509Fault(certificate) ? undefined : certificate
}

/** @returns undefined where the text is no private key, or one that is not allowed */
export function readPrivateKeyPem(text: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(text)
    return isKeyAllowed(publicKeyInfoOf(createPublicKey(key))) ? key : undefined
  } catch {
    // What is no key has no better reason to give: OpenSSL's would quote what was entered.
    return undefined
  }
}

export interface NewAuthority {
  /** DER, told from the identifier of the fresh key where it needs something of its own. */
  readonly nameOf: (keyId: Uint8Array) => Uint8Array
  readonly keyType: 'P-256' | 'P-384'
  readonly lifetimeDays: number
  readonly keyUsage: readonly KeyUsage[]
}

/** A self-signed authority with a fresh key; nothing stands below it but what it signs itself. Both in PEM. */
export function makeAuthority(
  { nameOf, keyType, lifetimeDays, keyUsage }: NewAuthority,
  now: Date,
): { readonly certificatePem: string; readonly keyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: keyType })
  const info = publicKeyInfoOf(publicKey)
  const keyId = keyIdOf(info)
  const name = nameOf(keyId)
  const der = encodeCertificate(
    { signer: x509SignerOfKey(privateKey), name, keyId },
    {
      serialNumber: makeAuthoritySerialNumber(),
      subject: name,
      notBefore: new Date(now.getTime() - authorityBackdateMs),
      notAfter: new Date(now.getTime() + lifetimeDays * dayMs),
      publicKey: info,
      subjectKeyId: keyId,
      basicConstraints: { isCa: true, maxPathLength: 0 },
      keyUsage,
    },
  )
  return {
    certificatePem: encodePem('CERTIFICATE', der),
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}

/**
 * A certificate's serial number is the id of its credential: 128 bits, positive since the first of a UUID of version 7 is
 * 0 until the year 6429 (RFC 9562 section 5.7). So the row stands before the certificate (law 1), and a list needs to ask
 * nobody which number was whose. 74 of the bits are random; the Baseline Requirements want 64.
 */
export function serialNumberOf(credentialId: CredentialId): string {
  return credentialId.replaceAll('-', '').replace(/^(?:00)+/, '')
}

/** Back from the number; undefined where no credential has one like it. */
export function credentialOfSerial(serialNumber: string): CredentialId | undefined {
  const hex = serialNumber.padStart(32, '0')
  if (!/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(hex)) return undefined
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return parts.join('-') as CredentialId
}

/** 158 bits, positive (RFC 5280 section 4.1.2.2); no credential has one like it. */
function makeAuthoritySerialNumber(): string {
  const bytes = randomBytes(20)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}
