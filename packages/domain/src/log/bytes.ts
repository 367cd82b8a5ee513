/**
 * Bytes and their text forms. Written here because the log formats run in a browser too, where `Buffer` is not.
 */
import { MayflyError } from '../problem.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const valueOf = new Map(Array.from(alphabet, (letter, value) => [letter, value]))
const base64Shape = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const encoder = new TextEncoder()
// `ignoreBOM` keeps a byte order mark in the text, where the parsers refuse it, rather than dropping it silently.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const letterCodes = encoder.encode(alphabet)

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** @throws MayflyError `audit_verification_failed`: the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new MayflyError('audit_verification_failed', { publicDetail: 'the bytes are not UTF-8', cause })
  }
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** Not constant-time: for public hashes only, never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function encodeHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexOfByte[byte]
  return text
}

/** Standard alphabet with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  // As bytes and then at once: a text that grows letter by letter costs four times as much, and lists are long.
  const letters = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  let to = 0
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let shift = 18; shift >= 0; shift -= 6) letters[to++] = letterCodes[(group >> shift) & 63] ?? 0
  }
  const padding = (3 - (bytes.length % 3)) % 3
  letters.fill(0x3d, to - padding)
  return decoder.decode(letters)
}

/**
 * Reads standard base64 with padding (RFC 4648 section 4). Bits that stand for nothing must be zero (section 3.5), so
 * that one sequence of bytes has one text only.
 *
 * @throws MayflyError `audit_verification_failed`: not base64
 */
export function decodeBase64(text: string): Uint8Array {
  if (!base64Shape.test(text)) throw notBase64()
  const letters = text.replace(/=+$/, '')
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4))
  let held = 0
  let bits = 0
  let at = 0
  for (const letter of letters) {
    held = ((held << 6) | (valueOf.get(letter) ?? 0)) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0) throw notBase64()
  return bytes
}

function notBase64(): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail: 'a value is not standard base64 with padding' })
}

/** URL-safe alphabet without padding (RFC 7515 section 2). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** @throws MayflyError `audit_verification_failed`: not base64url without padding */
export function decodeBase64Url(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw notBase64()
  const padded = text.padEnd(Math.ceil(text.length / 4) * 4, '=')
  return decodeBase64(padded.replaceAll('-', '+').replaceAll('_', '/'))
}
