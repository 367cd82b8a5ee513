/** The access token that a request brings, and what its sender shows beside. Nothing of it is believed yet. */
import type { FastifyRequest } from 'fastify'
import type { SentToken } from '../../application/proof/authenticate-sender.ts'
import type { SentDpop } from '../../application/proof/dpop/accept-dpop.ts'
import { findPeerCertificate } from './peer-certificate.ts'

// RFC 6750 section 2.1, RFC 9449 section 7.1: one header, one token.
const authorizationShape = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*) *$/i
const maxTokenLength = 16_384

/** @returns `undefined` where the header `Authorization` is missing or holds something else */
export function findSentToken(request: FastifyRequest): SentToken | undefined {
  const [, scheme, token] = authorizationShape.exec(request.headers.authorization ?? '') ?? []
  if (scheme === undefined || token === undefined || token.length > maxTokenLength) return undefined
  return scheme.toLowerCase() === 'dpop'
    ? { token, scheme: 'DPoP', dpop: sentDpop(request) }
    : { token, scheme: 'Bearer', x5t: findPeerCertificate(request)?.x5t }
}

export function sentDpop(request: FastifyRequest): SentDpop {
  const [path = ''] = request.url.split('?', 1)
  // Node joins a header that is there twice into one value.
  return { proofs: request.raw.headersDistinct['dpop'] ?? [], method: request.method, path }
}
