/** The SQL of revocations: what they end, what they wait for, how far they have come. */
import {
  type AttestationId,
  type CredentialId,
  MayflyError,
  type RevocationCause,
  type RevocationId,
  type SelectorKind,
  type StatusListId,
} from '@mayfly/domain'
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { type StatedCredentialRow, statedColumnsOf } from './credential-rows.ts'
import { revokeFresh, underAny } from './resting-rows.ts'
import { moveStatusLists } from './status-list-rows.ts'
import type { AttestationTable, RevocationTable, TaskTable } from './schema.gen.ts'

export type RevocationRow = Selectable<RevocationTable>

/** What to end: everything of one thing. `id` is a UUID, for `environment` its word. */
export interface Selector {
  readonly kind: SelectorKind
  readonly id: string
}

/** The credentials of a selector as a condition on `credential c`; each kind has its partial index. */
export function credentialsOf(selector: Selector): RawBuilder<boolean> {
  const { kind, id } = selector
  switch (kind) {
    case 'credential':
      return sql`c.credential_id = ${id}::uuid`
    case 'task':
      return sql`(c.task_id = ${id}::uuid or c.subject_task_id = ${id}::uuid)`
    case 'attestation':
      return sql`(c.attestation_id = ${id}::uuid or c.subject_attestation_id = ${id}::uuid)`
    case 'identity':
      return sql`(c.identity_id = ${id}::uuid or c.subject_identity_id = ${id}::uuid)`
    case 'owner': {
      // Arrays, so that both sides are looked up by their indexes.
      const ids = sql`array(select i.identity_id from identity i where i.owner_id = ${id}::uuid)`
      return sql`(c.identity_id = any(${ids}) or c.subject_identity_id = any(${ids}))`
    }
    case 'role':
      return sql`c.role_id = ${id}::uuid`
    case 'resource':
      return sql`c.resource_id = ${id}::uuid`
    case 'trust_provider':
      // By way of the few identities bound there: proofs are many, and only those of live credentials are looked at.
      return sql`((c.identity_id = any(${boundAt(id)}) and ${isProvenAt(id, sql`c.attestation_id`)})
        or (c.subject_identity_id = any(${boundAt(id)}) and ${isProvenAt(id, sql`c.subject_attestation_id`)})
        or (c.subject_person_id = any(array(select b.person_id from binding b where b.trust_provider_id = ${id}::uuid))
            and ${isProvenAt(id, sql`c.subject_attestation_id`)}))`
    case 'host':
      return sql`(c.attestation_id in (select a.attestation_id from attestation a where a.host_identity_id = ${id}::uuid)
        or c.subject_attestation_id in (select a.attestation_id from attestation a where a.host_identity_id = ${id}::uuid))`
    case 'environment':
      return sql`c.environment = ${id}`
    case 'policy':
      return sql`c.policy_version_id = ${id}::uuid`
    // Credentials are identities'; of a person end their sessions, and what others hold on their behalf.
    case 'person':
      return sql`c.subject_person_id = ${id}::uuid`
    // No credential hangs on them.
    case 'svid':
    case 'svid_authority':
      return sql`false`
  }
}

function boundAt(trustProviderId: string): RawBuilder<unknown> {
  return sql`array(select b.identity_id from binding b where b.trust_provider_id = ${trustProviderId}::uuid)`
}

function isProvenAt(trustProviderId: string, attestationId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`exists (select from attestation a
    where a.attestation_id = ${attestationId} and a.trust_provider_id = ${trustProviderId}::uuid)`
}

/**
 * Makes revocations and issues take turns: waits for issues that are under way on what the selector names, so that the
 * revocation sees their rows, and holds back those that come after.
 */
