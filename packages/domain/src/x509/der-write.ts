/**
 * Writing DER (X.690 sections 8, 10 and 11): only the types that X.509 needs.
 *
 * Promise: what is written has one form only. Times are whole seconds in UTC; integers and lengths are minimal.
 * Limit: the members of a SET are written in the order given, so give one, or sort them (X.690 section 11.6).
 * Every function throws `MayflyError` `internal` on a value that has no encoding: its callers check what comes from outside.
 */
import { encodeUtf8 } from '../log/bytes.ts'
import { MayflyError } from '../problem.ts'

export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

const printableShape = /^[A-Za-z0-9 '()+,./:=?-]*$/
const oidShape = /^[0-2](?:\.(?:0|[1-9][0-9]{0,38}))+$/

/** The tag byte of `[number]`: primitive for an IMPLICIT simple type, constructed for an EXPLICIT or structured one. */
export function contextTag(number: number, form: 'primitive' | 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number
}

/** One element: tag, minimal definite length, content. */
export function derElement(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const lengthBytes = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : length < 0x100_0000 ? 3 : 4
  const bytes = allocate(2 + lengthBytes + length)
  bytes[0] = tag
  bytes[1] = lengthBytes === 0 ? length : 0x80 | lengthBytes
  let at = 2
  for (let shift = (lengthBytes - 1) * 8; shift >= 0; shift -= 8) bytes[at++] = (length >>> shift) & 0xff
  for (const part of parts) {
    // Calling out to copy a few bytes costs more than copying them.
    if (part.length > 64) bytes.set(part, at)
    else for (let from = 0; from < part.length; from += 1) bytes[at + from] = part[from] ?? 0
    at += part.length
  }
  return bytes
}

// A typed array of more than 64 bytes costs its engine a microsecond, most of the time of encoding a certificate. So
// elements, which live only until they are copied into the next, are cut from slabs; a slab is never used twice.
const slabSize = 65_536
let slab = new Uint8Array(0)
let slabUsed = 0

function allocate(size: number): Uint8Array {
  if (size <= 64 || size > slabSize / 4) return new Uint8Array(size)
  if (slabUsed + size > slab.length) {
    slab = new Uint8Array(slabSize)
    slabUsed = 0
  }
  slabUsed += size
  return slab.subarray(slabUsed - size, slabUsed)
}

export function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(derTag.sequence, parts)
}

export function derSet(...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(derTag.set, parts)
}

export function derContext(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(contextTag(number, 'constructed'), parts)
}

export function derContextPrimitive(number: number, content: Uint8Array): Uint8Array {
  return derElement(contextTag(number, 'primitive'), [content])
}

export function derBoolean(value: boolean): Uint8Array {
  return Uint8Array.of(derTag.boolean, 1, value ? 0xff : 0x00)
}

export function derNull(): Uint8Array {
  return Uint8Array.of(derTag.null, 0)
}

/** A non-negative integer. */
export function derInteger(value: number | bigint): Uint8Array {
  if (value < 0 || (typeof value === 'number' && !Number.isSafeInteger(value))) throw noEncoding('an integer')
  const bytes: number[] = []
  for (let rest = BigInt(value); rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn))
  return derUnsigned(Uint8Array.from(bytes))
}

/** A non-negative integer from its bytes, big end first. */
export function derUnsigned(bytes: Uint8Array): Uint8Array {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1
  const magnitude = from === 0 ? bytes : bytes.subarray(from)
  const needsSign = magnitude.length === 0 || (magnitude[0] ?? 0) >= 0x80
  return derElement(derTag.integer, needsSign ? [Uint8Array.of(0), magnitude] : [magnitude])
}

export function derEnumerated(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0x7f) throw noEncoding('an enumerated value')
  return Uint8Array.of(derTag.enumerated, 1, value)
}

export function derOid(dotted: string): Uint8Array {
  const [first = 0n, second, ...rest] = oidShape.test(dotted) ? dotted.split('.').map(BigInt) : []
  if (second === undefined || (first < 2n && second > 39n)) throw noEncoding('an object identifier')
  const bytes: number[] = []
  for (const arc of [first * 40n + second, ...rest]) {
    const digits = [Number(arc & 0x7fn)]
    for (let left = arc >> 7n; left > 0n; left >>= 7n) digits.unshift(0x80 | Number(left & 0x7fn))
    bytes.push(...digits)
  }
  return derElement(derTag.oid, [Uint8Array.from(bytes)])
}

/** Whole bytes: a key or a signature. */
export function derBitString(bytes: Uint8Array): Uint8Array {
  return derElement(derTag.bitString, [Uint8Array.of(0), bytes])
}

/** Named bits (X.690 section 11.2.2): the last bit written is one, none is written where none is set. */
export function derNamedBits(positions: readonly number[]): Uint8Array {
  const last = Math.max(-1, ...positions)
  const bytes = new Uint8Array(2 + (last >> 3))
  if (last < 0) return derElement(derTag.bitString, [Uint8Array.of(0)])
  bytes[0] = 7 - (last & 7)
  for (const position of positions) {
    const at = 1 + (position >> 3)
    bytes[at] = (bytes[at] ?? 0) | (0x80 >> (position & 7))
  }
  return derElement(derTag.bitString, [bytes])
}

export function derOctetString(...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(derTag.octetString, parts)
}

export function derUtf8String(text: string): Uint8Array {
  if (!text.isWellFormed()) throw noEncoding('a UTF-8 string')
  return derElement(derTag.utf8String, [encodeUtf8(text)])
}

export function derPrintableString(text: string): Uint8Array {
  if (!printableShape.test(text)) throw noEncoding('a printable string')
  return derElement(derTag.printableString, [asciiBytes(text)])
}

export function derIa5String(text: string): Uint8Array {
  return derElement(derTag.ia5String, [asciiBytes(text)])
}

/** Visible ASCII and the space: no control characters, so that no reader stops at a NUL that another reads past. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) throw noEncoding('an ASCII string')
    bytes[at] = code
  }
  return bytes
}

/** UTCTime through the year 2049, GeneralizedTime after it (RFC 5280 section 4.1.2.5). Parts of a second are dropped. */
export function derTime(time: Date): Uint8Array {
  const year = time.getUTCFullYear()
  return year >= 1950 && year < 2050 ? timeElement(derTag.utcTime, year % 100, 2, time) : derGeneralizedTime(time)
}

export function derGeneralizedTime(time: Date): Uint8Array {
  const year = time.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw noEncoding('a time')
  return timeElement(derTag.generalizedTime, year, 4, time)
}

function timeElement(tag: number, year: number, yearDigits: 2 | 4, time: Date): Uint8Array {
  const bytes = new Uint8Array(yearDigits + 13)
  bytes[0] = tag
  bytes[1] = yearDigits + 11
  let at = 2
  const put = (value: number): void => {
    bytes[at++] = 0x30 + Math.floor(value / 10)
    bytes[at++] = 0x30 + (value % 10)
  }
  if (yearDigits === 4) put(Math.floor(year / 100))
  put(year % 100)
  put(time.getUTCMonth() + 1)
  put(time.getUTCDate())
  put(time.getUTCHours())
  put(time.getUTCMinutes())
  put(time.getUTCSeconds())
  bytes[at] = 0x5a
  return bytes
}

function noEncoding(what: string): MayflyError {
  return new MayflyError('internal', { log: `a value cannot be written as ${what} in DER` })
}
