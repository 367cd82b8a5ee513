/**
 * Keeps the X.509 authority young: prepares a successor at half its life, activates it when it has been published long
 * enough, and takes out of the bundle what nothing lives under any more.
 *
 * Limit: one that is signed elsewhere cannot be followed by itself; a finding says in time that a person must ask for the next.
 */
import type { TenantId } from '@mayfly/domain'
import { type AuthorityRow, lockAuthorities } from '../../store/authority-rows.ts'
import type { Tx } from '../../store/database.ts'
import { lockKeys } from '../../store/key-rows.ts'
import type { Actor } from '../context.ts'
import { closeFinding, raiseFinding } from '../revocation/raise-finding.ts'
import { isAuthorityPublishedLongEnough, rotateAuthority } from './rotate-authority.ts'
import type { AuthorityKeyDeps } from './spiffe-deps.ts'
import { refreshTrustBundle } from './trust-bundle.ts'

const keeper: Actor = { kind: 'system', worker: 'keep-authorities' }
const everyMs = 60_000
const finding = { kind: 'svid_authority_ending', subject: 'svid_authority' } as const

type UpkeepDeps = Pick<AuthorityKeyDeps, 'database' | 'clock' | 'keys' | 'trustDomain' | 'upstream'>

export interface AuthorityUpkeep {
  readonly run: (deps: UpkeepDeps, tenantId: TenantId, signal: AbortSignal) => Promise<'idle'>
}

export function createAuthorityUpkeep(): AuthorityUpkeep {
  const lookedAtMs = new Map<TenantId, number>()
  return {
    async run(deps, tenantId, signal) {
      const nowMs = deps.clock.now().getTime()
      if (signal.aborted || nowMs - (lookedAtMs.get(tenantId) ?? 0) < everyMs) return 'idle'
      await keepAuthorities(deps, tenantId)
      lookedAtMs.set(tenantId, nowMs)
      return 'idle'
    },
  }
}

/** One look. */
export async function keepAuthorities(deps: UpkeepDeps, tenantId: TenantId): Promise<void> {
  await deps.database.transaction(tenantId, async (tx) => {
    const change = { now: deps.clock.now(), actor: keeper, requestId: 'authority-upkeep' }
    await lockKeys(tx)
    const rows = await lockAuthorities(tx)
    const active = rows.find((row) => row.state === 'active')
    const prepared = rows.find((row) => row.state === 'prepared')
    if (active === undefined) return
    const isReady = prepared !== undefined && isAuthorityPublishedLongEnough(prepared, change.now)
    const isOld = prepared === undefined && isHalfOver(active, change.now)
    // Signed elsewhere: to follow it by one that signs itself would take the root away that others trust.
    const byPerson = active.signed_by === 'upstream_request' && deps.upstream === undefined
    if (isReady || (isOld && !byPerson)) await rotateAuthority(deps, tx, change)
    await tellEnding(tx, isOld && byPerson && !isReady, active, change.now)
    await refreshTrustBundle(tx, change)
  })
}

async function tellEnding(tx: Tx, isEnding: boolean, { not_after: notAfter, key_id: keyId }: AuthorityRow, now: Date) {
  if (!isEnding) {
    await closeFinding(tx, finding, keeper, now)
    return
  }
  const detail = `the X.509 authority ${keyId} ends at ${notAfter?.toISOString() ?? ''} and is signed elsewhere: run \`mayfly ca request\`, have the request signed, and run \`mayfly ca import\``
  await raiseFinding(tx, { ...finding, severity: 'high', detail }, keeper, now)
}

function isHalfOver({ not_before: notBefore, not_after: notAfter }: AuthorityRow, now: Date): boolean {
  if (notBefore === null || notAfter === null) return false
  return now.getTime() - notBefore.getTime() > (notAfter.getTime() - notBefore.getTime()) / 2
}
