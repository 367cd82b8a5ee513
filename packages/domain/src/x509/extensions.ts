/** Extensions (RFC 5280 section 4.2): the frame, and the values that are not large enough for a file of their own. */
import { MayflyError } from '../problem.ts'
import { DerFault, type DerNode, readDer } from './der-read.ts'
import {
  readBoolean,
  readFields,
  readOctetString,
  readOid,
  readSequence,
  readSequenceFields,
  readSmallUnsigned,
  readUnsigned,
} from './der-values.ts'
import {
  contextTag,
  derBoolean,
  derContext,
  derContextPrimitive,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derTag,
} from './der-write.ts'
import { encodeGeneralNames, generalNameTag, readGeneralNames } from './general-names.ts'
import { oid } from './object-identifiers.ts'
import { serialNumberText } from './serial-number.ts'

export interface Extension {
  readonly critical: boolean
  /** DER, as it lies within the OCTET STRING. */
  readonly value: Uint8Array
}

// Encoding an object identifier costs as much as all else in an extension.
const encodedOids = new Map<string, Uint8Array>(Object.values(oid).map((type) => [type, derOid(type)]))

export function encodeExtension(type: string, critical: 'critical' | 'not-critical', value: Uint8Array): Uint8Array {
  // DER leaves out what is the default.
  const encodedType = encodedOids.get(type) ?? derOid(type)
  return critical === 'critical'
    ? derSequence(encodedType, derBoolean(true), derOctetString(value))
    : derSequence(encodedType, derOctetString(value))
}

/** By object identifier. A type that occurs twice is refused (RFC 5280 section 4.2). @throws DerFault */
export function readExtensions(node: DerNode, what: string): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>()
  for (const extension of readSequence(node, what, 1)) {
    const fields = readSequenceFields(extension, `an extension in ${what}`)
    const type = readOid(fields.take('a type'), `the type of an extension in ${what}`)
    const critical = fields.takeIf(derTag.boolean)
    const value = readOctetString(fields.take('a value'), `an extension in ${what}`)
    fields.end()
    if (extensions.has(type)) throw new DerFault(`${what} hold the extension ${type} twice`)
    extensions.set(type, {
      critical: critical !== undefined && readBoolean(critical, `an extension in ${what}`),
      value,
    })
  }
  return extensions
}

/** Reads the value of one extension, where it is there. @throws DerFault */
export function readExtension<T>(
  extensions: ReadonlyMap<string, Extension>,
  type: string,
  read: (node: DerNode) => T,
): T | undefined {
  const extension = extensions.get(type)
  return extension && read(readDer(extension.value))
}

export interface BasicConstraints {
  readonly isCa: boolean
  /** How many further authorities may follow, not counting the leaf. */
  readonly maxPathLength?: number
}

export function encodeBasicConstraints({ isCa, maxPathLength }: BasicConstraints): Uint8Array {
  if (!isCa && maxPathLength !== undefined) {
    throw new MayflyError('internal', { log: 'a path length has no meaning in a certificate that is no authority' })
  }
  return derSequence(
    ...(isCa ? [derBoolean(true)] : []),
    ...(maxPathLength === undefined ? [] : [derInteger(maxPathLength)]),
  )
}

/** @throws DerFault */
export function readBasicConstraints(node: DerNode): BasicConstraints {
  const what = 'its basic constraints'
  const fields = readSequenceFields(node, what)
  const ca = fields.takeIf(derTag.boolean)
  const length = fields.takeIf(derTag.integer)
  fields.end()
  const isCa = ca !== undefined && readBoolean(ca, what)
  if (length === undefined) return { isCa }
  if (!isCa) throw new DerFault('its basic constraints have a path length, but it is no authority')
  return { isCa, maxPathLength: readSmallUnsigned(length, 0xffff, 'its path length') }
}

export interface AuthorityKeyId {
  readonly keyId: Uint8Array | undefined
  /** Of the issuer's own certificate. */
  readonly serialNumber: string | undefined
}