export async function lockSelector(tx: Tx, { kind, id }: Selector): Promise<void> {
  // An issue holds the row of the token that is exchanged, and whoever proves something with an SVID the row of that: its
  // own lock makes them take turns.
  if (kind === 'credential' || kind === 'svid') return
  // What signed SVIDs has been retired before: nothing more comes to be under it.
  if (kind === 'svid_authority') return
  if (kind === 'environment') {
    // Every issue holds the active policy.
    await sql`select change_authority('policy_version', policy_version_id) from policy_version where state = 'active'`.execute(
      tx.query,
    )
    return
  }
  const table = kind === 'policy' ? 'policy_version' : kind === 'host' ? 'identity' : kind
  await sql`select change_authority(${table}, ${id}::uuid)`.execute(tx.query)
}

export interface NewRevocation {
  readonly revocationId: RevocationId
  readonly selector: Selector
  readonly cause: RevocationCause
  readonly requestedBy: Readonly<Record<string, string>>
  readonly reason: string | undefined
  readonly now: Date
  /** Of the selector's credentials only these. */
  readonly only: readonly CredentialId[] | undefined
  /** Proofs that have just ended: the credentials under them end too, whoever's they are. */
  readonly under: readonly AttestationId[]
  /** How many SVIDs end with it. */
  readonly svidCount: number
  /** Record it even where no credential ends by it. */
  readonly recordEmpty: boolean
}

/** So many in one statement: what ends a whole environment must not take longer than a statement is given. */
const endedAtOnce = 5_000

/**
 * Ends the authority of the selector's credentials and records the revocation with all that it waits for. Rows are locked
 * in the order of their ids, so that two revocations with common rows do not deadlock.
 *
 * @returns what this revocation ended, and how many it waits for (those already on their way out are among them);
 *   undefined where nothing lives and nothing was to be recorded
 */
export async function insertRevocation(
  tx: Tx,
  revocation: NewRevocation,
): Promise<{ total: number; ended: readonly StatedCredentialRow[] } | undefined> {
  const { revocationId, selector, now, only, under } = revocation
  const among = only === undefined ? sql`true` : sql`c.credential_id = any(${only}::uuid[])`
  const whose = sql<boolean>`${credentialsOf(selector)} and ${among}`
  const recorded = await sql`
    insert into revocation (revocation_id, cause, selector, requested_by, reason, total, svid_count, authority_ended_at)
    select ${revocationId}, ${revocation.cause}, ${JSON.stringify(selector)}::jsonb,
           ${JSON.stringify(revocation.requestedBy)}::jsonb, ${revocation.reason ?? null}, 0, ${revocation.svidCount}, ${now}
    where ${revocation.recordEmpty} or exists (
      select from credential c where c.state in ('requested', 'active') and ${whose})
    returning revocation_id`.execute(tx.query)
  if (recorded.rows.length === 0) return undefined
  let { total, ended } = await endAll(tx, revocationId, whose, now)
  const alive = sql<boolean>`c.state in ('requested', 'active')`
  if (under.length > 0) {
    const resting = await endAll(tx, revocationId, sql<boolean>`${underAny('c', under)} and ${alive}`, now)
    ended = [...ended, ...resting.ended]
    total += resting.total
  }
  // What was exchanged for a token that has ended ends with it, and so on: only tokens have such, and at most four deep.
  for (let parents = tokensOf(ended); parents.length > 0;) {
    const exchanged = sql<boolean>`c.parent_credential_id = any(${parents}::uuid[]) and ${alive}`
    const children = await endAll(tx, revocationId, exchanged, now)
    ended = [...ended, ...children.ended]
    total += children.total
    parents = tokensOf(children.ended)
  }
  await moveStatusLists(tx, listsOfEarly(ended, now))
  return { total, ended }
}

async function endAll(
  tx: Tx,
  revocationId: RevocationId,
  whose: RawBuilder<boolean>,
  now: Date,
): Promise<{ total: number; ended: readonly StatedCredentialRow[] }> {
  const ended: StatedCredentialRow[] = []
  let total = 0
  for (let after: CredentialId | null = null; ;) {
    const part = await endSome(tx, revocationId, whose, after, now)
    ended.push(...part.ended)
    total += part.count
    if (part.count < endedAtOnce) return { total, ended }
    after = part.last
  }
}

