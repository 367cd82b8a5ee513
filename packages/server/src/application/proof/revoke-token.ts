import type { TenantId } from '@mayfly/domain'
import { markTokenRevoked } from '../../store/attestation-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { actorRecord } from '../context.ts'
import { requestRevocation } from '../revocation/request-revocation.ts'
import { findLiveToken, type LiveToken } from './authenticate.ts'
import { findLiveIssuedToken, type LiveIssuedToken } from './issued-token.ts'
import type { ProofDeps } from './proof-deps.ts'

/**
 * Token revocation (RFC 7009): its holder gives a token back. What was issued under the attestation of an access token
 * stays: that ends by `POST /v1/revocations`, or with its task. A token for another audience is a credential, and ends as
 * any other (law 2), with what was exchanged for it.
 *
 * A token that is unknown, no longer live or another's changes nothing and says nothing (section 2.2).
 */
export async function revokeToken(
  deps: ProofDeps,
  tenantId: TenantId,
  caller: LiveToken['actor'],
  token: string,
): Promise<void> {
  const issued = await findLiveIssuedToken(deps, tenantId, token)
  if (issued !== undefined) return revokeIssuedToken(deps, tenantId, caller, issued)
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

/** Only by its holder: whom it is held for ends it by ending the proof, or by asking for a revocation. */
async function revokeIssuedToken(
  deps: ProofDeps,
  tenantId: TenantId,
  caller: LiveToken['actor'],
  { state }: LiveIssuedToken,
): Promise<void> {
  if (caller.kind !== 'identity' || caller.identityId !== state.identityId) return
  await deps.database.transaction(tenantId, (tx) =>
    requestRevocation(tx, {
      selector: { kind: 'credential', id: state.credentialId },
      cause: 'requested_by_holder',
      requestedBy: actorRecord(caller),
      now: deps.clock.now(),
    }),
  )
}

function partyId(actor: LiveToken['actor']): string {
  return actor.kind === 'identity' ? actor.identityId : actor.personId
}
