/**
 * What a token will be bound to: the key of the request's DPoP proof, else the certificate of its connection, else nothing.
 *
 * Whoever shows a certificate at the token endpoint asks for a token that is worth nothing without it (RFC 8705
 * sections 3 and 4): it came to the listener for mutual TLS to do so. A DPoP proof is the more express wish.
 */
import { judgeDpop, useDpopOnce } from '../../application/proof/dpop/accept-dpop.ts'
import type { DpopRefusal } from '../../application/proof/dpop/dpop-proof.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import type { TokenBinding } from '../../application/proof/token-binding.ts'
import { findPeerCertificate } from '../http/peer-certificate.ts'
import { sentDpop } from '../http/sent-token.ts'
import type { Asked } from './grants/grant.ts'
import { OAuthError } from './oauth-error.ts'

export interface BoundRequest {
  readonly tokenBinding: TokenBinding | undefined
  /** For the header `DPoP-Nonce` of the answer. */
  readonly dpopNonce?: string
}

/** @throws OAuthError `invalid_dpop_proof`, `use_dpop_nonce` */
export async function bindToken(deps: ProofDeps, { tenantId, request }: Asked): Promise<BoundRequest> {
  const sent = sentDpop(request)
  if (sent.proofs.length === 0) {
    const certificate = findPeerCertificate(request)
    return { tokenBinding: certificate === undefined ? undefined : { kind: 'certificate', x5t: certificate.x5t } }
  }
  const proof = judgeDpop(deps, sent, { nonce: 'required' })
  if (proof.outcome === 'rejected') throw dpopError(deps, proof)
  const replayed = await useDpopOnce(deps, tenantId, proof)
  if (replayed !== undefined) throw dpopError(deps, replayed)
  return {
    tokenBinding: { kind: 'key', jkt: proof.jkt },
    ...(proof.wantsNonce && { dpopNonce: newNonce(deps) }),
  }
}

function dpopError(deps: ProofDeps, { error, detail }: DpopRefusal): OAuthError {
  return new OAuthError(error, {
    description: detail,
    ...(error === 'use_dpop_nonce' && { headers: { 'dpop-nonce': newNonce(deps) } }),
  })
}

function newNonce({ dpop, clock }: ProofDeps): string {
  return dpop.nonces.make(clock.now())
}
