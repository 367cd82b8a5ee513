/**
 * What an activation would end, before it does: the number, and the first of the list.
 */
import type { AttestationId, CredentialId, IdentityId, SvidId, TaskId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { type HeldGroup, type HeldSelector, listHeldCredentials, listHeldGroups } from '../../store/held-rows.ts'
import { countEndingWith, type HeldSvidGroup, listHeldSvidGroups } from '../../store/held-svid-rows.ts'
import { findActivePolicyVersion, type PolicyVersionRow } from '../../store/policy-rows.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import type { DenyReason } from './decision.ts'
import { loadHeldFacts, type PolicyChoice } from './held-facts.ts'
import { judgeHeld } from './judge-held.ts'
import { judgeHeldSvids } from './judge-held-svids.ts'
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

/** SVIDs of one proof. */
export interface EndingSvids {
  readonly identityId: IdentityId
  readonly identity: string
  readonly attestationId: AttestationId
  readonly x509: number
  readonly jwt: number
  readonly reasons: readonly DenyReason[]
}

export interface ActivationPreview {
  /** Policies by `@id`, against the active version. */
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** Live credentials that the difference can concern. */
  readonly concerned: number
  /** How many credentials would end: those that it denies, and those that rest on what it ends. */
  readonly wouldEnd: number
  /** The first that it denies, at most `listLimit`. */
  readonly ending: readonly EndingCredential[]
  /** The same for SVIDs. */
  readonly concernedSvids: number
  readonly wouldEndSvids: number
  readonly endingSvids: readonly EndingSvids[]
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
  const selectors = await concernedBy(tx, difference)
  const credentials = await previewCredentials(deps, tx, selectors.credentials, now, choice)
  const svids = await previewSvids(deps, tx, selectors.svids, now, choice)
  const total = await countEndingWith(tx, { credentialIds: credentials.denied, svidIds: svids.denied }, now)
  const { added, changed, removed } = difference
  return {
    added,
    changed,
    removed,
    concerned: credentials.concerned,
    wouldEnd: total.credentials,
    ending: credentials.ending,
    concernedSvids: svids.concerned,
    wouldEndSvids: total.svids,
    endingSvids: svids.ending,
  }
}

interface Previewed<Id, Ending> {
  readonly concerned: number
  readonly denied: readonly Id[]
  readonly ending: readonly Ending[]
}

async function previewCredentials(
  deps: AuthorityDeps,
  tx: Tx,
  selectors: readonly HeldSelector[],
  now: Date,
  choice: PolicyChoice,
): Promise<Previewed<CredentialId, EndingCredential>> {
  // Two policies may concern the same credential: counted once.
  const seen = new Set<string>()
  const denied: CredentialId[] = []
  const ending: EndingCredential[] = []
  let concerned = 0
  for (const selector of selectors) {
    let page: HeldGroup[] = []
    do {
      page = await listHeldGroups(tx, selector, { after: page.at(-1), limit: groupsPerPage })
      const fresh = page.filter((group) => !seen.has(keyOf(group)))
      for (const group of fresh) seen.add(keyOf(group))
      for (const held of await loadHeldFacts(deps, tx, fresh, now, choice)) {
        concerned += held.group.count
        const judged = judgeHeld(deps.policies, held, now)
        if (judged === undefined) continue
        const credentials = (await listHeldCredentials(tx, held.group)).filter(judged.isDenied)
        const { principal, resource } = held.facts(0)
        for (const { credentialId } of credentials) denied.push(credentialId)
        for (const { credentialId, expiresAt } of credentials.slice(0, listLimit - ending.length)) {
          ending.push({
            credentialId,
            identityId: held.group.identityId,
            identity: principal.kind === 'identity' ? principal.name : principal.personId,
            role: resource.type === 'Role' ? resource.name : resource.type,
            taskId: held.group.taskId,
            expiresAt,
            reasons: judged.decision.reasons,
          })
        }
      }
    } while (page.length === groupsPerPage)
  }
  return { concerned, denied, ending }
}

async function previewSvids(
  deps: AuthorityDeps,
  tx: Tx,
  selectors: readonly HeldSelector[],
  now: Date,
  choice: PolicyChoice,
): Promise<Previewed<SvidId, EndingSvids>> {
  const seen = new Set<AttestationId>()
  const denied: SvidId[] = []
  const ending: EndingSvids[] = []
  let concerned = 0
  for (const selector of selectors) {
    let page: readonly HeldSvidGroup[] = []
    do {
      page = await listHeldSvidGroups(tx, selector, now, { after: page.at(-1), limit: groupsPerPage })
      const fresh = page.filter(({ attestationId }) => !seen.has(attestationId))
      for (const { attestationId, x509, jwt } of fresh) {
        seen.add(attestationId)
        concerned += x509 + jwt
      }
      for (const { group, identity, decision, kinds, svidIds } of await judgeHeldSvids(deps, tx, fresh, now, choice)) {
        for (const svidId of svidIds) denied.push(svidId)
        if (ending.length === listLimit) continue
        ending.push({
          identityId: group.identityId,
          identity: identity.name,
          attestationId: group.attestationId,
          x509: kinds.includes('x509') ? group.x509 : 0,
          jwt: group.jwt,
          reasons: decision.reasons,
        })
      }
    } while (page.length === groupsPerPage)
  }
  return { concerned, denied, ending }
}

function keyOf({ identityId, roleId, taskId, attestationId, boundTo, onBehalfOf }: HeldGroup): string {
  const subject = [onBehalfOf?.attestationId, onBehalfOf?.taskId, onBehalfOf?.chainLength]
  return [identityId, roleId, taskId, attestationId, boundTo, ...subject].join(' ')
}
