/** The SQL of credentials: issue, renew, and what is due. */
import {
  type CredentialId,
  type Environment,
  type IdentityId,
  MayflyError,
  type ResourceId,
  type RoleId,
  type TaskId,
} from '@mayfly/domain'
import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely'
import type { AccountHandle } from '@mayfly/provider-kit'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { dropClaims } from './removal-claims.ts'
import type { CredentialTable } from './schema.gen.ts'

export type CredentialRow = Selectable<CredentialTable>
export type NewCredentialRow = Pick<
  Insertable<CredentialTable>,
  | 'credential_id'
  | 'identity_id'
  | 'task_id'
  | 'attestation_id'
  | 'role_id'
  | 'resource_id'
  | 'provider_kind'
  | 'account_name'
  | 'target_key'
  | 'environment'
  | 'parameters'
  | 'decision_id'
  | 'policy_version_id'
  | 'idempotency_key'
  | 'request_digest'
  | 'requested_at'
  | 'create_deadline_at'
  | 'expires_at'
  | 'max_expires_at'
> &
  TokenColumns

/** What only a token has; null for what has an account. */
export type TokenColumns = Pick<
  CredentialRow,
  | 'bound_to'
  | 'active_at'
  | 'status_list_id'
  | 'status_index'
  | 'subject_identity_id'
  | 'subject_person_id'
  | 'subject_attestation_id'
  | 'subject_task_id'
  | 'chain_length'
  | 'parent_credential_id'
>

export const noToken: TokenColumns = {
  bound_to: 'none',
  active_at: null,
  status_list_id: null,
  status_index: null,
  subject_identity_id: null,
  subject_person_id: null,
  subject_attestation_id: null,
  subject_task_id: null,
  chain_length: null,
  parent_credential_id: null,
}

/**
 * The columns that an entry states of a credential, and no more: where thousands end at once, reading whole rows back would
 * cost as much as changing them.
 */
const statedColumns = [
  'credential_id',
  'identity_id',
  'task_id',
  'attestation_id',
  'role_id',
  'resource_id',
  'account_name',
  'environment',
  'parameters',
  'state',
  'decision_id',
  'policy_version_id',
  'expires_at',
  'max_expires_at',
  'revocation_id',
  'status_list_id',
  'status_index',
  'subject_identity_id',
  'subject_person_id',
  'subject_attestation_id',
  'subject_task_id',
  'chain_length',
  'parent_credential_id',
  'target_key',
  'version',
] as const satisfies readonly (keyof CredentialRow)[]

export type StatedCredentialRow = Pick<CredentialRow, (typeof statedColumns)[number]>

/** @param alias of `credential` in the statement */
export function statedColumnsOf(alias: string): RawBuilder<unknown> {
  return sql.join(statedColumns.map((name) => sql.ref(`${alias}.${name}`)))
}

/** How a provider is told which account is meant. */
export function handleOf(
  row: Pick<CredentialRow, 'credential_id' | 'account_name' | 'target_key' | 'expires_at'>,
): AccountHandle {
  return {
    credentialId: row.credential_id,
    accountName: row.account_name,
    expiresAt: row.expires_at,
    ...(row.target_key === null ? {} : { targetKey: row.target_key }),
  }
}

export async function findCredential(tx: Tx, credentialId: string): Promise<CredentialRow | undefined> {
  return tx.query
    .selectFrom('credential')
    .selectAll()
    .where('credential_id', '=', credentialId as CredentialId)
    .executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getCredential(tx: Tx, credentialId: string): Promise<CredentialRow> {
  const row = await findCredential(tx, credentialId)
  if (row === undefined) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no credential \`${credentialId}\`` })
  }
  return row
}

export async function findCredentialByKey(
  tx: Tx,
  identityId: IdentityId,
  idempotencyKey: string,
): Promise<CredentialRow | undefined> {
  return tx.query
    .selectFrom('credential')
    .selectAll()
    .where('identity_id', '=', identityId)
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirst()
}

/** Issues of one identity and role take turns until commit, so that counting and inserting are one step. */
export async function lockIssuesOf(tx: Tx, identityId: IdentityId, roleId: RoleId): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${identityId}/${roleId}`}, 0))`.execute(tx.query)
}

/** What an identity has: accounts of one role not yet gone, and requests since a moment. Each count stops at its cap. */
export async function countIssues(
  tx: Tx,
  of: { identityId: IdentityId; roleId: RoleId; since: Date; liveCap: number; rateCap: number },
): Promise<{ live: number; recent: number }> {
  const { rows } = await sql<{ live: number; recent: number }>`
    select (select count(*)::int from (select from credential
             where identity_id = ${of.identityId} and role_id = ${of.roleId}
               and state in ('requested', 'active', 'revoking') limit ${of.liveCap}) l) as live,
           (select count(*)::int from (select from credential
             where identity_id = ${of.identityId} and requested_at > ${of.since} limit ${of.rateCap}) r) as recent`.execute(
    tx.query,
  )
  return rows[0] ?? { live: 0, recent: 0 }
}

/** Holds a token as it is until the transaction ends. @returns false where it has ended */
export async function holdActive(tx: Tx, credentialId: CredentialId, now: Date): Promise<boolean> {
  const { rows } = await sql`select credential_id from credential
    where credential_id = ${credentialId} and state = 'active' and expires_at > ${now} for share`.execute(tx.query)
  return rows.length > 0
}

