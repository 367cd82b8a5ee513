/**
 * The two writes of an issue, each in one statement: what is decided or done, the credential, and the entry (law 5).
 *
 * Reason: a round trip costs more than a row, and an issue is the busiest writer of all.
 * Limit: all parts of a statement see the rows as they were before it. The entry therefore states the row as its writer
 * says that it will be; `verify-state.ts` finds it if that were wrong.
 */
import { CompiledQuery } from 'kysely'
import type { CredentialRow, NewCredentialRow } from './credential-rows.ts'
import type { Tx } from './database.ts'
import type { NewDecisionRow } from './decision-rows.ts'
import { entryColumns, type EntryRow, entryValues } from './entry-rows.ts'

const decisionColumns = [
  'decision_id',
  'action',
  'principal',
  'resource',
  'identity_id',
  'task_id',
  'outcome',
  'reasons',
  'determining',
  'duties',
  'context',
  'policy_version_id',
  'decided_at',
] as const satisfies readonly (keyof NewDecisionRow)[]

const credentialColumns = [
  'credential_id',
  'identity_id',
  'task_id',
  'attestation_id',
  'role_id',
  'resource_id',
  'provider_kind',
  'account_name',
  'target_key',
  'environment',
  'parameters',
  'decision_id',
  'policy_version_id',
  'idempotency_key',
  'request_digest',
  'requested_at',
  'create_deadline_at',
  'expires_at',
  'max_expires_at',
  'bound_to',
  'active_at',
  'status_list_id',
  'status_index',
  'subject_identity_id',
  'subject_person_id',
  'subject_attestation_id',
  'subject_task_id',
  'chain_length',
  'parent_credential_id',
] as const satisfies readonly (keyof NewCredentialRow)[]

const credentialFrom = decisionColumns.length
const entryFrom = credentialFrom + credentialColumns.length

const requestStatement = `
  with decided as (insert into decision (${decisionColumns.join()}) values (${places(0, decisionColumns.length)})),
       alongside as (
         insert into decision (${decisionColumns.join()})
         select decision_id, action, principal, resource, identity_id, task_id, outcome, reasons,
                array(select jsonb_array_elements_text(determining)), duties, context, policy_version_id, decided_at
         from jsonb_to_recordset(${places(entryFrom + entryColumns.length + 1, 1)}::jsonb) as d (
           decision_id uuid, action text, principal jsonb, resource jsonb, identity_id uuid, task_id uuid, outcome text,
           reasons jsonb, determining jsonb, duties jsonb, context jsonb, policy_version_id uuid, decided_at timestamptz)),
       logged as (insert into entry (${entryColumns.join()}) values (${places(entryFrom, entryColumns.length)}))
  insert into credential (${credentialColumns.join()}, state, version)
  values (${places(credentialFrom, credentialColumns.length)}, ${places(entryFrom + entryColumns.length, 1)}, 1) returning *`

/**
 * Law 1: the row stands before the account, with the decision that permits it and its entry. What has no account begins as
 * `active`: it is signed after the commit.
 */
export async function insertIssue(
  tx: Tx,
  rows: {
    readonly decision: NewDecisionRow
    /** What else was decided for it. */
    readonly alongside?: readonly NewDecisionRow[]
    readonly credential: NewCredentialRow
    readonly state: 'requested' | 'active'
    readonly entry: EntryRow
  },
): Promise<CredentialRow> {
  const { rows: written } = await tx.query.executeQuery<CredentialRow>(
    CompiledQuery.raw(requestStatement, [
      ...decisionColumns.map((column) => rows.decision[column]),
      ...credentialColumns.map((column) => rows.credential[column]),
      ...entryValues(rows.entry),
      rows.state,
      JSON.stringify((rows.alongside ?? []).map(decisionJson)),
    ]),
  )
  const [row] = written
  if (row === undefined) throw new Error('an insert of one row gave none')
  return row
}

/** Columns that hold JSON as text become JSON again. */
function decisionJson(row: NewDecisionRow): object {
  const parsed = (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : text)
  const { principal, resource, reasons, duties, context } = row
  return {
    ...row,
    principal: parsed(principal),
    resource: parsed(resource),
    reasons: parsed(reasons),
    duties: parsed(duties),
    context: parsed(context),
  }
}

const activation = 7
const activateStatement = `
  with activated as (
    update credential set state = 'active', active_at = $2, bound_to = $3, expires_at = $4, fingerprint = $5
    where credential_id = $1 and state = 'requested' and version = $6
      and exists (select from signing_key where key_id = $7 and purpose = 'fingerprint' and state = 'active')
    returning *
  ), logged as (
    insert into entry (${entryColumns.join()})
    select ${entryColumns.map((column, index) => `$${activation + index + 1}::${entryTypeOf(column)}`).join()} from activated
  )
  select * from activated`

/**
 * @param version the row's as it was read; a row that has changed since is left alone
 * @param keyId what the fingerprint was made with; another key that is active by now is left to the caller
 * @returns undefined where nothing was written, the entry neither
 */
export async function activateAsRequested(
  tx: Tx,
  change: Pick<CredentialRow, 'credential_id' | 'active_at' | 'bound_to' | 'expires_at' | 'fingerprint' | 'version'>,
  keyId: string,
  entry: EntryRow,
): Promise<CredentialRow | undefined> {
  const { credential_id, active_at, bound_to, expires_at, fingerprint, version } = change
  const { rows } = await tx.query.executeQuery<CredentialRow>(
    CompiledQuery.raw(activateStatement, [
      credential_id,
      active_at,
      bound_to,
      expires_at,
      fingerprint,
      version,
      keyId,
      ...entryValues(entry),
    ]),
  )
  return rows[0]
}

function places(after: number, count: number): string {
  return Array.from({ length: count }, (_none, index) => `$${after + index + 1}`).join()
}

function entryTypeOf(column: (typeof entryColumns)[number]): string {
  if (column.endsWith('_id')) return 'uuid'
  if (column === 'recorded_at') return 'timestamptz'
  return column === 'data' || column === 'leaf_hash' ? 'bytea' : 'text'
}
