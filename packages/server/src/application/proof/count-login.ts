/** Counts the login of a key, where its trust provider asks for that (`judge-login.ts` says how). */
import { type Rejection, rejected } from '../../adapters/trust-providers/trust-provider.ts'
import { insertKeyLogin } from '../../store/key-login-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { FoundBinding, PresentedProof } from './accept-proof.ts'
import { cloneRejection, judgeLogin } from './judge-login.ts'
import { challengeHolds } from './login-challenge.ts'
import { lockClone } from './lock-clone.ts'
import type { ProofDeps } from './proof-deps.ts'

/**
 * @returns what was found, with the counter as it will be; a rejection; or `overtaken`: read and judge again
 */
export async function countLogin(
  deps: ProofDeps,
  proof: PresentedProof,
  found: FoundBinding,
): Promise<FoundBinding | Rejection | 'overtaken'> {
  const { binding, verdict } = found
  const { login } = verdict
  // A lock holds whatever the trust provider asks for by now.
  if (binding.keyLogin !== null && binding.keyLogin.lockedAt !== null) return cloneRejection
  if (login === undefined) return found
  if (proof.tellsCount !== true) {
    return rejected(
      'challenge_wrong',
      'a key that counts its logins is taken by the grant client_credentials only',
      'get an access token with it, and send that',
    )
  }
  const now = deps.clock.now()
  if (!(await challengeHolds(deps, proof.tenantId, login.challenge, clientOf(verdict), now))) {
    return rejected('challenge_wrong', '`nonce` is no challenge of ours for this client, or too old', 'get a new one')
  }
  if (binding.keyLogin === null) {
    await beginCounting(deps, proof, found)
    return 'overtaken'
  }
  const keyLogin = judgeLogin(binding.keyLogin, login, now)
  return keyLogin === 'clone' ? lockClone(deps, proof, found, login) : { ...found, keyLogin }
}

/** The client as it named itself, for whom the challenge was made. */
function clientOf({ claims: { client } }: FoundBinding['verdict']): string {
  return typeof client === 'string' ? client : ''
}

/** The first login of a key: its counter, before anything is counted on it. Of several at once one makes it. */
async function beginCounting(deps: ProofDeps, { tenantId }: PresentedProof, { binding }: FoundBinding): Promise<void> {
  await deps.database.transaction(tenantId, async (tx) => {
    const row = await insertKeyLogin(tx, binding.bindingId)
    if (row === undefined) return
    await appendAudit(tx, {
      action: 'key_login.begun',
      at: deps.clock.now(),
      actor: { kind: 'system', worker: 'count-login' },
      identityId: binding.party.kind === 'identity' ? binding.party.identityId : undefined,
      rows: [statedRow('key_login', row)],
      body: { binding_id: binding.bindingId },
    })
  })
}
