/**
 * Accepts the DPoP proof of a request (RFC 9449): judged first, and then used up, across all servers.
 *
 * Two steps, so that a caller can put between them what costs nothing to refuse: only a proof that would count is
 * written down.
 */
import type { Clock, TenantId } from '@mayfly/domain'
import type { KeyRing } from '../../../adapters/keys/key-ring.ts'
import { openBatchQueue, type BatchQueue } from '../../../store/commit-queue.ts'
import type { Database } from '../../../store/database.ts'
import { insertUsedDpopProofs, type UsedDpopProof } from '../../../store/dpop-rows.ts'
import { openKeyCache } from '../key-cache.ts'
import { openDpopNonces } from './dpop-nonces.ts'
import {
  type DpopExpectations,
  type DpopJudges,
  type DpopRefusal,
  type GoodDpopProof,
  judgeDpopProof,
} from './dpop-proof.ts'

/** The proof as the request brings it. */
export interface SentDpop {
  /** The value of each `DPoP` header. */
  readonly proofs: readonly string[]
  readonly method: string
  /** Of the request's target as it came to us, without the query: what a proxy put before it is in `bases`. */
  readonly path: string
}

export interface DpopDeps extends DpopJudges {
  readonly used: BatchQueue<UsedDpopProof, boolean>
  /**
   * What comes before our own paths in the URL that a client asks: the public URL, with the path that a proxy takes away,
   * and the one for mutual TLS. From the configuration: what a request says of its host is not believed.
   */
  readonly bases: () => readonly string[]
}

export interface DpopOptions {
  readonly database: Database
  readonly keys: KeyRing
  readonly bases: () => readonly string[]
}

export function openDpop({ database, keys, bases }: DpopOptions): DpopDeps {
  return {
    nonces: openDpopNonces(keys.derivedSecrets('dpop nonce')),
    keys: openKeyCache(2000),
    used: openBatchQueue({
      database,
      run: insertUsedDpopProofs,
      keyOf: (proof) => proof.digest.toString('latin1'),
    }),
    bases,
  }
}

/** Writes nothing. */
export function judgeDpop(
  deps: { readonly dpop: DpopDeps; readonly clock: Clock },
  sent: SentDpop,
  expected: Pick<DpopExpectations, 'accessToken' | 'nonce'>,
): GoodDpopProof | DpopRefusal {
  const [proof, another] = sent.proofs
  if (proof === undefined) return refused('the header DPoP is missing')
  // Section 4.3, check 1.
  if (another !== undefined) return refused('the header DPoP is there more than once')
  return judgeDpopProof(deps.dpop, proof, {
    ...expected,
    now: deps.clock.now(),
    method: sent.method,
    urls: deps.dpop.bases().map((base) => `${base}${sent.path}`),
  })
}

/** Uses a good proof up. @returns a refusal where it was used before (section 11.1) */
export async function useDpopOnce(
  deps: { readonly dpop: DpopDeps },
  tenantId: TenantId,
  { digest, expiresAt }: GoodDpopProof,
): Promise<DpopRefusal | undefined> {
  const first = await deps.dpop.used.submit(tenantId, { digest, expiresAt })
  return first ? undefined : refused('this very DPoP proof was used before, and each counts once')
}

function refused(detail: string): DpopRefusal {
  return { outcome: 'rejected', error: 'invalid_dpop_proof', detail }
}
