import { defaultTenantId, type TenantId } from './ids.ts'

/**
 * The trust domain of a tenant: the installation's own for the default tenant, `<tenant>.<that>` for every other, so that
 * two tenants never share a SPIFFE ID nor a bundle.
 *
 * @param name the tenant's; it holds no dot, so that no two tenants come out the same
 */
export function tenantTrustDomain(
  installation: string,
  tenant: { readonly id: TenantId; readonly name: string },
): string {
  return tenant.id === defaultTenantId ? installation : `${tenant.name}.${installation}`
}
