import type { TenantId } from '@mayfly/domain'
import { markTokenRevoked } from '../../store/attestation-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { findLiveToken, type LiveToken } from './authenticate.ts'
import type { ProofDeps } from './proof-deps.ts'

/**
 * Token revocation (RFC 7009): its holder gives the access token back. What was issued under its attestation stays: that
 * ends by `POST /v1/revocations`, or with its task.
 *
 * A token that is unknown, no longer live or another's changes nothing and says nothing (section 2.2).
 */
export async function revokeToken(
  deps: ProofDeps,
  tenantId: TenantId,
  caller: LiveToken['actor'],
  token: string,
): Promise<void> {
  const live = await findLiveToken(deps, token)
  if (live === undefined || live.claims.tenantId !== tenantId || partyId(live.actor) !== partyId(caller)) return
  await deps.database.transaction(tenantId, async (tx) => {
    const now = deps.clock.now()
    const row = await markTokenRevoked(tx, live.claims.attestationId, now)
    if (row === undefined) return
    await appendAudit(tx, {
      action: 'access_token.revoked',
      at: now,
      actor: caller,
      identityId: row.identity_id ?? undefined,
      attestationId: row.attestation_id,
      rows: [statedRow('attestation', row)],
    })
  })
}

function partyId(actor: LiveToken['actor']): string {
  return actor.kind === 'identity' ? actor.identityId : actor.personId
}
