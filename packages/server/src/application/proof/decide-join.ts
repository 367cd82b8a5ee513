/**
 * Whether a machine may join: decided by the policies like every proof that is accepted (action `token.issue`), with the kind
 * `join_token` and the strength of a token that was handed over.
 *
 * Promise: what a permit rests on stays as it is until the transaction ends, so a suspension, a departure or another rule
 * comes wholly before or wholly after.
 */
import { MayflyError } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { IdentityWithOwner } from '../../store/identity-rows.ts'
import type { TrustProviderRow } from '../../store/trust-provider-rows.ts'
import type { AuthorityDeps } from '../decision/authority-deps.ts'
import { decide } from '../decision/decide.ts'
import type { Decision } from '../decision/decision.ts'
import type { AttestationFacts } from '../decision/facts.ts'
import { factsUnchanged } from '../decision/facts-unchanged.ts'
import { loadFacts } from '../decision/load-facts.ts'

const maxAttempts = 3

export async function decideJoin(
  deps: AuthorityDeps,
  tx: Tx,
  input: {
    readonly now: Date
    readonly identity: IdentityWithOwner
    /** The rule; where there is none, what the key becomes. */
    readonly about: TrustProviderRow
    readonly becomes: TrustProviderRow
    /** As it will be. */
    readonly attestation: AttestationFacts
    readonly sourceAddress: string | undefined
  },
): Promise<Decision> {
  const { now, identity, about, becomes, attestation, sourceAddress } = input
  const request = { action: 'token.issue', resource: { type: 'TrustProvider', id: about.trust_provider_id } } as const
  const principal = { kind: 'identity', identityId: identity.identity_id } as const
  const target = { table: 'trust_provider', id: becomes.trust_provider_id, version: becomes.version } as const
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const facts = await loadFacts(deps, tx, { request, principal, attestation, sourceAddress, now })
    const decision = decide(deps.policies, facts)
    if (decision.outcome === 'deny' || (await factsUnchanged(tx, [...facts.versions, target]))) return decision
  }
  throw new MayflyError('version_conflict', { log: 'what a machine joins on changed three times in a row' })
}
