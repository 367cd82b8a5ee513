/**
 * Who says whether an accepted proof may become an access token (action `token.issue`).
 *
 * An interface, because the decision stands a floor above: proof must not call it, it is handed in by composition.
 */
import type {
  AttestationId,
  DecisionId,
  JsonObject,
  PolicyVersionId,
  Strength,
  TenantId,
  TrustProviderId,
} from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { ProvingParty } from '../../store/proof-rows.ts'

/** Everything decided on, read from the primary in one statement (law 13). */
export interface TokenFacts {
  readonly tenantId: TenantId
  readonly now: Date
  readonly party: ProvingParty
  readonly attestation: {
    readonly attestationId: AttestationId
    readonly strength: Strength
    readonly acceptedAt: Date
    readonly freshUntil: Date
  }
  readonly trustProvider: { readonly trustProviderId: TrustProviderId; readonly name: string; readonly version: number }
  readonly policy: { readonly policyVersionId: PolicyVersionId; readonly digest: string } | undefined
  readonly sourceAddress: string | undefined
}

export interface TokenPermit {
  readonly outcome: 'permit'
  readonly decisionId: DecisionId
  readonly policyVersionId: PolicyVersionId
  readonly determining: readonly string[]
  /** The longest life of the token, from now. */
  readonly maxTtlSeconds: number
  /** As the decision row holds them. */
  readonly principal: JsonObject
  readonly resource: JsonObject
  readonly duties: JsonObject
  readonly context: JsonObject
}

export interface TokenDenial {
  readonly outcome: 'deny'
  readonly decisionId: DecisionId
  readonly reasons: readonly { readonly code: string; readonly detail: string; readonly policyId?: string }[]
  /** Writes the decision and its one entry, in the transaction given. */
  record(tx: Tx, requestId: string): Promise<void>
}

export interface TokenAuthority {
  decide(facts: TokenFacts): Promise<TokenPermit | TokenDenial>
}
