/** The SQL of tenants. The table belongs to no tenant, so it is read outside of them. */
import { type TenantId, tenantTrustDomain } from '@mayfly/domain'
import type { Kysely } from 'kysely'
import type { Tx } from './database.ts'
import type { Schema } from './schema.gen.ts'

export async function findTenantId(query: Kysely<Schema>, name: string): Promise<TenantId | undefined> {
  const row = await query.selectFrom('tenant').select('tenant_id').where('name', '=', name).executeTakeFirst()
  return row?.tenant_id
}

export async function findTenantName(query: Kysely<Schema>, tenantId: TenantId): Promise<string | undefined> {
  const row = await query.selectFrom('tenant').select('name').where('tenant_id', '=', tenantId).executeTakeFirst()
  return row?.name
}

export async function listTenants(query: Kysely<Schema>): Promise<readonly { tenant_id: TenantId; name: string }[]> {
  return query.selectFrom('tenant').select(['tenant_id', 'name']).orderBy('tenant_id').execute()
}

/** The trust domain of the tenant whose transaction it is. @param installation the installation's own */
export async function findTrustDomain(tx: Tx, installation: string): Promise<string> {
  const { name } = await tx.query
    .selectFrom('tenant')
    .select('name')
    .where('tenant_id', '=', tx.tenantId)
    .executeTakeFirstOrThrow()
  return tenantTrustDomain(installation, { id: tx.tenantId, name })
}

/** Idempotent: of several servers at their first start, one inserts. */
export async function ensureTenant(
  query: Kysely<Schema>,
  row: { tenant_id: TenantId; name: string; created_at: Date },
): Promise<void> {
  await query
    .insertInto('tenant')
    .values(row)
    .onConflict((on) => on.doNothing())
    .execute()
}
