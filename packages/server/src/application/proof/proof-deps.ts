/** What the proof floor needs, and how it is opened once for a server. */
import type { ClusterReviewer } from '../../adapters/trust-providers/trust-provider.ts'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import { findTokenLiveness, type LivenessQuestion, type TokenLiveness } from '../../store/attestation-rows.ts'
import { type BatchQueue, openBatchQueue } from '../../store/commit-queue.ts'
import {
  type AcceptedProofRow,
  type AcceptOutcome,
  findProofCandidates,
  insertAcceptedProofs,
  type ProofCandidates,
  type ProofQuestion,
} from '../../store/proof-rows.ts'
import { findIssuedTokens, type IssuedTokenQuestion, type IssuedTokenState } from '../../store/issued-token-rows.ts'
import { listTokenRoles, type TokenRole } from '../../store/token-role-rows.ts'
import type { AuthorityDeps } from '../decision/authority-deps.ts'
import { openOfflineMaterials } from '../offline/offline-material.ts'
import { type DpopDeps, openDpop } from './dpop/accept-dpop.ts'
import { openBundleDirectory } from './bundle-directory.ts'
import { type KeyCache, openKeyCache } from './key-cache.ts'
import { openStatusLists, type StatusLists } from './status-list-token.ts'
import { openPolicyLoader, type PolicyLoader } from './policy-loader.ts'
import { openSignInProviders, type SignInProviders } from './sign-in/sign-in-providers.ts'
import { openTenantDirectory, type TenantDirectory } from './tenant-directory.ts'
import { openTrustProviderCache, type TrustProviderCache } from './trust-provider-cache.ts'

export interface ProofDeps extends AuthorityDeps {
  readonly keys: KeyRing
  readonly tenants: TenantDirectory
  /** Many proofs, one round trip. */
  readonly candidates: BatchQueue<ProofQuestion, ProofCandidates>
  /** Many accepted proofs, one durable commit. */
  readonly accepted: BatchQueue<AcceptedProofRow, AcceptOutcome>
  readonly liveness: BatchQueue<LivenessQuestion, TokenLiveness | undefined>
  /** The same for tokens for other audiences. */
  readonly issuedTokens: BatchQueue<IssuedTokenQuestion, IssuedTokenState | undefined>
  readonly statusLists: StatusLists
  /** What tokens can be for, by their audiences. */
  readonly tokenRoles: BatchQueue<readonly string[], readonly TokenRole[]>
  readonly trustProviders: TrustProviderCache
  readonly signInProviders: SignInProviders
  readonly publicKeys: KeyCache
  readonly policyLoader: PolicyLoader
  readonly dpop: DpopDeps
  /** Where clients reach this server over mutual TLS, without a trailing slash; absent where they cannot. */
  readonly mutualTlsUrl: () => string | undefined
}

export interface ProofOptions {
  readonly keys: KeyRing
  /** Where clients reach this server, without a trailing slash; known once it listens. */
  readonly publicUrl: () => string
  /** How tokens of a cluster are asked about, where that is configured. */
  readonly clusterReviewer?: ClusterReviewer | undefined
  /** Where they reach it over mutual TLS, where they can. */
  readonly mutualTlsUrl?: () => string | undefined
}

export function openProof(deps: AuthorityDeps, options: ProofOptions): ProofDeps {
  const { database, clock } = deps
  const tenants = openTenantDirectory({ database, publicUrl: options.publicUrl })
  const mutualTlsUrl = options.mutualTlsUrl ?? (() => undefined)
  return {
    ...deps,
    keys: options.keys,
    tenants,
    issuedTokens: openBatchQueue({ database, run: findIssuedTokens }),
    tokenRoles: openBatchQueue({ database, run: listTokenRoles }),
    statusLists: openStatusLists({ database, clock, keys: options.keys, tenants }),
    candidates: openBatchQueue({ database, run: findProofCandidates }),
    accepted: openBatchQueue({
      database,
      run: insertAcceptedProofs,
      // Two logins of one key in one statement would both find the counter as it was.
      keyOf: (row) =>
        row.keyLogin === null
          ? `${row.trustProvider.id}${row.proofDigest.toString('latin1')}`
          : `login ${row.binding.id}`,
    }),
    liveness: openBatchQueue({ database, run: findTokenLiveness }),
    trustProviders: openTrustProviderCache({
      clock,
      clusterReviewer: options.clusterReviewer,
      bundles: openBundleDirectory(database),
      offlineMaterial: openOfflineMaterials({ database }),
    }),
    signInProviders: openSignInProviders({ clock }),
    publicKeys: openKeyCache(),
    policyLoader: openPolicyLoader(deps),
    dpop: openDpop({
      database,
      keys: options.keys,
      bases: () => [options.publicUrl(), mutualTlsUrl()].filter((base) => base !== undefined),
    }),
    mutualTlsUrl,
  }
}
