/** The SQL of the trace: look-ups by index only, however much history there is. */
import type { CredentialId, DecisionId, IdentityId, OwnerId, PersonId, RevocationId, TaskId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from './database.ts'

/** Which credentials a task or an identity ever had: from the entries, because ended ones leave the live indexes. */
export async function listCredentialIdsOf(
  tx: Tx,
  column: 'task_id' | 'identity_id',
  id: TaskId | IdentityId,
  limit: number,
): Promise<CredentialId[]> {
  const { rows } = await sql<{ credential_id: CredentialId }>`
    select credential_id from entry where ${sql.ref(column)} = ${id} and credential_id is not null
     group by credential_id order by max(recorded_at) desc limit ${limit}`.execute(tx.query)
  return rows.map(({ credential_id }) => credential_id)
}

export async function listTaskIdsOf(tx: Tx, identityId: IdentityId, limit: number): Promise<TaskId[]> {
  const { rows } = await sql<{ task_id: TaskId }>`
    select task_id from entry where identity_id = ${identityId} and task_id is not null
     group by task_id order by max(recorded_at) desc limit ${limit}`.execute(tx.query)
  return rows.map(({ task_id }) => task_id)
}

export function listTracedCredentials(tx: Tx, ids: readonly CredentialId[]) {
  return tx.query
    .selectFrom('credential')
    .innerJoin('role', 'role.role_id', 'credential.role_id')
    .innerJoin('resource', 'resource.resource_id', 'credential.resource_id')
    .leftJoin('attestation', 'attestation.attestation_id', 'credential.attestation_id')
    .leftJoin('trust_provider', 'trust_provider.trust_provider_id', 'attestation.trust_provider_id')
    .where('credential.credential_id', '=', anyOf(ids))
    .selectAll('credential')
    .select([
      'role.name as role_name',
      'resource.name as resource_name',
      'attestation.strength as attestation_strength',
      'attestation.accepted_at as attestation_accepted_at',
      'trust_provider.name as trust_provider_name',
    ])
    .orderBy('credential.requested_at')
    .execute()
}

export function listTracedTasks(tx: Tx, ids: readonly TaskId[]) {
  return tx.query.selectFrom('task').selectAll().where('task_id', '=', anyOf(ids)).orderBy('declared_at').execute()
}

export function listTracedDecisions(tx: Tx, ids: readonly DecisionId[]) {
  return tx.query.selectFrom('decision').selectAll().where('decision_id', '=', anyOf(ids)).execute()
}

export function listTracedRevocations(tx: Tx, ids: readonly RevocationId[]) {
  return tx.query.selectFrom('revocation').selectAll().where('revocation_id', '=', anyOf(ids)).execute()
}

export function findTracedIdentity(tx: Tx, id: IdentityId) {
  return tx.query.selectFrom('identity').selectAll().where('identity_id', '=', id).executeTakeFirst()
}

export function findTracedOwner(tx: Tx, id: OwnerId) {
  return tx.query.selectFrom('owner').selectAll().where('owner_id', '=', id).executeTakeFirst()
}

export function listTracedPeople(tx: Tx, ids: readonly PersonId[]) {
  return tx.query
    .selectFrom('person')
    .select(['person_id', 'name', 'state'])
    .where('person_id', '=', anyOf(ids))
    .execute()
}

/** Entries about credentials, and about tasks themselves, in the order in which they happened. */
export function listTracedEntries(tx: Tx, credentialIds: readonly CredentialId[], taskIds: readonly TaskId[]) {
  const columns = ['entry_id', 'action', 'stream', 'recorded_at', 'leaf_index', 'credential_id', 'task_id'] as const
  // What a use says of itself; of the others the node of their row says it.
  const useData = sql<Buffer | null>`case when stream = 'use' then data end`.as('use_data')
  const ofCredentials = tx.query
    .selectFrom('entry')
    .select(columns)
    .select(useData)
    .where('credential_id', '=', anyOf(credentialIds))
  const ofTasks = tx.query
    .selectFrom('entry')
    .select(columns)
    .select(useData)
    .where('task_id', '=', anyOf(taskIds))
    .where('credential_id', 'is', null)
  return ofCredentials.unionAll(ofTasks).orderBy('recorded_at').orderBy('entry_id').execute()
}

/** Takes an empty list too, which `in ()` does not. */
function anyOf<Id extends string>(ids: readonly Id[]) {
  return sql<Id>`any(${ids}::uuid[])`
}
