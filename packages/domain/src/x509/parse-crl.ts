/**
 * Reading certificate revocation lists (RFC 5280 section 5). Nothing is verified here.
 *
 * Limit: whole lists and deltas of the issuer itself. What makes a list say something else (an indirect list, reasons
 * left out, an unknown critical extension) is told in `unsupported`, and such a list proves nothing.
 */
import { encodeHex, equalBytes } from '../log/bytes.ts'
import type { SignedBytes } from './certificate.ts'
import { type CrlReason, crlReasonCodes, type IssuingDistributionPoint } from './crl.ts'
import {
  type DerElement,
  DerFault,
  type DerNode,
  readDer,
  readElement,
  readElements,
  readOrFault,
  type X509Fault,
} from './der-read.ts'
import {
  readBitString,
  readBoolean,
  readFields,
  readOnlyChild,
  readSequenceFields,
  readSmallUnsigned,
  readTime,
  readUnsigned,
  requireTag,
} from './der-values.ts'
import { contextTag, derTag } from './der-write.ts'
import { type DistinguishedName, readName } from './distinguished-name.ts'
import {
  type AuthorityKeyId,
  type Extension,
  readAuthorityKeyId,
  readDistributionPointName,
  readExtension,
  readExtensions,
} from './extensions.ts'
import { oid } from './object-identifiers.ts'
import { readSerialNumber } from './serial-number.ts'
import { readSignatureAlgorithm } from './signature-algorithm.ts'

export interface CrlEntry {
  readonly revokedAt: Date
  readonly reason: CrlReason
}

export interface Crl extends SignedBytes {
  readonly issuer: DistinguishedName
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly authorityKeyId: AuthorityKeyId | undefined
  /** Hexadecimal, lower case: it can be larger than a number holds. */
  readonly crlNumber: string | undefined
  /** Present in a delta list. */
  readonly baseCrlNumber: string | undefined
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined
  /** By serial number. */
  readonly revoked: ReadonlyMap<string, CrlEntry>
  /** Why the list must not be relied on, though it is well formed. */
  readonly unsupported: readonly string[]
}

export interface CrlLimits {
  readonly maxSizeBytes: number
  readonly maxEntries: number
}

export const defaultCrlLimits: CrlLimits = { maxSizeBytes: 8_388_608, maxEntries: 200_000 }

const reasonByCode = new Map<number, CrlReason>(
  Object.entries(crlReasonCodes).map(([reason, code]) => [code, reason as CrlReason]),
)
const listExtensions: ReadonlySet<string> = new Set([
  oid.authorityKeyIdentifier,
  oid.crlNumber,
  oid.deltaCrlIndicator,
  oid.issuingDistributionPoint,
])
const entryExtensions: ReadonlySet<string> = new Set([oid.reasonCode, oid.invalidityDate])

/** @param der one list and nothing after it */
export function parseCrl(der: Uint8Array, limits: CrlLimits = defaultCrlLimits): Crl | X509Fault {
  return readOrFault(() => readCrl(der, limits))
}

// The entries are read one by one: the tree of a long list would be far larger than the list.
function readCrl(der: Uint8Array, limits: CrlLimits): Crl {
  if (der.length > limits.maxSizeBytes) throw new DerFault(`it is larger than ${limits.maxSizeBytes} bytes`)
  const list = requireTag(readElement(der, 0), derTag.sequence, 'the CRL')
  if (list.bytes.length !== der.length) throw new DerFault('bytes follow its end')
  const parts = readFields(readElements(list.content, 3), 'the CRL')
  const tbs = requireTag(parts.take('signed content'), derTag.sequence, 'the CRL')
  const outerAlgorithm = parts.take('a signature algorithm')
  const signature = readBitString(parts.take('a signature'), 'its signature')
  parts.end()

  const fields = readFields(readElements(tbs.content, 8), 'the CRL')
  if (readSmallUnsigned(fields.take('a version'), 1, 'its version') !== 1) throw new DerFault('it is not of version 2')
  const algorithm = fields.take('a signature algorithm')
  if (!equalBytes(algorithm.bytes, outerAlgorithm.bytes)) throw new DerFault('its two signature algorithms differ')
  const issuer = readName(whole(fields.take('an issuer')), 'its issuer')
  if (issuer.attributes.length === 0) throw new DerFault('its issuer is empty')
  const thisUpdate = readTime(fields.take('a time of update'), 'its time of update')
  const next = fields.takeIf(derTag.utcTime) ?? fields.takeIf(derTag.generalizedTime)
  const entries = fields.takeIf(derTag.sequence)
  const wrapped = fields.takeIf(contextTag(0, 'constructed'))
  fields.end()

  const unsupported = new Set<string>()
  const extensions = wrapped === undefined ? noExtensions : readExtensions(readOnlyChild(whole(wrapped), what), what)
  noteUnknown(extensions, listExtensions, unsupported)
  return {
    der: list.bytes,
    signedBytes: tbs.bytes,
    signatureAlgorithm: readSignatureAlgorithm(whole(algorithm)),
    signature,
    issuer,
    thisUpdate,
    nextUpdate: next && readTime(next, 'its time of the next update'),
    authorityKeyId: readExtension(extensions, oid.authorityKeyIdentifier, readAuthorityKeyId),
    crlNumber: readExtension(extensions, oid.crlNumber, readCrlNumber),
    baseCrlNumber: readExtension(extensions, oid.deltaCrlIndicator, readCrlNumber),
    issuingDistributionPoint: readExtension(extensions, oid.issuingDistributionPoint, (node) =>
      readScope(node, unsupported),
    ),
    revoked: entries === undefined ? new Map() : readEntries(entries, limits, unsupported),
    unsupported: [...unsupported],
  }
}

