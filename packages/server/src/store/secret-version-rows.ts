/** The SQL of static secrets: versions, and who was told which. */
import { type CredentialId, type IdentityId, MayflyError, type ResourceId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { SecretVersionTable } from './schema.gen.ts'

export type SecretVersionRow = Selectable<SecretVersionTable>

/** All that have not ended, in the order of their numbers. */
export async function listSecretVersions(tx: Tx, resourceId: ResourceId): Promise<readonly SecretVersionRow[]> {
  return tx.query
    .selectFrom('secret_version')
    .selectAll()
    .where('resource_id', '=', resourceId)
    .where('state', '<>', 'ended')
    .orderBy('number')
    .execute()
}

/** Numbered after the last one of the resource. */
export async function insertSecretVersion(
  tx: Tx,
  row: Pick<
    SecretVersionRow,
    'secret_version_id' | 'resource_id' | 'account' | 'sealed_secret' | 'fingerprint' | 'made_at'
  >,
): Promise<SecretVersionRow> {
  return tx.query
    .insertInto('secret_version')
    .values((expression) => ({
      ...row,
      state: 'pending',
      number: sql<number>`(${expression
        .selectFrom('secret_version')
        .select(({ fn }) => sql<number>`coalesce(${fn.max('number')}, 0) + 1`.as('next'))
        .where('resource_id', '=', row.resource_id)})`,
    }))
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** @throws MayflyError `internal`: there is no such version, or it has ended */
export async function updateSecretVersion(
  tx: Tx,
  which: { readonly resourceId: ResourceId; readonly number: number },
  change: Partial<Pick<SecretVersionRow, 'state' | 'current_at' | 'ends_at' | 'ended_at' | 'sealed_secret'>>,
): Promise<SecretVersionRow> {
  const row = await tx.query
    .updateTable('secret_version')
    .set(change)
    .where('resource_id', '=', which.resourceId)
    .where('number', '=', which.number)
    .where('state', '<>', 'ended')
    .returningAll()
    .executeTakeFirst()
  if (row !== undefined) return row
  throw new MayflyError('internal', { log: `resource ${which.resourceId} has no version ${which.number} that lives` })
}

export async function findSecretVersion(
  tx: Tx,
  resourceId: ResourceId,
  number: number,
): Promise<SecretVersionRow | undefined> {
  return tx.query
    .selectFrom('secret_version')
    .selectAll()
    .where('resource_id', '=', resourceId)
    .where('number', '=', number)
    .executeTakeFirst()
}

/** The version in force, held: many read it at once, and whoever replaces it waits for them. */
export async function holdCurrentVersion(tx: Tx, resourceId: ResourceId): Promise<SecretVersionRow | undefined> {
  return tx.query
    .selectFrom('secret_version')
    .selectAll()
    .where('resource_id', '=', resourceId)
    .where('state', '=', 'current')
    .forShare()
    .executeTakeFirst()
}

export async function insertSecretRead(
  tx: Tx,
  row: { readonly credential_id: CredentialId; readonly secret_version_id: string; readonly read_at: Date },
): Promise<void> {
  await tx.query.insertInto('secret_read').values(row).execute()
}

export interface SecretReaderRow {
  readonly credential_id: CredentialId
  readonly identity_id: IdentityId
  readonly number: number
  readonly is_live: boolean
}

/** Of versions that have not ended, by credentials that are not revoked yet. */
export async function listSecretReaders(tx: Tx, resourceId: ResourceId): Promise<readonly SecretReaderRow[]> {
  const { rows } = await sql<SecretReaderRow>`
    select r.credential_id, c.identity_id, v.number, c.state in ('requested', 'active') as is_live
    from secret_version v
      join secret_read r on r.secret_version_id = v.secret_version_id
      join credential c on c.credential_id = r.credential_id
    where v.resource_id = ${resourceId} and v.state <> 'ended' and c.state in ('requested', 'active', 'revoking')
    order by r.credential_id`.execute(tx.query)
  return rows
}

/** Credentials that wait for the end of this version are tried again now. */
export async function bringReadersForward(tx: Tx, secretVersionId: string, now: Date): Promise<void> {
  await sql`
    update credential c set next_attempt_at = ${now}
    from secret_read r
    where r.secret_version_id = ${secretVersionId} and c.credential_id = r.credential_id and c.state = 'revoking'
      and c.next_attempt_at > ${now}`.execute(tx.query)
}
