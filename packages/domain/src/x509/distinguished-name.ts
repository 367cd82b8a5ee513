/**
 * Distinguished names (X.501, RFC 5280 section 4.1.2.4).
 *
 * Names are compared byte by byte, as RFC 5280 section 4.1.2.6 obliges an authority to write its own name in one way
 * wherever it stands. Case folding (section 7.1) could only make more names equal.
 */
import { encodeHex } from '../log/bytes.ts'
import { MayflyError } from '../problem.ts'
import { DerFault, type DerNode } from './der-read.ts'
import { latin1, readAscii, readOid, readSequence, readSequenceFields, requireTag } from './der-values.ts'
import { derIa5String, derOid, derPrintableString, derSequence, derSet, derTag, derUtf8String } from './der-write.ts'
import { oid } from './object-identifiers.ts'
import { decodeUtf8Strictly } from './text.ts'

/** The short names of RFC 4514 section 3, and `serialNumber` and `emailAddress`. */
const attributeOids = {
  CN: oid.commonName,
  serialNumber: oid.serialNumber,
  C: oid.countryName,
  L: oid.localityName,
  ST: oid.stateOrProvinceName,
  O: oid.organizationName,
  OU: oid.organizationalUnitName,
  DC: oid.domainComponent,
  emailAddress: oid.emailAddress,
} as const

export type NameAttributeType = keyof typeof attributeOids

/** One attribute to be written, each in a set of its own. */
export interface NameAttribute {
  readonly type: NameAttributeType
  readonly value: string
}

export interface ReadNameAttribute {
  readonly oid: string
  readonly type: NameAttributeType | undefined
  /** Text; where the type is not one of text, `#` and the element in hexadecimal (RFC 4514 section 2.4). */
  readonly value: string
}

export interface DistinguishedName {
  readonly der: Uint8Array
  /** In the order of the encoding, the most significant first. */
  readonly attributes: readonly ReadNameAttribute[]
  /** RFC 4514: the most significant last. For people; compare `der`. */
  readonly text: string
}

const typeByOid = new Map<string, NameAttributeType>(
  Object.entries(attributeOids).map(([type, value]) => [value, type as NameAttributeType]),
)
const encodedOids = new Map(Object.entries(attributeOids).map(([type, value]) => [type, derOid(value)]))
/** RFC 5280 appendix A.1, ub-common-name and its like. */
const maxValueLength = 64

/** @throws MayflyError `internal`: a value is empty, longer than 64 characters, or not of its type's characters */
export function encodeName(attributes: readonly NameAttribute[]): Uint8Array {
  return derSequence(
    ...attributes.map(({ type, value }) => {
      const encodedOid = encodedOids.get(type)
      if (encodedOid === undefined || value.length === 0 || value.length > maxValueLength) {
        throw new MayflyError('internal', {
          log: `a name's ${type} is empty or longer than ${maxValueLength} characters`,
        })
      }
      return derSet(derSequence(encodedOid, encodeValue(type, value)))
    }),
  )
}

function encodeValue(type: NameAttributeType, value: string): Uint8Array {
  if (type === 'C' && !/^[A-Z]{2}$/.test(value)) {
    throw new MayflyError('internal', { log: 'a country is not two upper-case letters' })
  }
  if (type === 'C' || type === 'serialNumber') return derPrintableString(value)
  return type === 'DC' || type === 'emailAddress' ? derIa5String(value) : derUtf8String(value)
}

/** @throws DerFault */
export function readName(node: DerNode, what: string): DistinguishedName {
  const sets = readSequence(node, what).map((set) =>
    requireTag(set, derTag.set, what).children.map((attribute): ReadNameAttribute => {
      const fields = readSequenceFields(attribute, what)
      const type = readOid(fields.take('a type'), `a type in ${what}`)
      const value = readValue(fields.take('a value'), what)
      fields.end()
      return { oid: type, type: typeByOid.get(type), value }
    }),
  )
  if (sets.some((set) => set.length === 0)) throw new DerFault(`${what} holds an empty set`)
  const text = sets
    .map((set) => set.map(({ oid, type, value }) => `${type ?? oid}=${escapeValue(value)}`).join('+'))
    .toReversed()
    .join(',')
  return { der: node.bytes, attributes: sets.flat(), text }
}

function readValue(node: DerNode, what: string): string {
  switch (node.tag) {
    case derTag.utf8String:
      return requireText(decodeUtf8Strictly(node.content), what)
    case derTag.printableString:
    case derTag.ia5String:
      return readAscii(node, what)
    case derTag.teletexString:
      return requireText(latin1(node.content), what)
    case derTag.bmpString:
      return requireText(utf16(node.content), what)
    default:
      return `#${encodeHex(node.bytes)}`
  }
}

function utf16(bytes: Uint8Array): string | undefined {
  if (bytes.length % 2 !== 0) return undefined
  let text = ''
  for (let at = 0; at < bytes.length; at += 2)
    text += String.fromCharCode((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0))
  return text.isWellFormed() ? text : undefined
}

function requireText(text: string | undefined, what: string): string {
  // oxlint-disable-next-line no-control-regex
  if (text === undefined || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new DerFault(`${what} holds a character that it must not`)
  }
  return text
}

/** RFC 4514 section 2.4. */
function escapeValue(value: string): string {
  return value.replaceAll(/[\\",;+<>=]|^[ #]| $/g, (character) => `\\${character}`)
}
