/** The SQL of trust providers. */
import { isId, type TrustProviderId } from '@mayfly/domain'
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { TrustProviderTable } from './schema.gen.ts'

export type TrustProviderRow = Selectable<TrustProviderTable>
export type NewTrustProviderRow = Omit<Insertable<TrustProviderTable>, 'tenant_id' | 'version'>
export type TrustProviderChange = Pick<
  Updateable<TrustProviderTable>,
  'issuer' | 'settings' | 'strength' | 'fresh_for_seconds' | 'state'
>

function taken(name: string, issuer: string | null | undefined) {
  return {
    trust_provider_tenant_id_name_key: { pointer: '/name', detail: `there is a trust provider \`${name}\` already` },
    trust_provider_tenant_id_issuer_key: {
      pointer: '/settings/issuer',
      detail: `the issuer \`${issuer ?? ''}\` belongs to another trust provider`,
    },
  }
}

export async function insertTrustProvider(tx: Tx, row: NewTrustProviderRow): Promise<TrustProviderRow> {
  const insert = tx.query.insertInto('trust_provider').values(row).returningAll()
  return orNameTaken(insert.executeTakeFirstOrThrow(), taken(row.name, row.issuer))
}

export async function updateTrustProvider(
  tx: Tx,
  trustProviderId: TrustProviderId,
  change: TrustProviderChange,
): Promise<TrustProviderRow> {
  const update = tx.query.updateTable('trust_provider').set(change).where('trust_provider_id', '=', trustProviderId)
  return orNameTaken(update.returningAll().executeTakeFirstOrThrow(), taken('', change.issuer))
}

function byRef(tx: Tx, ref: string) {
  const query = tx.query.selectFrom('trust_provider').selectAll()
  return isId(ref) ? query.where('trust_provider_id', '=', ref as TrustProviderId) : query.where('name', '=', ref)
}

export async function findTrustProvider(tx: Tx, ref: string): Promise<TrustProviderRow | undefined> {
  return byRef(tx, ref).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getTrustProvider(tx: Tx, ref: string): Promise<TrustProviderRow> {
  return orNotFound('trust provider', ref, await findTrustProvider(tx, ref))
}

/** The row, locked until the transaction ends. */
export async function claimTrustProvider(tx: Tx, ref: string): Promise<TrustProviderRow> {
  return orNotFound('trust provider', ref, await byRef(tx, ref).forNoKeyUpdate().executeTakeFirst())
}

export interface TrustProviderFilter {
  readonly kind?: string | undefined
  readonly state?: 'active' | 'retired' | undefined
}

export async function listTrustProviders(
  tx: Tx,
  filter: TrustProviderFilter,
  page: PageRequest,
): Promise<TrustProviderRow[]> {
  let query = tx.query.selectFrom('trust_provider').selectAll()
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (page.after !== undefined)
    query = query.where('trust_provider.trust_provider_id', '>', page.after as TrustProviderId)
  return query.orderBy('trust_provider.trust_provider_id').limit(page.limit).execute()
}