/** @throws DerFault */
export function readAuthorityKeyId(node: DerNode): AuthorityKeyId {
  const what = 'its authority key identifier'
  const fields = readSequenceFields(node, what)
  const keyId = fields.takeIf(contextTag(0, 'primitive'))
  fields.takeIf(contextTag(1, 'constructed'))
  const serial = fields.takeIf(contextTag(2, 'primitive'))
  fields.end()
  return {
    keyId: keyId?.content,
    serialNumber: serial && serialNumberText(readUnsigned(serial, what, serial.tag)),
  }
}

export function encodeAuthorityKeyId(keyId: Uint8Array): Uint8Array {
  return derSequence(derContextPrimitive(0, keyId))
}

export interface DistributionPoint {
  readonly uris: readonly string[]
  /** True where it serves only some reasons, or lists of another issuer: not a whole list for this certificate. */
  readonly isPartial: boolean
}

export function encodeDistributionPoints(uris: readonly string[]): Uint8Array {
  return derSequence(
    ...uris.map((uri) => derSequence(derContext(0, derContext(0, ...encodeGeneralNames({ uri: [uri] }))))),
  )
}

/** @throws DerFault */
export function readDistributionPoints(node: DerNode): readonly DistributionPoint[] {
  const what = 'its CRL distribution points'
  return readSequence(node, what, 1).map((point) => {
    const fields = readSequenceFields(point, what)
    const name = fields.takeIf(contextTag(0, 'constructed'))
    const reasons = fields.takeIf(contextTag(1, 'primitive'))
    const crlIssuer = fields.takeIf(contextTag(2, 'constructed'))
    fields.end()
    return {
      uris: name === undefined ? [] : readDistributionPointName(name, what),
      isPartial: reasons !== undefined || crlIssuer !== undefined,
    }
  })
}

/** The URIs of a DistributionPointName within its tag; a name relative to the issuer's has none. @throws DerFault */
export function readDistributionPointName(node: DerNode, what: string): readonly string[] {
  const fields = readFields(node.children, what)
  const fullName = fields.takeIf(contextTag(0, 'constructed'))
  if (fullName === undefined) fields.takeIf(contextTag(1, 'constructed'))
  fields.end()
  return fullName === undefined ? [] : readGeneralNames(fullName.children, what).uri
}

export interface AuthorityInfoAccess {
  readonly ocsp?: readonly string[]
  readonly caIssuers?: readonly string[]
}

export function encodeAuthorityInfoAccess({ ocsp = [], caIssuers = [] }: AuthorityInfoAccess): Uint8Array {
  const encode = (method: string, uri: string): Uint8Array =>
    derSequence(derOid(method), ...encodeGeneralNames({ uri: [uri] }))
  return derSequence(...ocsp.map((uri) => encode(oid.ocsp, uri)), ...caIssuers.map((uri) => encode(oid.caIssuers, uri)))
}

/** URIs only; other forms and methods are passed over. @throws DerFault */
export function readAuthorityInfoAccess(node: DerNode): Required<AuthorityInfoAccess> {
  const what = 'its authority information access'
  const found: Record<keyof AuthorityInfoAccess, string[]> = { ocsp: [], caIssuers: [] }
  for (const description of readSequence(node, what, 1)) {
    const fields = readSequenceFields(description, what)
    const method = readOid(fields.take('a method'), what)
    const location = fields.take('a location')
    fields.end()
    if (location.tag !== generalNameTag.uri) continue
    const { uri } = readGeneralNames([location], what)
    if (method === oid.ocsp) found.ocsp.push(...uri)
    if (method === oid.caIssuers) found.caIssuers.push(...uri)
  }
  return found
}

/** A key identifier as an extension value. @throws DerFault */
export function readKeyId(node: DerNode): Uint8Array {
  return readOctetString(node, 'its subject key identifier')
}
