/** Writing certificate revocation lists, version 2 (RFC 5280 section 5). */
import { MayflyError } from '../problem.ts'
import { type CrlReason, crlReasonCodes, type IssuingDistributionPoint } from './crl.ts'
import {
  derBitString,
  derContext,
  derContextPrimitive,
  derEnumerated,
  derInteger,
  derSequence,
  derTag,
  derTime,
} from './der-write.ts'
import { derWriter } from './der-writer.ts'
import type { CertificateIssuer } from './encode-certificate.ts'
import { encodeAuthorityKeyId, encodeDistributionPoints, encodeExtension } from './extensions.ts'
import { encodeGeneralNames } from './general-names.ts'
import { oid } from './object-identifiers.ts'
import { encodeSerialNumber } from './serial-number.ts'
import { encodeSignatureAlgorithm } from './signature-algorithm.ts'

export interface RevokedCertificate {
  /** Lower-case hexadecimal. */
  readonly serialNumber: string
  readonly revokedAt: Date
  /** `unspecified` is not written (RFC 5280 section 5.3.1). */
  readonly reason?: CrlReason
}

export interface CrlTemplate {
  /** Grows from list to list of one issuer. */
  readonly crlNumber: number | bigint
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  readonly revoked: readonly RevokedCertificate[]
  /** Present in a delta list: the number of the whole list that it adds to. */
  readonly baseCrlNumber?: number | bigint
  readonly issuingDistributionPoint?: IssuingDistributionPoint
  /** In a whole list: where its delta is served (RFC 5280 section 5.2.6). */
  readonly deltaCrlUris?: readonly string[]
}

const version2 = derInteger(1)

/** @throws MayflyError `internal`: a serial number, a time or a name has no encoding */
export function encodeCrl(
  issuer: Pick<CertificateIssuer, 'signer' | 'name' | 'keyId'>,
  template: CrlTemplate,
): Uint8Array {
  if (!(template.nextUpdate > template.thisUpdate)) {
    throw new MayflyError('internal', { log: 'a CRL would be out of date before it is in force' })
  }
  const { baseCrlNumber, issuingDistributionPoint, deltaCrlUris = [] } = template
  const algorithm = encodeSignatureAlgorithm(issuer.signer.algorithm)
  const extensions = derSequence(
    encodeExtension(oid.authorityKeyIdentifier, 'not-critical', encodeAuthorityKeyId(issuer.keyId)),
    encodeExtension(oid.crlNumber, 'not-critical', derInteger(template.crlNumber)),
    ...(baseCrlNumber === undefined
      ? []
      : [encodeExtension(oid.deltaCrlIndicator, 'critical', derInteger(baseCrlNumber))]),
    ...(issuingDistributionPoint === undefined
      ? []
      : [encodeExtension(oid.issuingDistributionPoint, 'critical', encodeScope(issuingDistributionPoint))]),
    ...(deltaCrlUris.length === 0
      ? []
      : [encodeExtension(oid.freshestCrl, 'not-critical', encodeDistributionPoints(deltaCrlUris))]),
  )
  const tbs = derSequence(
    version2,
    algorithm,
    issuer.name,
    derTime(template.thisUpdate),
    derTime(template.nextUpdate),
    // An empty list is left out (RFC 5280 section 5.1.2.6).
    ...(template.revoked.length === 0 ? [] : [encodeEntries(template.revoked)]),
    derContext(0, extensions),
  )
  return derSequence(tbs, algorithm, derBitString(issuer.signer.sign(tbs))).slice()
}

/** The last first, as the writer wants it. */
function encodeEntries(revoked: readonly RevokedCertificate[]): Uint8Array {
  const writer = derWriter()
  let second = Number.NaN
  let time = derTime(new Date(0))
  for (let at = revoked.length - 1; at >= 0; at -= 1) {
    const one = revoked[at]
    if (one === undefined) continue
    const { serialNumber, revokedAt, reason = 'unspecified' } = one
    // Many end at once.
    const itsSecond = Math.floor(revokedAt.getTime() / 1_000)
    if (itsSecond !== second) time = derTime(revokedAt)
    second = itsSecond
    const mark = writer.size()
    if (reason !== 'unspecified') writer.put(reasonExtensions(reason))
    writer.put(time)
    writer.put(encodeSerialNumber(serialNumber))
    writer.wrap(derTag.sequence, mark)
  }
  writer.wrap(derTag.sequence, 0)
  return writer.take()
}

const encodedReasons = new Map<CrlReason, Uint8Array>()

function reasonExtensions(reason: CrlReason): Uint8Array {
  const known = encodedReasons.get(reason)
  if (known !== undefined) return known
  const made = derSequence(encodeExtension(oid.reasonCode, 'not-critical', derEnumerated(crlReasonCodes[reason])))
  encodedReasons.set(reason, made)
  return made
}

function encodeScope({ uris = [], only }: IssuingDistributionPoint): Uint8Array {
  const isTrue = Uint8Array.of(0xff)
  const scope = derSequence(
    ...(uris.length === 0 ? [] : [derContext(0, derContext(0, ...encodeGeneralNames({ uri: uris })))]),
    ...(only === 'user_certificates' ? [derContextPrimitive(1, isTrue)] : []),
    ...(only === 'ca_certificates' ? [derContextPrimitive(2, isTrue)] : []),
  )
  // RFC 5280 section 5.2.5: the extension is never an empty sequence.
  if (scope.length === 2) throw new MayflyError('internal', { log: 'an issuing distribution point says nothing' })
  return scope
}
