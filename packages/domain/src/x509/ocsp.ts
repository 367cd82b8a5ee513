/**
 * The Online Certificate Status Protocol (RFC 6960): reading what is asked, writing the answer.
 *
 * Does NOT look anything up, nor hash: whose certificates are meant, and how they stand, the responder says. The signature
 * of a request (section 4.1.2) is not looked at: everybody may ask.
 */
import { type CrlReason, crlReasonCodes } from './crl.ts'
import { defaultDerLimits, DerFault, type DerNode, readDer, readOrFault, type X509Fault } from './der-read.ts'
import { readOctetString, readOid, readSequence, readSequenceFields, readSmallUnsigned } from './der-values.ts'
import {
  contextTag,
  derBitString,
  derContext,
  derContextPrimitive,
  derElement,
  derEnumerated,
  derGeneralizedTime,
  derOctetString,
  derOid,
  derSequence,
  derTag,
} from './der-write.ts'
import type { X509Signer } from './encode-certificate.ts'
import { encodeExtension, readExtension, readExtensions } from './extensions.ts'
import { oid } from './object-identifiers.ts'
import { readSerialNumber } from './serial-number.ts'
import { encodeSignatureAlgorithm } from './signature-algorithm.ts'

/** Which certificate is meant (RFC 6960 section 4.1.1). */
export interface OcspCertificateId {
  /** DER, to be said again in the answer byte by byte. */
  readonly der: Uint8Array
  /** Object identifier. */
  readonly hashAlgorithm: string
  /** Of the issuer's name, DER. */
  readonly issuerNameHash: Uint8Array
  /** Of the issuer's key, without tag, length and unused bits. */
  readonly issuerKeyHash: Uint8Array
  /** Lower-case hexadecimal. */
  readonly serialNumber: string
}

export interface OcspRequest {
  readonly certificates: readonly OcspCertificateId[]
  /** As RFC 9654 wants it: 1 to 128 bytes. */
  readonly nonce: Uint8Array | undefined
}

/** More in one request than any client asks. */
const maxCertificates = 20

export function parseOcspRequest(der: Uint8Array): OcspRequest | X509Fault {
  return readOrFault(() => readRequest(readDer(der, { ...defaultDerLimits, maxSizeBytes: 16_384 })))
}

function readRequest(node: DerNode): OcspRequest {
  const outer = readSequenceFields(node, 'the request')
  const tbs = readSequenceFields(outer.take('what is asked'), 'the request')
  outer.takeIf(contextTag(0, 'constructed'))
  outer.end()
  const version = tbs.takeIf(contextTag(0, 'constructed'))
  if (version?.children[0] !== undefined) readSmallUnsigned(version.children[0], 0, 'its version')
  tbs.takeIf(contextTag(1, 'constructed'))
  const list = readSequence(tbs.take('certificates'), 'its certificates', 1)
  const extensions = tbs.takeIf(contextTag(2, 'constructed'))
  tbs.end()
  if (list.length > maxCertificates) throw new DerFault(`it asks for more than ${maxCertificates} certificates`)
  const [found] = extensions?.children ?? []
  const nonce =
    found === undefined
      ? undefined
      : readExtension(readExtensions(found, 'its extensions'), oid.ocspNonce, (value) =>
          readOctetString(value, 'its nonce'),
        )
  if (nonce !== undefined && (nonce.length < 1 || nonce.length > 128)) {
    throw new DerFault('its nonce is not of 1 to 128 bytes')
  }
  return { certificates: list.map(readCertificateId), nonce }
}

function readCertificateId(node: DerNode): OcspCertificateId {
  const request = readSequenceFields(node, 'a certificate of the request')
  const id = request.take('an id')
  request.takeIf(contextTag(0, 'constructed'))
  request.end()
  const fields = readSequenceFields(id, 'the id of a certificate')
  const algorithm = readSequenceFields(fields.take('a hash'), 'the hash of an id')
  const hashAlgorithm = readOid(algorithm.take('an algorithm'), 'the hash of an id')
  algorithm.takeIf(derTag.null)
  algorithm.end()
  const issuerNameHash = readOctetString(fields.take('a name'), 'the hash of a name')
  const issuerKeyHash = readOctetString(fields.take('a key'), 'the hash of a key')
  const serialNumber = readSerialNumber(fields.take('a serial number'))
  fields.end()
  return { der: id.bytes, hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
}

export type OcspStatus =
  | { readonly status: 'good' }
  | { readonly status: 'revoked'; readonly revokedAt: Date; readonly reason: CrlReason }
  /** This responder does not know of such a certificate. */
  | { readonly status: 'unknown' }

export interface OcspAnswer {
  /** SHA-1 of the responder's key, without tag, length and unused bits (RFC 6960 section 4.2.1, `byKey`). */
  readonly responderKeyHash: Uint8Array
  readonly producedAt: Date
  readonly certificates: readonly {
    readonly id: Pick<OcspCertificateId, 'der'>
    readonly state: OcspStatus
    readonly thisUpdate: Date
    readonly nextUpdate: Date
  }[]
  readonly nonce: Uint8Array | undefined
}

/** Signed by the authority itself (RFC 6960 section 4.2.2.2). */
export function encodeOcspAnswer(signer: X509Signer, answer: OcspAnswer): Uint8Array {
  const { responderKeyHash, producedAt, certificates, nonce } = answer
  const data = derSequence(
    derContext(2, derOctetString(responderKeyHash)),
    derGeneralizedTime(producedAt),
    derElement(
      derTag.sequence,
      certificates.map(({ id, state, thisUpdate, nextUpdate }) =>
        derSequence(
          id.der,
          encodeStatus(state),
          derGeneralizedTime(thisUpdate),
          derContext(0, derGeneralizedTime(nextUpdate)),
        ),
      ),
    ),
    ...(nonce === undefined
      ? []
      : [derContext(1, derSequence(encodeExtension(oid.ocspNonce, 'not-critical', derOctetString(nonce))))]),
  )
  const basic = derSequence(data, encodeSignatureAlgorithm(signer.algorithm), derBitString(signer.sign(data)))
  return derSequence(derEnumerated(0), derContext(0, derSequence(derOid(oid.ocspBasic), derOctetString(basic)))).slice()
}

/** Section 4.2.1, OCSPResponseStatus: answers without a signature. */
const failures = { malformed_request: 1, internal_error: 2, try_later: 3, unauthorized: 6 } as const

export function encodeOcspFailure(failure: keyof typeof failures): Uint8Array {
  return derSequence(derEnumerated(failures[failure])).slice()
}

function encodeStatus(state: OcspStatus): Uint8Array {
  switch (state.status) {
    case 'good':
      return derContextPrimitive(0, new Uint8Array(0))
    case 'unknown':
      return derContextPrimitive(2, new Uint8Array(0))
    case 'revoked':
      return derContext(
        1,
        derGeneralizedTime(state.revokedAt),
        ...(state.reason === 'unspecified' ? [] : [derContext(0, derEnumerated(crlReasonCodes[state.reason]))]),
      )
  }
}
