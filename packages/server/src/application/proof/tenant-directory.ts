/**
 * Which tenant a URL speaks of, and under which issuer its tokens are made: the default tenant at the public URL itself,
 * every other at `/t/<name>`.
 *
 * Names and ids of tenants never change, so they may be remembered.
 */
import { defaultTenantId, MayflyError, type TenantId } from '@mayfly/domain'
import type { Database } from '../../store/database.ts'
import { findTenantId, findTenantName } from '../../store/tenant-rows.ts'

export interface TenantDirectory {
  /** `undefined` when there is no such tenant. */
  findIdByName(name: string): Promise<TenantId | undefined>
  findIssuer(tenantId: TenantId): Promise<string | undefined>
  /** What comes after the address of any of our listeners: nothing, or `/t/<name>`. */
  findPath(tenantId: TenantId): Promise<string | undefined>
}

/** @throws MayflyError `internal`: a tenant that does not exist asks for nothing */
export async function getIssuer(tenants: TenantDirectory, tenantId: TenantId): Promise<string> {
  const issuer = await tenants.findIssuer(tenantId)
  if (issuer === undefined) throw new MayflyError('internal', { log: `tenant ${tenantId} has no name` })
  return issuer
}

export interface TenantDirectoryDeps {
  readonly database: Database
  /** Where clients reach this server, without a trailing slash; known once it listens. */
  readonly publicUrl: () => string
}

const nameShape = /^[a-z][a-z0-9-]{0,62}$/

export function openTenantDirectory(deps: TenantDirectoryDeps): TenantDirectory {
  const nameOf = new Map<TenantId, string>()

  async function findName(tenantId: TenantId): Promise<string | undefined> {
    const known = nameOf.get(tenantId)
    if (known !== undefined) return known
    const name = await deps.database.outsideTenants((query) => findTenantName(query, tenantId))
    if (name !== undefined) nameOf.set(tenantId, name)
    return name
  }

  async function findPath(tenantId: TenantId): Promise<string | undefined> {
    if (tenantId === defaultTenantId) return ''
    const name = await findName(tenantId)
    return name === undefined ? undefined : `/t/${name}`
  }

  return {
    findPath,
    async findIdByName(name) {
      if (!nameShape.test(name)) return undefined
      return deps.database.outsideTenants((query) => findTenantId(query, name))
    },
    async findIssuer(tenantId) {
      const path = await findPath(tenantId)
      return path === undefined ? undefined : `${deps.publicUrl()}${path}`
    },
  }
}
