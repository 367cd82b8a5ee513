/**
 * Two holders of one key were seen: nothing that it gave is believed any more, from this commit on.
 *
 * Promise: the key logs in no more until a person recovers it; its identity is suspended and all that it holds ends by
 * the one path, cause `clone_detected`; a finding says so. Judged again under the lock of the counter, so that two logins
 * that overtook each other are no clones.
 * Not here: an assertion that is only shown again. It was counted before, and is told so.
 */
import { createHash } from 'node:crypto'
import { type KeyLoginClaim, type Rejection, rejected } from '../../adapters/trust-providers/trust-provider.ts'
import { claimKeyLogin, rememberProof, updateKeyLogin } from '../../store/key-login-rows.ts'
import type { KeyLoginState } from '../../store/proof-rows.ts'
import { listLiveAttestationsOfBinding } from '../../store/binding-rows.ts'
import type { KeyLoginRow } from '../../store/key-login-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'
import type { Change } from '../registry/change.ts'
import { suspendIdentity } from '../registry/change-identity-state.ts'
import { endAuthority } from '../registry/end-authority.ts'
import { raiseFinding } from '../revocation/raise-finding.ts'
import type { FoundBinding, PresentedProof } from './accept-proof.ts'
import { cloneRejection, judgeLogin } from './judge-login.ts'
import type { ProofDeps } from './proof-deps.ts'

const detector: Actor = { kind: 'system', worker: 'lock-clone' }
const reason = 'a key of it has more than one holder'

export async function lockClone(
  deps: ProofDeps,
  proof: PresentedProof,
  { binding, verdict }: FoundBinding,
  login: KeyLoginClaim,
): Promise<Rejection | 'overtaken'> {
  const { bindingId, trustProvider, party } = binding
  return deps.database.transaction(proof.tenantId, async (tx) => {
    const now = deps.clock.now()
    const row = await claimKeyLogin(tx, bindingId)
    if (row === undefined) return 'overtaken'
    if (row.locked_at !== null) return cloneRejection
    if (judgeLogin(stateOf(row), login, now) !== 'clone') return 'overtaken'
    const digest = createHash('sha256').update(verdict.uniqueId).digest()
    if (!(await rememberProof(tx, trustProvider.trustProviderId, digest, verdict.expiresAt))) {
      return rejected('proof_replayed', 'this very proof was accepted before, and each counts once', 'make a new one')
    }
    const locked = await updateKeyLogin(tx, bindingId, { locked_at: now })
    const identityId = party.kind === 'identity' ? party.identityId : undefined
    await appendAudit(tx, {
      action: 'key_login.locked',
      at: now,
      actor: detector,
      identityId,
      rows: [statedRow('key_login', locked)],
      body: { binding_id: bindingId, expected: row.generation, said: login.generation, request_id: proof.requestId },
    })
    const change: Change = { tx, actor: detector, now, requestId: proof.requestId }
    if (party.kind === 'identity' && party.state === 'active') {
      await suspendIdentity(change, party.identityId, { reason, cause: 'clone_detected' })
    } else {
      for (const { attestation_id: id } of await listLiveAttestationsOfBinding(tx, bindingId)) {
        await endAuthority(change, { kind: 'attestation', id }, 'clone_detected', reason)
      }
    }
    const whose = party.kind === 'identity' ? `identity \`${party.name}\`` : 'a person'
    await raiseFinding(
      tx,
      {
        kind: 'clone_detected',
        subject: `binding:${bindingId}`,
        severity: 'critical',
        detail: `two holders of one key of ${whose} were seen; its logins are locked and what it gave has ended`,
      },
      detector,
      now,
    )
    return cloneRejection
  })
}

export function stateOf(row: KeyLoginRow): KeyLoginState {
  return {
    generation: row.generation,
    nextDigest: row.next_digest,
    previousDigest: row.previous_digest,
    movedAt: row.moved_at,
    repeats: row.repeats,
    lockedAt: row.locked_at,
    version: row.version,
  }
}
