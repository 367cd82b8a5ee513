/**
 * A certificate's serial number is the id of its credential: 128 bits, positive since the first of a UUID of version 7 is
 * 0 until the year 6429 (RFC 9562 section 5.7). So the row stands before the certificate (law 1), and a list needs to ask
 * nobody which number was whose. 74 of the bits are random; the Baseline Requirements want 64.
 */
import { randomBytes } from 'node:crypto'
import type { CredentialId } from '@mayfly/domain'

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

/** Of the authority itself: no credential has it. */
export function makeCaSerialNumber(): string {
  const bytes = randomBytes(20)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}
