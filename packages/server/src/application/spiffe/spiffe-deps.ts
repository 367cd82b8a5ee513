/** What the SPIFFE authority needs, and how it is opened once for a server. */
import type { TenantId } from '@mayfly/domain'
import { type BatchQueue, openBatchQueue } from '../../store/commit-queue.ts'
import { insertSvids, type MintedSvid, type MintOutcome } from '../../store/svid-rows.ts'
import type { AuthorityDeps } from '../decision/authority-deps.ts'
import type { KeyDeps } from '../proof/key-deps.ts'
import type { TenantDirectory } from '../proof/tenant-directory.ts'
import { type AuthorityKeys, openAuthorityKeys } from './authority-keys.ts'
import { openPermitCache, type PermitCache } from './permit-svid.ts'
import type { UpstreamAuthority } from './upstream-authority.ts'

/** What the making and changing of authorities needs. */
export interface AuthorityKeyDeps extends KeyDeps {
  /** The installation's; every other tenant has its own below it. */
  readonly trustDomain: string
  readonly authorities: AuthorityKeys
  /** The authority above ours, where its key is in a file. */
  readonly upstream?: UpstreamAuthority
}

export interface SvidDeps extends AuthorityDeps, AuthorityKeyDeps {
  readonly tenants: TenantDirectory
  /** Many SVIDs, one durable commit. */
  readonly svids: BatchQueue<MintedSvid, MintOutcome>
  readonly permits: PermitCache
}

export interface SpiffeOptions extends Pick<AuthorityKeyDeps, 'keys' | 'trustDomain'> {
  readonly tenants: TenantDirectory
  readonly upstream?: UpstreamAuthority | undefined
}

export function openSpiffe(deps: AuthorityDeps, options: SpiffeOptions): SvidDeps {
  const { database, clock } = deps
  return {
    ...deps,
    keys: options.keys,
    trustDomain: options.trustDomain,
    tenants: options.tenants,
    authorities: openAuthorityKeys(options.keys),
    svids: openBatchQueue({ database, run: insertSvids }),
    permits: openPermitCache({ clock }),
    ...(options.upstream === undefined ? {} : { upstream: options.upstream }),
  }
}

/** Where the CRL of an authority is served. */
export async function crlUrlOf(
  deps: Pick<SvidDeps, 'tenants'>,
  tenantId: TenantId,
  keyId: string,
): Promise<string | undefined> {
  const issuer = await deps.tenants.findIssuer(tenantId)
  return issuer === undefined ? undefined : `${issuer}/spiffe/crl/${keyId}.crl`
}