function tokensOf(ended: readonly StatedCredentialRow[]): readonly CredentialId[] {
  return ended.filter((row) => row.status_list_id !== null).map((row) => row.credential_id)
}

/** Of an end that comes no sooner than its own time the list says nothing. */
function listsOfEarly(ended: readonly StatedCredentialRow[], now: Date): readonly StatusListId[] {
  return [...new Set(ended.flatMap((row) => (row.expires_at > now ? (row.status_list_id ?? []) : [])))]
}

async function endSome(
  tx: Tx,
  revocationId: RevocationId,
  whose: RawBuilder<boolean>,
  after: CredentialId | null,
  now: Date,
): Promise<{ count: number; last: CredentialId | null; ended: readonly StatedCredentialRow[] }> {
  const { rows } = await sql<StatedCredentialRow & { part_count: number; part_last: CredentialId | null }>`
    with locked as materialized (
      select c.credential_id, c.state, c.cut_at from credential c
      where c.state in ('requested', 'active', 'revoking') and ${whose}
        and c.credential_id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
      order by c.credential_id limit ${endedAtOnce} for update
    ), ended as (
      update credential c
      set state = 'revoking', revocation_id = ${revocationId}, revoking_at = ${now}, next_attempt_at = ${now},
          attempts = 0, ended_unborn = (l.state = 'requested')
      from locked l where c.credential_id = l.credential_id and l.state in ('requested', 'active')
      returning ${statedColumnsOf('c')}
    ), waited as (
      insert into revocation_credential (revocation_id, credential_id)
      select ${revocationId}, l.credential_id from locked l
    ), part as materialized (
      select count(*)::int as count, count(l.cut_at)::int as cut,
             (array_agg(l.credential_id order by l.credential_id desc))[1] as last from locked l
    ), counted as (
      update revocation r
      set total = r.total + p.count, cut_count = r.cut_count + p.cut,
          cut_at = case when r.cut_count + p.cut = r.total + p.count then ${now}::timestamptz end,
          state = case when r.total + p.count = 0 then 'complete' else 'running' end,
          completed_at = case when r.total + p.count = 0 then ${now}::timestamptz end
      from part p where r.revocation_id = ${revocationId}
    )
    select p.count as part_count, p.last as part_last, e.* from part p left join ended e on true
    order by e.credential_id`.execute(tx.query)
  const [first] = rows
  return {
    count: first?.part_count ?? 0,
    last: first?.part_last ?? null,
    // The left join gives one row of nulls where nothing ended.
    ended: rows.filter((row) => (row.credential_id as string | null) !== null),
  }
}

/** Ends the proofs of a selector. */
export async function revokeAttestations(
  tx: Tx,
  selector: Selector,
  now: Date,
): Promise<readonly Selectable<AttestationTable>[]> {
  const whose = attestationsOf(selector)
  return whose === undefined ? [] : revokeFresh(tx, whose, now)
}

/** The proofs of a selector as a condition on `attestation a`; undefined where none hang on it. */
export function attestationsOf({ kind, id }: Selector): RawBuilder<boolean> | undefined {
  switch (kind) {
    case 'attestation':
      return sql`a.attestation_id = ${id}::uuid`
    case 'identity':
      return sql`a.identity_id = ${id}::uuid`
    case 'owner':
      return sql`a.identity_id in (select i.identity_id from identity i where i.owner_id = ${id}::uuid)`
    case 'host':
      return sql`a.host_identity_id = ${id}::uuid`
    case 'trust_provider':
      // That a machine joined stands on the binding of its key, which is another trust provider's.
      // Arrays, so that both sides are looked up by their indexes.
      return sql`(a.binding_id = any(array(select b.binding_id from binding b where b.trust_provider_id = ${id}::uuid))
        or a.attestation_id = any(array(select j.attestation_id from join_token j where j.rule_id = ${id}::uuid)))`
    case 'person':
      return sql`a.person_id = ${id}::uuid`
    case 'credential':
    case 'task':
    case 'role':
    case 'resource':
    case 'environment':
    case 'policy':
    case 'svid':
    case 'svid_authority':
      return undefined
  }
}

