import type { TenantId } from '@mayfly/domain'
import { activateAuthority, lockAuthorities } from '../../store/authority-rows.ts'
import { lockKeys } from '../../store/key-rows.ts'
import { findTrustDomain } from '../../store/tenant-rows.ts'
import type { Actor } from '../context.ts'
import { prepareAuthority } from './prepare-authority.ts'
import { tellAuthority } from './rotate-authority.ts'
import type { AuthorityKeyDeps } from './spiffe-deps.ts'
import { ensureTrustBundle } from './trust-bundle.ts'

const starting: Actor = { kind: 'system', worker: 'start' }

/**
 * Gives a tenant an X.509 authority and a trust bundle, where it lacks them. Idempotent, and safe for several servers
 * that start at once. Call it at start for every tenant, after `ensureKeys`.
 *
 * @throws MayflyError `key_unusable`, `configuration_invalid`
 */
export async function ensureAuthorities(
  deps: Pick<AuthorityKeyDeps, 'database' | 'clock' | 'keys' | 'trustDomain' | 'upstream'>,
  tenantId: TenantId,
): Promise<void> {
  await deps.database.transaction(tenantId, async (tx) => {
    const change = { now: deps.clock.now(), actor: starting, requestId: 'start' }
    await lockKeys(tx)
    const rows = await lockAuthorities(tx)
    if (!rows.some((row) => row.state === 'active')) {
      const made = rows.find((row) => row.state === 'prepared') ?? (await prepareAuthority(deps, tx, change.now))
      // The very first: nobody has a bundle yet that could lack it.
      const active = await activateAuthority(tx, made.x509_authority_id, change.now)
      await tellAuthority(tx, change, 'svid_authority.activated', [active])
    }
    await ensureTrustBundle(tx, await findTrustDomain(tx, deps.trustDomain), change)
  })
}
