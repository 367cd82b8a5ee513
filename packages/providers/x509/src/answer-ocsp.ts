/**
 * The OCSP responder of one authority (RFC 6960): signed by the authority itself, at the moment of the question.
 *
 * Promise: `good` only for what was issued and has not ended; what was never issued is `unknown`, also where somebody with
 * a copy of the key signed it. A nonce comes back (RFC 9654).
 */
import { hash } from 'node:crypto'
import {
  crlReasonOf,
  encodeOcspAnswer,
  encodeOcspFailure,
  equalBytes,
  isX509Fault,
  type OcspCertificateId,
  type OcspStatus,
  oid,
  parseOcspRequest,
} from '@mayfly/domain'
import { credentialOfSerial } from '@mayfly/provider-kit'
import type { X509Way } from './x509-way.ts'

const hashes: Readonly<Record<string, 'sha1' | 'sha256'>> = { [oid.sha1]: 'sha1', [oid.sha256]: 'sha256' }

export async function answerOcsp(way: X509Way, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const request = parseOcspRequest(body)
  if (isX509Fault(request)) return encodeOcspFailure('malformed_request')
  // Section 2.3: this server cannot answer for another authority.
  if (!request.certificates.every((id) => isOurs(way, id))) return encodeOcspFailure('unauthorized')
  const states = await statesOf(way, request.certificates, signal)
  const thisUpdate = new Date()
  const nextUpdate = new Date(thisUpdate.getTime() + way.settings.ocsp_seconds * 1_000)
  return encodeOcspAnswer(way.authority.signer, {
    responderKeyHash: hash('sha1', way.authority.certificate.publicKey.keyBytes, 'buffer'),
    producedAt: thisUpdate,
    certificates: request.certificates.map((id, at) => ({
      id,
      state: states[at] ?? { status: 'unknown' },
      thisUpdate,
      nextUpdate,
    })),
    nonce: request.nonce,
  })
}

function isOurs({ authority: { certificate } }: X509Way, id: OcspCertificateId): boolean {
  const algorithm = Object.hasOwn(hashes, id.hashAlgorithm) ? hashes[id.hashAlgorithm] : undefined
  if (algorithm === undefined) return false
  const digest = (bytes: Uint8Array) => hash(algorithm, bytes, 'buffer')
  return (
    equalBytes(digest(certificate.subject.der), id.issuerNameHash) &&
    equalBytes(digest(certificate.publicKey.keyBytes), id.issuerKeyHash)
  )
}

async function statesOf(
  { published }: X509Way,
  asked: readonly OcspCertificateId[],
  signal: AbortSignal,
): Promise<readonly OcspStatus[]> {
  const ids = asked.map((id) => credentialOfSerial(id.serialNumber))
  const known = ids.filter((id) => id !== undefined)
  const [issued, ended] = await Promise.all([published.issued(known, signal), published.ended(known, signal)])
  // Only where one has ended, and then once: the list may be long.
  const early = ended.size === 0 ? [] : await published.listEnded(signal)
  const endings = new Map(early.map((one) => [one.credentialId, one]))
  return ids.map((id): OcspStatus => {
    if (id === undefined || !issued.has(id)) return { status: 'unknown' }
    if (!ended.has(id)) return { status: 'good' }
    const end = endings.get(id)
    // Past its own end: of what has ended by itself nobody needs a time.
    if (end === undefined) return { status: 'revoked', revokedAt: new Date(), reason: 'unspecified' }
    return { status: 'revoked', revokedAt: end.endedAt, reason: crlReasonOf(end.cause) }
  })
}