/** Ends the tasks of a selector, so that nothing more is issued under them. */
export async function revokeTasks(
  tx: Tx,
  { kind, id }: Selector,
  now: Date,
): Promise<readonly Selectable<TaskTable>[]> {
  return endTasks(tx, tasksOf(kind, id), now)
}

/** Ends the tasks that are done by these proofs. */
export async function revokeTasksUnder(
  tx: Tx,
  attestationIds: readonly AttestationId[],
  now: Date,
): Promise<readonly Selectable<TaskTable>[]> {
  return endTasks(tx, attestationIds.length === 0 ? undefined : underAny('t', attestationIds), now)
}

async function endTasks(
  tx: Tx,
  whose: RawBuilder<boolean> | undefined,
  now: Date,
): Promise<readonly Selectable<TaskTable>[]> {
  if (whose === undefined) return []
  const { rows } = await sql<Selectable<TaskTable>>`
    with locked as materialized (
      select t.task_id from task t where t.state = 'active' and ${whose} order by t.task_id for update
    )
    update task t set state = 'revoked', ended_at = ${now}
    from locked l where t.task_id = l.task_id returning t.*`.execute(tx.query)
  return rows
}

function tasksOf(kind: SelectorKind, id: string): RawBuilder<boolean> | undefined {
  return kind === 'task' ? sql`t.task_id = ${id}::uuid` : restsOn('t', { kind, id })
}

/**
 * What an identity has by one proof of its own, of a selector of the one or the other: a condition on rows with
 * `identity_id` and `attestation_id`. Undefined where the selector names neither.
 */
export function restsOn(alias: 't' | 's', { kind, id }: Selector): RawBuilder<boolean> | undefined {
  const attestationId = sql.ref(`${alias}.attestation_id`)
  const identityId = sql.ref(`${alias}.identity_id`)
  switch (kind) {
    case 'attestation':
      return sql`${attestationId} = ${id}::uuid`
    case 'identity':
      return sql`${identityId} = ${id}::uuid`
    case 'host':
      return sql`${attestationId} in (select a.attestation_id from attestation a where a.host_identity_id = ${id}::uuid)`
    case 'owner':
      return sql`${identityId} in (select i.identity_id from identity i where i.owner_id = ${id}::uuid)`
    case 'trust_provider':
      return sql`${identityId} in (select b.identity_id from binding b where b.trust_provider_id = ${id}::uuid)
        and ${isProvenAt(id, attestationId)}`
    case 'credential':
    case 'task':
    case 'role':
    case 'resource':
    case 'environment':
    case 'policy':
    case 'svid':
    case 'svid_authority':
    // A person has tasks of others and no SVID.
    case 'person':
      return undefined
  }
}

export async function findRevocation(tx: Tx, revocationId: string): Promise<RevocationRow | undefined> {
  return tx.query
    .selectFrom('revocation')
    .selectAll()
    .where('revocation_id', '=', revocationId as RevocationId)
    .executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getRevocation(tx: Tx, revocationId: string): Promise<RevocationRow> {
  const row = await findRevocation(tx, revocationId)
  if (row === undefined) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no revocation \`${revocationId}\`` })
  }
  return row
}

export interface RevocationFilter {
  readonly state?: 'running' | 'complete' | undefined
  readonly cause?: RevocationCause | undefined
}

export async function listRevocations(tx: Tx, filter: RevocationFilter, page: PageRequest): Promise<RevocationRow[]> {
  let query = tx.query.selectFrom('revocation').selectAll()
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (filter.cause !== undefined) query = query.where('cause', '=', filter.cause)
  if (page.after !== undefined) query = query.where('revocation_id', '>', page.after as RevocationId)
  return query.orderBy('revocation_id').limit(page.limit).execute()
}
