/** The SQL of use: which sessions are open, and since when a credential has been used. */
import type { AttestationId, CredentialId, CredentialState, IdentityId, ResourceId, TaskId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { OpenSessionTable } from './schema.gen.ts'

export type OpenSessionRow = Selectable<OpenSessionTable>

/** Whose account it is, and from where its holder proved what it is. */
export interface AccountHolder {
  readonly credential_id: CredentialId
  readonly resource_id: ResourceId
  readonly state: CredentialState
  readonly identity_id: IdentityId
  readonly task_id: TaskId | null
  readonly attestation_id: AttestationId
  readonly attested_address: string | null
}

export async function listHolders(
  tx: Tx,
  credentialIds: readonly CredentialId[],
): Promise<ReadonlyMap<CredentialId, AccountHolder>> {
  if (credentialIds.length === 0) return new Map()
  const { rows } = await sql<AccountHolder>`
    select c.credential_id, c.resource_id, c.state, c.identity_id, c.task_id, c.attestation_id,
           host(a.source_address::inet) as attested_address
    from credential c join attestation a on a.attestation_id = c.attestation_id
    where c.credential_id = any(${credentialIds}::uuid[])`.execute(tx.query)
  return new Map(rows.map((row) => [row.credential_id, row]))
}

export async function listOpenSessions(tx: Tx, resourceId: ResourceId): Promise<readonly OpenSessionRow[]> {
  return tx.query.selectFrom('open_session').selectAll().where('resource_id', '=', resourceId).execute()
}

/** @returns those that were not yet written down, by whichever server */
export async function insertOpenSessions(
  tx: Tx,
  rows: readonly Omit<OpenSessionRow, 'tenant_id'>[],
): Promise<ReadonlySet<string>> {
  const inserted = new Set<string>()
  for (let at = 0; at < rows.length; at += 1_000) {
    const fresh = await tx.query
      .insertInto('open_session')
      .values(rows.slice(at, at + 1_000))
      .onConflict((conflict) => conflict.columns(['resource_id', 'session_id', 'tenant_id']).doNothing())
      .returning('session_id')
      .execute()
    for (const row of fresh) inserted.add(row.session_id)
  }
  return inserted
}

export type EndedSession = OpenSessionRow & Pick<AccountHolder, 'identity_id' | 'task_id' | 'attestation_id'>

/** @returns those that were still written down as open, each with whose it was */
export async function deleteOpenSessions(
  tx: Tx,
  resourceId: ResourceId,
  sessionIds: readonly string[],
): Promise<readonly EndedSession[]> {
  if (sessionIds.length === 0) return []
  const { rows } = await sql<EndedSession>`
    delete from open_session o using credential c
    where o.resource_id = ${resourceId} and o.session_id = any(${sessionIds}::text[])
      and c.credential_id = o.credential_id
    returning o.*, c.identity_id, c.task_id, c.attestation_id`.execute(tx.query)
  return rows
}

export interface Used {
  readonly credentialId: CredentialId
  readonly since: Date
  /** Set where it is not the attested one. */
  readonly outsideAddress: string | undefined
}

/** First and last use, each as early and as late as was seen; the first address from outside stays. */
export async function recordUses(tx: Tx, uses: readonly Used[], now: Date): Promise<void> {
  if (uses.length === 0) return
  await sql`
    insert into credential_use as u (credential_id, first_used_at, last_used_at, outside_address, outside_at)
    select credential_id, least(min(since), ${now}::timestamptz), ${now}::timestamptz, min(outside),
           case when min(outside) is not null then ${now}::timestamptz end
    from unnest(${uses.map((one) => one.credentialId)}::uuid[], ${uses.map((one) => one.since)}::timestamptz[],
                ${uses.map((one) => one.outsideAddress ?? null)}::text[]) as t (credential_id, since, outside)
    group by credential_id order by credential_id
    on conflict (credential_id, tenant_id) do update
    set first_used_at = least(u.first_used_at, excluded.first_used_at), last_used_at = excluded.last_used_at,
        outside_address = coalesce(u.outside_address, excluded.outside_address),
        outside_at = coalesce(u.outside_at, excluded.outside_at)`.execute(tx.query)
}
