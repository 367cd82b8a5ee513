/**
 * The values of DER elements. Every function throws `DerFault` where the element is another one, or its value is not in
 * the one form that DER allows. `what` names the element in the fault, e.g. `its serial number`.
 */
import { DerFault, type DerElement, type DerNode } from './der-read.ts'
import { derOid, derTag } from './der-write.ts'
import { oid } from './object-identifiers.ts'

/** The elements of a structure, taken one by one, since optional ones are told apart by their tags. */
export interface FieldReader<Element extends DerElement> {
  take(what: string): Element
  takeIf(tag: number): Element | undefined
  /** Refuses what is left. */
  end(): void
}

export function readFields<Element extends DerElement>(elements: readonly Element[], of: string): FieldReader<Element> {
  let at = 0
  return {
    take(what) {
      const element = elements[at++]
      if (element === undefined) throw new DerFault(`${of} lacks ${what}`)
      return element
    },
    takeIf(tag) {
      const element = elements[at]
      if (element?.tag !== tag) return undefined
      at += 1
      return element
    },
    end() {
      if (at < elements.length) throw new DerFault(`${of} holds more than it may`)
    },
  }
}

export function requireTag<Element extends DerElement>(element: Element, tag: number, what: string): Element {
  if (element.tag !== tag) throw new DerFault(`${what} has another type than it must`)
  return element
}

/** The children of a SEQUENCE, at least `min`. */
export function readSequence(node: DerNode, what: string, min = 0): readonly DerNode[] {
  requireTag(node, derTag.sequence, what)
  if (node.children.length < min) throw new DerFault(`${what} is empty`)
  return node.children
}

export function readSequenceFields(node: DerNode, what: string): FieldReader<DerNode> {
  return readFields(readSequence(node, what), what)
}

/** The one element within an EXPLICIT tag. */
export function readOnlyChild(node: DerNode, what: string): DerNode {
  const [only, more] = node.children
  if (only === undefined || more !== undefined) throw new DerFault(`${what} does not hold exactly one element`)
  return only
}

/** X.690 section 11.1. */
export function readBoolean(element: DerElement, what: string): boolean {
  requireTag(element, derTag.boolean, what)
  const [value, more] = element.content
  if (more !== undefined || (value !== 0x00 && value !== 0xff)) throw new DerFault(`${what} is not a boolean`)
  return value === 0xff
}

/** The bytes of a non-negative integer, big end first, without the byte that only holds its sign. */
export function readUnsigned(element: DerElement, what: string, tag: number = derTag.integer): Uint8Array {
  requireTag(element, tag, what)
  const [first, second = 0] = element.content
  if (first === undefined) throw new DerFault(`${what} is empty`)
  if (first >= 0x80) throw new DerFault(`${what} is negative`)
  if (first !== 0 || element.content.length === 1) return element.content
  if (second < 0x80) throw new DerFault(`${what} is not minimal`)
  return element.content.subarray(1)
}

/** @param max at most 2^32 - 1 */
export function readSmallUnsigned(
  element: DerElement,
  max: number,
  what: string,
  tag: number = derTag.integer,
): number {
  const bytes = readUnsigned(element, what, tag)
  const value = bytes.length > 4 ? Infinity : bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  if (value > max) throw new DerFault(`${what} is larger than ${max}`)
  return value
}

/** Those that are met all the time, by their encoding: taking it apart costs more than all else in an element. */
const knownOids = new Map<string, string>(
  Object.values(oid).map((dotted) => [latin1(derOid(dotted).subarray(2)), dotted]),
)

export function readOid(element: DerElement, what: string): string {
  requireTag(element, derTag.oid, what)
  const { content } = element
  const known = content.length <= 12 ? knownOids.get(latin1(content)) : undefined
  if (known !== undefined) return known
  if (content.length === 0 || content.length > 64 || (content.at(-1) ?? 0) >= 0x80) {
    throw new DerFault(`${what} is not an object identifier`)
  }
  const arcs: (number | bigint)[] = []
  let arc: number | bigint = 0
  let isStart = true
  for (const byte of content) {
    if (isStart && byte === 0x80) throw new DerFault(`${what} is not minimal`)
    // Beyond this, one more step would leave what a number holds exactly.
    if (typeof arc === 'number' && arc > 2 ** 45) arc = BigInt(arc)
    arc = typeof arc === 'number' ? arc * 128 + (byte & 0x7f) : arc * 128n + BigInt(byte & 0x7f)
    isStart = byte < 0x80
    if (!isStart) continue
    if (arcs.length === 0) {
      const first = arc < 40 ? 0 : arc < 80 ? 1 : 2
      arcs.push(first, typeof arc === 'number' ? arc - first * 40 : arc - BigInt(first * 40))
    } else arcs.push(arc)
    arc = 0
  }
  return arcs.join('.')
}

/** A bit string of whole bytes: a key or a signature. */
export function readBitString(element: DerElement, what: string): Uint8Array {
  requireTag(element, derTag.bitString, what)
  if (element.content[0] !== 0) throw new DerFault(`${what} is not a whole number of bytes`)
  return element.content.subarray(1)
}

/** The positions of the bits that are set, as in KeyUsage. */
export function readNamedBits(element: DerElement, what: string): number[] {
  const [unusedBits = 8] = element.content
  const bytes = element.content.subarray(1)
  const last = bytes.at(-1) ?? 0
  if (unusedBits > 7 || (bytes.length === 0 && unusedBits > 0) || (last & ((1 << unusedBits) - 1)) !== 0) {
    throw new DerFault(`${what} is not a bit string`)
  }
  if (bytes.length > 4) throw new DerFault(`${what} is too long`)
  return Array.from({ length: bytes.length * 8 }, (_, at) => at).filter(
    (at) => ((bytes[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0,
  )
}

export function readOctetString(element: DerElement, what: string): Uint8Array {
  return requireTag(element, derTag.octetString, what).content
}

/** Visible ASCII, whatever the tag. A NUL is refused: some readers stop at it, others do not. */
export function readAscii(element: DerElement, what: string): string {
  for (const byte of element.content)
    if (byte < 0x20 || byte > 0x7e) throw new DerFault(`${what} holds a character that it must not`)
  return latin1(element.content)
}

export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** UTCTime or GeneralizedTime, with seconds and in UTC (RFC 5280 section 4.1.2.5). */
export function readTime(element: DerElement, what: string): Date {
  const text = element.content.length <= 15 ? latin1(element.content) : ''
  const isUtcTime = element.tag === derTag.utcTime
  if (!isUtcTime && element.tag !== derTag.generalizedTime) throw new DerFault(`${what} is not a time`)
  if (!(isUtcTime ? /^[0-9]{12}Z$/ : /^[0-9]{14}Z$/).test(text)) throw new DerFault(`${what} is not a time in UTC`)
  const digits = isUtcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)Z$/.exec(digits) ?? []
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // A day that does not exist would roll over into the next month.
  if (Number.isNaN(time.getTime()) || time.getUTCDate() !== Number(day)) throw new DerFault(`${what} does not exist`)
  return time
}
