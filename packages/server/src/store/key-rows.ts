/** The SQL of keys. Everything secret in these rows is wrapped or sealed. */
import type { ResourceId, TenantId, TrustProviderId, X509AuthorityId } from '@mayfly/domain'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { DataKeyTable, InstallationTable, ResourceTable, Schema, SigningKeyTable } from './schema.gen.ts'

export type KeyPurpose =
  | 'access_token'
  | 'federated_token'
  | 'log_checkpoint'
  | 'promise'
  | 'fingerprint'
  | 'jwt_svid'
  | 'offline_bundle'
  | 'sign_in_client'
export type KeyAlgorithm = 'ES256' | 'RS256' | 'Ed25519' | 'HS256'
/** The check constraints hold the two words to their closed sets. */
export type SigningKeyRow = Omit<Selectable<SigningKeyTable>, 'purpose' | 'algorithm'> & {
  readonly purpose: KeyPurpose
  readonly algorithm: KeyAlgorithm
}
interface Words {
  purpose: KeyPurpose
  algorithm: KeyAlgorithm
}
export type DataKeyRow = Selectable<DataKeyTable>

// Installation: no tenant's row ---------------------------------------------------------------------------------------

export async function findInstallation(query: Kysely<Schema>): Promise<Selectable<InstallationTable> | undefined> {
  return query.selectFrom('installation').selectAll().executeTakeFirst()
}

/** Made once: of several servers at their first start, one inserts and the others read what it wrote. */
export async function insertInstallation(
  query: Kysely<Schema>,
  row: { installation_id: string; kek_id: string; kek_check: Buffer; created_at: Date },
): Promise<void> {
  await query
    .insertInto('installation')
    .values(row)
    .onConflict((on) => on.doNothing())
    .execute()
}

