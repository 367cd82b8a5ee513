/**
 * The certificate with which a client came in over mutual TLS. The handshake has proven that the client holds its key, and
 * nothing else: the listener asks for a certificate and takes any, and whoever uses it checks the path.
 */
import { createHash } from 'node:crypto'
import { TLSSocket, type DetailedPeerCertificate } from 'node:tls'
import type { FastifyRequest } from 'fastify'

export interface PeerCertificate {
  /** DER, the leaf first, then what the client sent of its path. At most ten. Built when it is asked for, which few do. */
  readonly chain: readonly Uint8Array[]
  /** SHA-256 over the leaf, base64url: `x5t#S256` of RFC 8705. */
  readonly x5t: string
}

const maxChain = 10

export function findPeerCertificate({ raw: { socket } }: Pick<FastifyRequest, 'raw'>): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  // A quarter of what the whole chain costs. Not `getPeerX509Certificate`, which is quicker still: it takes the path from the
  // connection, so that nobody could ask for the chain any more (node 24).
  const leaf = peerLeafOf(socket)
  if (leaf === undefined) return undefined
  return {
    get chain() {
      return chainOf(socket)
    },
    x5t: certificateThumbprint(leaf),
  }
}

/** Node gives an object without members where the client showed nothing, though its types do not say so. */
function peerLeafOf(socket: TLSSocket): Uint8Array | undefined {
  return (socket.getPeerCertificate(false) as { raw?: Uint8Array }).raw
}

function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = []
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  // The last one names itself as its issuer.
  while (at?.raw !== undefined && chain.length < maxChain) {
    chain.push(at.raw)
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate
  }
  return chain
}

/** RFC 8705 section 3.1: SHA-256 over the DER of the certificate, base64url. */
export function certificateThumbprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url')
}
