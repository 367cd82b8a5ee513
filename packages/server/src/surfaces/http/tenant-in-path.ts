import { defaultTenantId, MayflyError, type TenantId } from '@mayfly/domain'
import type { TenantDirectory } from '../../application/proof/tenant-directory.ts'

/**
 * The tenant that a path names by `/t/{name}`; one that names none is of the default tenant.
 *
 * @throws MayflyError `route_unknown`: a tenant that does not exist has no endpoints
 */
export async function tenantInPath(tenants: TenantDirectory, name: string | undefined): Promise<TenantId> {
  if (name === undefined) return defaultTenantId
  const tenantId = await tenants.findIdByName(name)
  if (tenantId === undefined) throw new MayflyError('route_unknown')
  return tenantId
}
