/** The SQL of use: which sessions are open, and since when a credential has been used. */
import type { AttestationId, CredentialId, CredentialState, IdentityId, ResourceId, TaskId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { CredentialUseTable, OpenSessionTable } from './schema.gen.ts'

export type OpenSessionRow = Selectable<OpenSessionTable>
export type CredentialUseRow = Selectable<CredentialUseTable>

/** Whose account it is, and from where its holder proved what it is. */
export interface AccountHolder {
  readonly credential_id: CredentialId
  readonly account_name: string
  readonly state: CredentialState
  readonly identity_id: IdentityId
  readonly task_id: TaskId | null
  readonly attestation_id: AttestationId
  readonly attested_address: string | null
}

export async function listHolders(
  tx: Tx,
  of: { readonly resourceId: ResourceId; readonly providerKind: string },
  accountNames: readonly string[],
): Promise<ReadonlyMap<string, AccountHolder>> {
  if (accountNames.length === 0) return new Map()
  const { rows } = await sql<AccountHolder>`
    select c.credential_id, c.account_name, c.state, c.identity_id, c.task_id, c.attestation_id,
           host(a.source_address::inet) as attested_address
    from credential c join attestation a on a.attestation_id = c.attestation_id
    where c.resource_id = ${of.resourceId} and c.provider_kind = ${of.providerKind}
      and c.account_name = any(${accountNames}::text[])`.execute(tx.query)
  return new Map(rows.map((row) => [row.account_name, row]))
}

export async function listOpenSessions(tx: Tx, resourceId: ResourceId): Promise<readonly OpenSessionRow[]> {
  return tx.query.selectFrom('open_session').selectAll().where('resource_id', '=', resourceId).execute()
}

export async function insertOpenSessions(
  tx: Tx,
  rows: readonly Omit<OpenSessionRow, 'tenant_id'>[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += 1_000) {
    await tx.query
      .insertInto('open_session')
      .values(rows.slice(at, at + 1_000))
      .execute()
  }
}

export async function deleteOpenSessions(
  tx: Tx,
  resourceId: ResourceId,
  sessionIds: readonly string[],
): Promise<void> {
  if (sessionIds.length === 0) return
  await sql`delete from open_session where resource_id = ${resourceId} and session_id = any(${sessionIds}::text[])`.execute(
    tx.query,
  )
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
