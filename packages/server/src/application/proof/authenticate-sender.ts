/**
 * Who sends this request: an access token, and what its sender proves to hold beside (RFC 9449 section 7, RFC 8705
 * section 3).
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import { authenticateAccessToken, type LiveToken } from './authenticate.ts'
import { judgeDpop, type SentDpop, useDpopOnce } from './dpop/accept-dpop.ts'
import type { DpopRefusal, GoodDpopProof } from './dpop/dpop-proof.ts'
import type { ProofDeps } from './proof-deps.ts'

/** A token as a request brings it; nothing of it is believed yet. */
export interface SentToken {
  readonly token: string
  readonly scheme: 'Bearer' | 'DPoP'
  /** Looked at for the scheme DPoP only. */
  readonly dpop?: SentDpop | undefined
  /** SHA-256 over the certificate of the TLS connection, base64url. */
  readonly x5t?: string | undefined
}

export interface Sender {
  readonly tenantId: TenantId
  readonly actor: LiveToken['actor']
  /** For the header `DPoP-Nonce` of the answer. */
  readonly dpopNonce?: string
}

/**
 * @throws MayflyError `token_invalid`: one answer for every reason but the token's own end, which its holder can read
 * @throws MayflyError `dpop_proof_invalid`, `dpop_nonce_required`
 */
export async function authenticateSender(deps: ProofDeps, sent: SentToken): Promise<Sender> {
  const proof = sent.scheme === 'DPoP' ? judgeSent(deps, sent) : undefined
  const { tenantId, actor } = await authenticateAccessToken(deps, { ...sent, jkt: proof?.jkt })
  // Last, so that only who holds a live token and its key can make us write.
  const replayed = proof === undefined ? undefined : await useDpopOnce(deps, tenantId, proof)
  if (replayed !== undefined) throw dpopProblem(deps, replayed)
  const dpopNonce = proof?.wantsNonce === true ? deps.dpop.nonces.make(deps.clock.now()) : undefined
  return { tenantId, actor, ...(dpopNonce === undefined ? {} : { dpopNonce }) }
}

function judgeSent(deps: ProofDeps, { token, dpop }: SentToken): GoodDpopProof {
  const sent = dpop ?? { proofs: [], method: '', path: '' }
  // A fresh time and single use are enough here; a nonce that comes along is held to its own time.
  const proof = judgeDpop(deps, sent, { accessToken: token, nonce: 'optional' })
  if (proof.outcome === 'rejected') throw dpopProblem(deps, proof)
  return proof
}

function dpopProblem(deps: ProofDeps, { error, detail }: DpopRefusal): MayflyError {
  return error === 'invalid_dpop_proof'
    ? new MayflyError('dpop_proof_invalid', { publicDetail: detail })
    : new MayflyError('dpop_nonce_required', {
        hint: detail,
        extra: { dpop_nonce: deps.dpop.nonces.make(deps.clock.now()) },
      })
}