/** Only if it still names `fromKeyId`: two servers that rotate at once do not undo each other. */
export async function updateInstallationKey(
  query: Kysely<Schema>,
  fromKeyId: string,
  to: { kek_id: string; kek_check: Buffer },
): Promise<boolean> {
  const result = await query.updateTable('installation').set(to).where('kek_id', '=', fromKeyId).executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export async function listTenantIds(query: Kysely<Schema>): Promise<readonly TenantId[]> {
  return (await query.selectFrom('tenant').select('tenant_id').orderBy('tenant_id').execute()).map(
    (row) => row.tenant_id,
  )
}

// Data keys -----------------------------------------------------------------------------------------------------------

export async function findActiveDataKey(tx: Tx): Promise<DataKeyRow | undefined> {
  return tx.query.selectFrom('data_key').selectAll().where('state', '=', 'active').executeTakeFirst()
}

export async function findDataKey(tx: Tx, dataKeyId: string): Promise<DataKeyRow | undefined> {
  return tx.query.selectFrom('data_key').selectAll().where('data_key_id', '=', dataKeyId).executeTakeFirst()
}

/** @returns false when the tenant has an active one already */
export async function insertActiveDataKey(
  tx: Tx,
  row: { data_key_id: string; kek_id: string; wrapped: Buffer; created_at: Date },
): Promise<boolean> {
  const result = await tx.query
    .insertInto('data_key')
    .values({ ...row, state: 'active' })
    .onConflict((on) => on.columns(['tenant_id']).where('state', '=', 'active').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export async function retireActiveDataKey(tx: Tx): Promise<void> {
  await tx.query.updateTable('data_key').set({ state: 'retired' }).where('state', '=', 'active').execute()
}

/** Locked, so that two servers that rotate at once wrap each key once. */
export async function listDataKeysNotUnder(tx: Tx, kekId: string): Promise<readonly DataKeyRow[]> {
  return tx.query.selectFrom('data_key').selectAll().where('kek_id', '<>', kekId).forUpdate().execute()
}

export async function rewrapDataKey(tx: Tx, dataKeyId: string, kekId: string, wrapped: Buffer): Promise<void> {
  await tx.query.updateTable('data_key').set({ kek_id: kekId, wrapped }).where('data_key_id', '=', dataKeyId).execute()
}

export async function hasRetiredDataKey(tx: Tx): Promise<boolean> {
  const row = await tx.query
    .selectFrom('data_key')
    .select('data_key_id')
    .where('state', '=', 'retired')
    .executeTakeFirst()
  return row !== undefined
}

// Signing keys --------------------------------------------------------------------------------------------------------

export async function findActiveSigningKey(tx: Tx, purpose: KeyPurpose): Promise<SigningKeyRow | undefined> {
  return tx.query
    .selectFrom('signing_key')
    .selectAll()
    .$narrowType<Words>()
    .where('purpose', '=', purpose)
    .where('state', '=', 'active')
    .executeTakeFirst()
}

export async function findSigningKey(tx: Tx, keyId: string): Promise<SigningKeyRow | undefined> {
  return tx.query
    .selectFrom('signing_key')
    .selectAll()
    .$narrowType<Words>()
    .where('key_id', '=', keyId)
    .executeTakeFirst()
}

/** Prepared, active, and retired ones that are still believed; newest first. */
export async function listTrustedSigningKeys(
  tx: Tx,
  purpose: KeyPurpose,
  now: Date,
): Promise<readonly SigningKeyRow[]> {
  return tx.query
    .selectFrom('signing_key')
    .selectAll()
    .$narrowType<Words>()
    .where('purpose', '=', purpose)
    .where((where) =>
      where.or([where('state', '<>', 'retired'), where('trusted_until', 'is', null), where('trusted_until', '>', now)]),
    )
    .orderBy('prepared_at', 'desc')
    .execute()
}

/** What signs, and what will. */
export async function listCurrentSigningKeys(tx: Tx): Promise<readonly SigningKeyRow[]> {
  return tx.query
    .selectFrom('signing_key')
    .selectAll()
    .$narrowType<Words>()
    .where('state', '<>', 'retired')
    .orderBy('purpose')
    .orderBy('state', 'desc')
    .execute()
}

export async function listSigningKeys(tx: Tx): Promise<readonly SigningKeyRow[]> {
  return tx.query
    .selectFrom('signing_key')
    .selectAll()
    .$narrowType<Words>()
    .orderBy('purpose')
    .orderBy('prepared_at', 'desc')
    .execute()
}

export interface NewSigningKey {
  readonly key_id: string
  readonly purpose: KeyPurpose
  readonly algorithm: KeyAlgorithm
  readonly public_jwk: string | null
  readonly sealed_private: string
  readonly prepared_at: Date
}

export async function insertSigningKey(tx: Tx, row: NewSigningKey): Promise<SigningKeyRow> {
  return tx.query
    .insertInto('signing_key')
    .values({ ...row, state: 'prepared' })
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

/** One at a time for each purpose: the active key is locked first, so that of two rotations at once one waits. */
export async function lockSigningKeys(tx: Tx, purpose: KeyPurpose): Promise<readonly SigningKeyRow[]> {
  return tx.query
    .selectFrom('signing_key')
    .selectAll()
    .$narrowType<Words>()
    .where('purpose', '=', purpose)
    .where('state', '<>', 'retired')
    .orderBy('prepared_at')
    .forUpdate()
    .execute()
}

export async function activateSigningKey(tx: Tx, keyId: string, now: Date): Promise<SigningKeyRow> {
  return tx.query
    .updateTable('signing_key')
    .set({ state: 'active', activated_at: now })
    .where('key_id', '=', keyId)
    .where('state', '=', 'prepared')
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

export async function retireSigningKey(
  tx: Tx,
  keyId: string,
  now: Date,
  trustedUntil: Date | null,
): Promise<SigningKeyRow> {
  return tx.query
    .updateTable('signing_key')
    .set({ state: 'retired', retired_at: now, trusted_until: trustedUntil })
    .where('key_id', '=', keyId)
    .where('state', '<>', 'retired')
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

// Sealed values elsewhere, for the change of a data key ----------------------------------------------------------------

/** Where a sealed value stands; `resource_next` is the secret that a resource's login is being changed to. */
export interface SealedValue {
  readonly table:
    | 'resource'
    | 'resource_next'
    | 'secret_version'
    | 'signing_key'
    | 'trust_provider_secret'
    | 'x509_authority'
  readonly id: string
  readonly sealed: string
}

/** Values not sealed under the given data key, at most `limit`, locked. A sealed text begins with its data key's id. */
export async function claimSealedValuesNotUnder(
  tx: Tx,
  dataKeyId: string,
  limit: number,
): Promise<readonly SealedValue[]> {
  const under = `v1.${dataKeyId}.%`
  const keys = await tx.query
    .selectFrom('signing_key')
    .select(['key_id as id', 'sealed_private as sealed'])
    .where('sealed_private', 'not like', under)
    .limit(limit)
    .forUpdate()
    .execute()
  const resources = await tx.query
    .selectFrom('resource')
    .select(['resource_id as id', 'sealed_secret as sealed'])
    .where('sealed_secret', 'not like', under)
    .limit(Math.max(limit - keys.length, 0))
    .forUpdate()
    .execute()
  const next = await tx.query
    .selectFrom('resource')
    .select(['resource_id as id', 'sealed_next_secret as sealed'])
    .$narrowType<{ sealed: string }>()
    .where('sealed_next_secret', 'not like', under)
    .limit(Math.max(limit - keys.length - resources.length, 0))
    .forUpdate()
    .execute()
  const authorities = await tx.query
    .selectFrom('x509_authority')
    .select(['x509_authority_id as id', 'sealed_private as sealed'])
    .where('sealed_private', 'not like', under)
    .limit(Math.max(limit - keys.length - resources.length - next.length, 0))
    .forUpdate()
    .execute()
  const clientSecrets = await tx.query
    .selectFrom('trust_provider_secret')
    .select(['trust_provider_id as id', 'sealed_secret as sealed'])
    .where('sealed_secret', 'not like', under)
    .limit(Math.max(limit - keys.length - resources.length - next.length - authorities.length, 0))
    .forUpdate()
    .execute()
  const versions = await tx.query
    .selectFrom('secret_version')
    .select(['secret_version_id as id', 'sealed_secret as sealed'])
    .$narrowType<{ sealed: string }>()
    .where('sealed_secret', 'not like', under)
    .limit(
      Math.max(limit - keys.length - resources.length - next.length - authorities.length - clientSecrets.length, 0),
    )
    .forUpdate()
    .execute()
  return [
    ...versions.map((row) => ({ table: 'secret_version' as const, ...row })),
    ...authorities.map((row) => ({ table: 'x509_authority' as const, ...row })),
    ...keys.map((row) => ({ table: 'signing_key' as const, ...row })),
    ...resources.map((row) => ({ table: 'resource' as const, ...row })),
    ...next.map((row) => ({ table: 'resource_next' as const, ...row })),
    ...clientSecrets.map((row) => ({ table: 'trust_provider_secret' as const, ...row })),
  ]
}

/** @returns the resource's row as it is afterwards: its version moves on */
export async function storeResealed(tx: Tx, value: SealedValue): Promise<Selectable<ResourceTable> | undefined> {
  if (value.table === 'signing_key') {
    await tx.query
      .updateTable('signing_key')
      .set({ sealed_private: value.sealed })
      .where('key_id', '=', value.id)
      .execute()
    return undefined
  }
  if (value.table === 'x509_authority') {
    // Not stated: what is sealed gives no authority to whoever cannot open it.
    await tx.query
      .updateTable('x509_authority')
      .set({ sealed_private: value.sealed })
      .where('x509_authority_id', '=', value.id as X509AuthorityId)
      .execute()
    return undefined
  }
  if (value.table === 'trust_provider_secret') {
    await tx.query
      .updateTable('trust_provider_secret')
      .set({ sealed_secret: value.sealed })
      .where('trust_provider_id', '=', value.id as TrustProviderId)
      .execute()
    return undefined
  }
  if (value.table === 'secret_version') {
    await tx.query
      .updateTable('secret_version')
      .set({ sealed_secret: value.sealed })
      .where('secret_version_id', '=', value.id)
      .execute()
    return undefined
  }
  return tx.query
    .updateTable('resource')
    .set(value.table === 'resource' ? { sealed_secret: value.sealed } : { sealed_next_secret: value.sealed })
    .where('resource_id', '=', value.id as ResourceId)
    .returningAll()
    .executeTakeFirst()
}

/** Held until the end of the transaction: of two servers that make or change keys at once, one waits. */
export async function lockKeys(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`mayfly keys ${tx.tenantId}`}, 0))`.execute(tx.query)
}
