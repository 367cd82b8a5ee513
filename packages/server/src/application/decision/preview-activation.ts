/**
 * What an activation would end, before it does: the number, and the first of the list.
 */
import type { CredentialId, IdentityId, TaskId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { type HeldGroup, listHeldCredentials, listHeldGroups } from '../../store/held-rows.ts'
import { findActivePolicyVersion, type PolicyVersionRow } from '../../store/policy-rows.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import type { DenyReason } from './decision.ts'
import { loadHeldFacts } from './held-facts.ts'
import { judgeHeld } from './judge-held.ts'
import { concernedBy, policyDifference } from './policy-difference.ts'

export interface EndingCredential {
  readonly credentialId: CredentialId
  readonly identityId: IdentityId
  readonly identity: string
  readonly role: string
  readonly taskId: TaskId | null
  readonly expiresAt: Date
  readonly reasons: readonly DenyReason[]
}

export interface ActivationPreview {
  /** Policies by `@id`, against the active version. */
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** Live credentials that the difference can concern, and how many of them would end. */
  readonly concerned: number
  readonly wouldEnd: number
  /** The first of them, at most `listLimit`. */
  readonly ending: readonly EndingCredential[]
}

export const listLimit = 500
const groupsPerPage = 200

/** The candidate must be loaded into the engine before. */
export async function previewActivation(
  deps: AuthorityDeps,
  tx: Tx,
  candidate: PolicyVersionRow,
  now: Date,
): Promise<ActivationPreview> {
  const active = await findActivePolicyVersion(tx)
  const before = active === undefined ? [] : (await deps.policies.load(active.digest, active.policy_text)).policies
  const after = (await deps.policies.load(candidate.digest, candidate.policy_text)).policies
  const difference = policyDifference(before, after)
  const choice = { policyVersionId: candidate.policy_version_id, digest: candidate.digest }
  // Two policies may concern the same credential: counted once.
  const seen = new Set<string>()
  const ending: EndingCredential[] = []
  let concerned = 0
  let wouldEnd = 0
  for (const selector of await concernedBy(tx, difference)) {
    let page: HeldGroup[] = []
    do {
      page = await listHeldGroups(tx, selector, { after: page.at(-1), limit: groupsPerPage })
      const fresh = page.filter((group) => !seen.has(keyOf(group)))
      for (const group of fresh) seen.add(keyOf(group))
      for (const held of await loadHeldFacts(deps, tx, fresh, now, choice)) {
        concerned += held.group.count
        const denied = judgeHeld(deps.policies, held, now)
        if (denied === undefined) continue
        const credentials = (await listHeldCredentials(tx, held.group)).filter(denied.isDenied)
        wouldEnd += credentials.length
        const { principal, resource } = held.facts(0)
        for (const { credentialId, expiresAt } of credentials.slice(0, listLimit - ending.length)) {
          ending.push({
            credentialId,
            identityId: held.group.identityId,
            identity: principal.kind === 'identity' ? principal.name : principal.personId,
            role: resource.type === 'Role' ? resource.name : resource.type,
            taskId: held.group.taskId,
            expiresAt,
            reasons: denied.decision.reasons,
          })
        }
      }
    } while (page.length === groupsPerPage)
  }
  const { added, changed, removed } = difference
  return { added, changed, removed, concerned, wouldEnd, ending }
}

function keyOf({ identityId, roleId, taskId, attestationId, boundTo, onBehalfOf }: HeldGroup): string {
  const subject = [onBehalfOf?.attestationId, onBehalfOf?.taskId, onBehalfOf?.chainLength]
  return [identityId, roleId, taskId, attestationId, boundTo, ...subject].join(' ')
}
