/** Serial numbers (RFC 5280 section 4.1.2.2): positive, at most 20 bytes. Text: lower-case hexadecimal, whole bytes. */
import { encodeHex } from '../log/bytes.ts'
import { MayflyError } from '../problem.ts'
import { type DerElement, DerFault } from './der-read.ts'
import { readUnsigned } from './der-values.ts'
import { derUnsigned } from './der-write.ts'

/** At most 20 bytes as written, so that the first bit of 20 is free for the sign. */
const maxSizeBytes = 20

export function serialNumberText(bytes: Uint8Array): string {
  return encodeHex(bytes)
}

/** @param text hexadecimal, whole bytes. @throws MayflyError `internal`: not a serial number */
export function encodeSerialNumber(text: string): Uint8Array {
  const encoded = /^(?:[0-9a-f]{2}){1,20}$/.test(text) ? derUnsigned(hexBytes(text)) : undefined
  if (encoded === undefined || encoded.length > 2 + maxSizeBytes || /^0+$/.test(text)) {
    throw new MayflyError('internal', { log: 'a serial number is not a positive number of at most 20 bytes' })
  }
  return encoded
}

/** @throws DerFault */
export function readSerialNumber(element: DerElement): string {
  const bytes = readUnsigned(element, 'its serial number')
  if (element.content.length > maxSizeBytes) throw new DerFault('its serial number is longer than 20 bytes')
  if (bytes.length === 1 && bytes[0] === 0) throw new DerFault('its serial number is zero')
  return serialNumberText(bytes)
}

function hexBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (digitAt(text, at * 2) << 4) | digitAt(text, at * 2 + 1)
  return bytes
}

/** Of a text that has been judged: a revocation list reads thousands. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 0x3a ? code - 0x30 : code - 0x57
}