/** @returns undefined where it is no longer `requested`: a revocation was faster, and wins */
export async function activateIfStillRequested(
  tx: Tx,
  change: Pick<CredentialRow, 'credential_id' | 'bound_to' | 'expires_at' | 'fingerprint'> & { active_at: Date },
): Promise<CredentialRow | undefined> {
  const { credential_id: credentialId, ...set } = change
  return tx.query
    .updateTable('credential')
    .set({ ...set, state: 'active' })
    .where('credential_id', '=', credentialId)
    .where('state', '=', 'requested')
    .returningAll()
    .executeTakeFirst()
}

/**
 * Its creator came back and knows that nothing will take effect any more: the wait for the create's deadline is over,
 * and its removal is due at once.
 *
 * @returns false where it is no longer on its way out
 */
export async function settleUnborn(tx: Tx, credentialId: CredentialId, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update credential set create_deadline_at = least(create_deadline_at, ${now}), next_attempt_at = ${now}
    where credential_id = ${credentialId} and state = 'revoking' returning credential_id`.execute(tx.query)
  await dropClaims(tx, [credentialId])
  return rows.length > 0
}

export async function extendIfStillActive(
  tx: Tx,
  credentialId: CredentialId,
  expiresAt: Date,
  now: Date,
): Promise<CredentialRow | undefined> {
  return tx.query
    .updateTable('credential')
    .set({ expires_at: expiresAt })
    .where('credential_id', '=', credentialId)
    .where('state', '=', 'active')
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst()
}

export type DueCredential = Pick<CredentialRow, 'credential_id' | 'environment'>

/** Credentials past their end that still hold authority; those that another worker has in hand are left out. */
export async function claimExpired(tx: Tx, now: Date, limit: number): Promise<readonly DueCredential[]> {
  return tx.query
    .selectFrom('credential')
    .select(['credential_id', 'environment'])
    .where('state', 'in', ['requested', 'active'])
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
}

/** Requests whose creator did not come back in time. */
export async function claimUnborn(tx: Tx, now: Date, limit: number): Promise<readonly DueCredential[]> {
  return tx.query
    .selectFrom('credential')
    .select(['credential_id', 'environment'])
    .where('state', '=', 'requested')
    .where('create_deadline_at', '<=', now)
    .orderBy('create_deadline_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
}

export interface CredentialFilter {
  readonly identityId?: IdentityId | undefined
  readonly taskId?: TaskId | undefined
  readonly roleId?: RoleId | undefined
  readonly resourceId?: ResourceId | undefined
  readonly environment?: Environment | undefined
  readonly state?: CredentialRow['state'] | undefined
}

export type CredentialWithNames = CredentialRow & {
  readonly identity_name: string
  readonly role_name: string
  readonly resource_name: string
  readonly first_used_at: Date | null
  readonly last_used_at: Date | null
  readonly outside_address: string | null
  readonly open_sessions: number
  /** When the target was last asked who is connected; null: never, or it cannot tell. */
  readonly sampled_at: Date | null
}

function withNames(tx: Tx) {
  return tx.query
    .selectFrom('credential')
    .innerJoin('identity', 'identity.identity_id', 'credential.identity_id')
    .innerJoin('role', 'role.role_id', 'credential.role_id')
    .innerJoin('resource', 'resource.resource_id', 'credential.resource_id')
    .leftJoin('credential_use', 'credential_use.credential_id', 'credential.credential_id')
    .leftJoin('target_look', (join) =>
      join.onRef('target_look.resource_id', '=', 'credential.resource_id').on('target_look.kind', '=', 'sample'),
    )
    .selectAll('credential')
    .select(['identity.name as identity_name', 'role.name as role_name', 'resource.name as resource_name'])
    .select(['credential_use.first_used_at', 'credential_use.last_used_at', 'credential_use.outside_address'])
    .select('target_look.looked_at as sampled_at')
    .select(
      sql<number>`(select count(*)::int from open_session o where o.credential_id = credential.credential_id)`.as(
        'open_sessions',
      ),
    )
}

/** @throws MayflyError `resource_not_found` */
export async function getCredentialWithNames(tx: Tx, credentialId: CredentialId): Promise<CredentialWithNames> {
  const row = await withNames(tx).where('credential.credential_id', '=', credentialId).executeTakeFirst()
  if (row === undefined) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no credential \`${credentialId}\`` })
  }
  return row
}

export async function listCredentials(
  tx: Tx,
  filter: CredentialFilter,
  page: PageRequest,
): Promise<CredentialWithNames[]> {
  let query = withNames(tx)
  if (filter.identityId !== undefined) query = query.where('credential.identity_id', '=', filter.identityId)
  if (filter.taskId !== undefined) query = query.where('credential.task_id', '=', filter.taskId)
  if (filter.roleId !== undefined) query = query.where('credential.role_id', '=', filter.roleId)
  if (filter.resourceId !== undefined) query = query.where('credential.resource_id', '=', filter.resourceId)
  if (filter.environment !== undefined) query = query.where('credential.environment', '=', filter.environment)
  if (filter.state !== undefined) query = query.where('credential.state', '=', filter.state)
  if (page.after !== undefined) query = query.where('credential.credential_id', '>', page.after as CredentialId)
  return query.orderBy('credential.credential_id').limit(page.limit).execute()
}
