/** The SQL of revocation lists: what has ended of one resource, and the number of the next list. */
import { type CredentialId, MayflyError, type ResourceId } from '@mayfly/domain'
import type { EndedCredential } from '@mayfly/provider-kit'
import { sql } from 'kysely'
import type { Tx } from './database.ts'

interface EndedRow extends Pick<EndedCredential, 'credentialId' | 'accountName' | 'cause'> {
  readonly targetKey: string | null
  readonly endedAtMs: number
  readonly expiresAtMs: number
}

/** What was ended before its time and is not past it, in the order of ids. */
export async function listEndedCredentials(
  tx: Tx,
  resourceId: ResourceId,
  now: Date,
): Promise<readonly EndedCredential[]> {
  // Times as numbers: to read thousands of them as texts would take as long as to find the rows.
  const { rows } = await sql<EndedRow>`
    select c.credential_id as "credentialId", c.account_name as "accountName", c.target_key as "targetKey",
           (extract(epoch from c.revoking_at) * 1000)::float8 as "endedAtMs",
           (extract(epoch from c.expires_at) * 1000)::float8 as "expiresAtMs", r.cause
    from credential c join revocation r on r.revocation_id = c.revocation_id
    where c.resource_id = ${resourceId} and c.revoking_at is not null and c.expires_at > ${now}
      and c.revoking_at < c.expires_at
    order by c.credential_id`.execute(tx.query)
  return rows.map(({ targetKey, endedAtMs, expiresAtMs, ...row }) => ({
    ...row,
    ...(targetKey === null ? {} : { targetKey }),
    endedAt: new Date(endedAtMs),
    expiresAt: new Date(expiresAtMs),
  }))
}

/** Of these credentials those that were issued for the resource: active now, or once. */
export async function findIssuedCredentials(
  tx: Tx,
  resourceId: ResourceId,
  credentialIds: readonly CredentialId[],
): Promise<ReadonlySet<CredentialId>> {
  const { rows } = await sql<{ credential_id: CredentialId }>`
    select credential_id from credential
    where credential_id = any(${credentialIds}::uuid[]) and resource_id = ${resourceId} and active_at is not null`.execute(
    tx.query,
  )
  return new Set(rows.map((row) => row.credential_id))
}

/** Of these keys those of credentials whose end is before `before`. */
export async function listLongOver(
  tx: Tx,
  resourceId: ResourceId,
  targetKeys: readonly string[],
  before: Date,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ target_key: string }>`
    select target_key from credential
    where resource_id = ${resourceId} and target_key = any(${targetKeys}::text[]) and expires_at < ${before}`.execute(
    tx.query,
  )
  return new Set(rows.map((row) => row.target_key))
}

/** Begins where the numbers of the resource were before they had a table of their own. */
export async function nextPublishedNumber(tx: Tx, resourceId: ResourceId): Promise<number> {
  const { rows } = await sql<{ number: number }>`
    insert into published_list as l (resource_id, number)
    select resource_id, published_number + 1 from resource where resource_id = ${resourceId}
    on conflict (resource_id, tenant_id) do update set number = l.number + 1
    returning number::float8 as number`.execute(tx.query)
  const [row] = rows
  if (row === undefined) throw new MayflyError('internal', { log: `there is no resource ${resourceId} to publish of` })
  return row.number
}
