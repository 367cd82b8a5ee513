/**
 * Decides again what is held because of something that changed, and ends what is no longer permitted (law 11).
 *
 * Promise: a requested re-decision stands in the database until its work is done; whoever dies over it leaves it to the
 * next. What is decided again is found through the index of what changed, and credentials with equal facts cost one
 * decision. Ends by the one path (law 2), cause `no_longer_permitted`.
 */
import type { TenantId } from '@mayfly/domain'
import type { CompiledPolicy } from '../../adapters/cedar/compiled-policy.ts'
import type { Tx } from '../../store/database.ts'
import { insertDecisions } from '../../store/decision-rows.ts'
import { type HeldGroup, type HeldSelector, listHeldCredentials, listHeldGroups } from '../../store/held-rows.ts'
import { type HeldSvidGroup, listHeldSvidGroups } from '../../store/held-svid-rows.ts'
import { getPolicyVersion } from '../../store/policy-rows.ts'
import {
  claimRedecision,
  deferRedecision,
  deleteRedecision,
  extendRedecision,
  type RedecisionRow,
  type RedecisionSelectorKind,
} from '../../store/redecision-rows.ts'
import { requestRevocation } from '../revocation/request-revocation.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { loadHeldFacts } from './held-facts.ts'
import type { DenyDecision } from './decision.ts'
import { type DeniedGroup, judgeHeld } from './judge-held.ts'
import { judgeHeldSvids } from './judge-held-svids.ts'
import { loadActivePolicy } from './load-policy.ts'
import { type Concerned, concernedBy, policyDifference } from './policy-difference.ts'
import { decisionRowOf } from './record-decision.ts'

const leaseMs = 60_000
const groupsPerPage = 100

/** Does one request at a time, whole. `more`: there may be another. */
export async function runRedecisions(
  deps: AuthorityDeps,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  const inTenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => deps.database.transaction(tenantId, work)
  const lease = () => new Date(deps.clock.now().getTime() + leaseMs)
  await loadActivePolicy(deps, tenantId)
  const row = await inTenant((tx) => claimRedecision(tx, deps.clock.now(), lease()))
  if (row === undefined) return 'idle'
  try {
    const concerned = await inTenant((tx) => concernedByRow(deps, tx, row))
    const walk = async <Group>(
      selectors: readonly HeldSelector[],
      page: (tx: Tx, selector: HeldSelector, after: Group | undefined) => Promise<Group | undefined>,
    ): Promise<'done' | 'stopped'> => {
      for (const selector of selectors) {
        let after: Group | undefined
        do {
          // What is left undone is done again from the beginning by whoever claims it next; what was ended stays ended.
          if (signal.aborted) return 'stopped'
          const from: Group | undefined = after
          after = await inTenant(async (tx) => {
            await extendRedecision(tx, row.redecision_id, lease())
            return page(tx, selector, from)
          })
        } while (after !== undefined)
      }
      return 'done'
    }
    const credentials = await walk<HeldGroup>(concerned.credentials, (tx, selector, after) =>
      redecidePage(deps, tx, row, selector, after),
    )
    if (credentials === 'stopped') return 'more'
    const svids = await walk<HeldSvidGroup>(concerned.svids, (tx, selector, after) =>
      redecideSvids(deps, tx, row, selector, after),
    )
    if (svids === 'stopped') return 'more'
    await inTenant((tx) => deleteRedecision(tx, row.redecision_id))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    deps.logger.error({ redecisionId: row.redecision_id, err: error }, 'a re-decision failed and is tried again')
    const waitMs = Math.min(60_000, 1_000 * 2 ** Math.min(row.attempts, 6))
    const until = new Date(deps.clock.now().getTime() + waitMs)
    await inTenant((tx) => deferRedecision(tx, row.redecision_id, until, message))
  }
  return 'more'
}

/** @returns where to go on, or undefined at the end */
async function redecidePage(
  deps: AuthorityDeps,
  tx: Tx,
  row: RedecisionRow,
  selector: HeldSelector,
  after: HeldGroup | undefined,
): Promise<HeldGroup | undefined> {
  const now = deps.clock.now()
  const groups = await listHeldGroups(tx, selector, { after, limit: groupsPerPage })
  for (const held of await loadHeldFacts(deps, tx, groups, now)) {
    const denied = judgeHeld(deps.policies, held, now)
    if (denied !== undefined) await endDenied(tx, row, denied, now)
  }
  return groups.length < groupsPerPage ? undefined : groups.at(-1)
}

async function endDenied(tx: Tx, row: RedecisionRow, denied: DeniedGroup, now: Date): Promise<void> {
  const { held, decision, isDenied } = denied
  const only = (await listHeldCredentials(tx, held.group)).filter(isDenied).map(({ credentialId }) => credentialId)
  if (only.length === 0) return
  await insertDecisions(tx, [decisionRowOf(decision)])
  await requestRevocation(tx, {
    selector: { kind: 'identity', id: held.group.identityId },
    cause: 'no_longer_permitted',
    // Who made the change; the row holds what `actorRecord` gave.
    requestedBy: row.requested_by as Readonly<Record<string, string>>,
    reason: reasonOf(row, decision),
    now,
    only,
  })
}

/** The same for SVIDs; one revocation for each identity that loses some. */
async function redecideSvids(
  deps: AuthorityDeps,
  tx: Tx,
  row: RedecisionRow,
  selector: HeldSelector,
  after: HeldSvidGroup | undefined,
): Promise<HeldSvidGroup | undefined> {
  const now = deps.clock.now()
  const groups = await listHeldSvidGroups(tx, selector, now, { after, limit: groupsPerPage })
  const denied = await judgeHeldSvids(deps, tx, groups, now)
  await insertDecisions(
    tx,
    denied.map(({ decision }) => decisionRowOf(decision)),
  )
  for (const [identityId, ofIdentity] of Map.groupBy(denied, ({ group }) => group.identityId)) {
    const [first] = ofIdentity
    if (first === undefined) continue
    await requestRevocation(tx, {
      selector: { kind: 'identity', id: identityId },
      cause: 'no_longer_permitted',
      requestedBy: row.requested_by as Readonly<Record<string, string>>,
      reason: reasonOf(row, first.decision),
      now,
      onlySvids: ofIdentity.flatMap(({ svidIds }) => svidIds),
    })
  }
  return groups.length < groupsPerPage ? undefined : groups.at(-1)
}

function reasonOf(row: RedecisionRow, { reasons, decisionId }: DenyDecision): string {
  return `${row.why}: ${reasons[0]?.detail ?? 'denied'} (decision ${decisionId})`.slice(0, 1000)
}

async function concernedByRow(deps: AuthorityDeps, tx: Tx, row: RedecisionRow): Promise<Concerned> {
  if (row.selector_kind !== 'policy') {
    const kind = row.selector_kind as Exclude<RedecisionSelectorKind, 'policy'>
    const selectors = [{ kind, id: row.selector_id }]
    return { credentials: selectors, svids: selectors }
  }
  const [before = '', after = ''] = row.selector_id.split('..')
  return concernedBy(
    tx,
    policyDifference(await compiledVersion(deps, tx, before), await compiledVersion(deps, tx, after)),
  )
}

async function compiledVersion(deps: AuthorityDeps, tx: Tx, id: string): Promise<readonly CompiledPolicy[]> {
  const version = await getPolicyVersion(tx, id)
  return (await deps.policies.load(version.digest, version.policy_text)).policies
}