const what = 'its extensions'
const noExtensions: ReadonlyMap<string, Extension> = new Map()

function whole(element: DerElement): DerNode {
  return readDer(element.bytes)
}

function readCrlNumber(node: DerNode): string {
  const bytes = readUnsigned(node, 'its CRL number')
  if (bytes.length > 20) throw new DerFault('its CRL number is longer than 20 bytes')
  return encodeHex(bytes)
}

function readEntries(list: DerElement, limits: CrlLimits, unsupported: Set<string>): ReadonlyMap<string, CrlEntry> {
  const revoked = new Map<string, CrlEntry>()
  // In long lists neighbours often say the same.
  const timeOf = rememberLast((element) => readTime(element, 'the time of a revocation'))
  const reasonOf = rememberLast((element) => {
    const extensions = readExtensions(whole(element), 'the extensions of an entry')
    noteUnknown(extensions, entryExtensions, unsupported)
    return readExtension(extensions, oid.reasonCode, readReason) ?? 'unspecified'
  })
  let count = 0
  for (let at = 0; at < list.content.length;) {
    count += 1
    if (count > limits.maxEntries) throw new DerFault(`it holds more than ${limits.maxEntries} entries`)
    const element = readElement(list.content, at)
    at += element.bytes.length
    requireTag(element, derTag.sequence, 'an entry of the CRL')
    const fields = readFields(readElements(element.content, 3), 'an entry of the CRL')
    const serialNumber = readSerialNumber(fields.take('a serial number'))
    const revokedAt = timeOf(fields.take('a time'))
    const more = fields.takeIf(derTag.sequence)
    fields.end()
    const reason = more === undefined ? 'unspecified' : reasonOf(more)
    if (revoked.has(serialNumber)) throw new DerFault('it holds a serial number twice')
    revoked.set(serialNumber, { revokedAt, reason })
  }
  return revoked
}

function rememberLast<T>(read: (element: DerElement) => T): (element: DerElement) => T {
  let last: { readonly bytes: Uint8Array; readonly value: T } | undefined
  return (element) => {
    if (last === undefined || !equalBytes(last.bytes, element.bytes))
      last = { bytes: element.bytes, value: read(element) }
    return last.value
  }
}

function readReason(node: DerNode): CrlReason {
  const code = readSmallUnsigned(node, 10, 'the reason of a revocation', derTag.enumerated)
  const reason = reasonByCode.get(code)
  if (reason === undefined) throw new DerFault('the reason of a revocation has no name')
  return reason
}

function readScope(node: DerNode, unsupported: Set<string>): IssuingDistributionPoint {
  const what = 'its issuing distribution point'
  const fields = readSequenceFields(node, what)
  const name = fields.takeIf(contextTag(0, 'constructed'))
  const flag = (number: number): boolean => {
    const element = fields.takeIf(contextTag(number, 'primitive'))
    return element !== undefined && readBoolean({ ...element, tag: derTag.boolean }, what)
  }
  const onlyUsers = flag(1)
  const onlyAuthorities = flag(2)
  if (fields.takeIf(contextTag(3, 'primitive')) !== undefined) unsupported.add('it is only about some reasons')
  if (flag(4)) unsupported.add('it is indirect')
  if (flag(5)) unsupported.add('it is about attribute certificates')
  fields.end()
  if (onlyUsers && onlyAuthorities) throw new DerFault(`${what} leaves nothing over`)
  const uris = name === undefined ? [] : readDistributionPointName(name, what)
  if (name !== undefined && uris.length === 0)
    unsupported.add('its distribution point is named in a form other than a URI')
  return {
    uris,
    ...(onlyUsers ? { only: 'user_certificates' as const } : {}),
    ...(onlyAuthorities ? { only: 'ca_certificates' as const } : {}),
  }
}

function noteUnknown(
  extensions: ReadonlyMap<string, Extension>,
  known: ReadonlySet<string>,
  unsupported: Set<string>,
): void {
  for (const [type, { critical }] of extensions) {
    if (critical && !known.has(type)) unsupported.add(`it has the unknown critical extension ${type}`)
  }
}
