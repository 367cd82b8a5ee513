/** Reads what a trace shows; `trace.ts` makes the tree of it. */
import {
  type CredentialId,
  type IdentityId,
  MayflyError,
  type OwnerId,
  type PersonId,
  type TaskId,
} from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import {
  findTracedIdentity,
  findTracedOwner,
  listCredentialIdsOf,
  listTaskIdsOf,
  listTracedCredentials,
  listTracedDecisions,
  listTracedEntries,
  listTracedPeople,
  listTracedRevocations,
  listTracedTasks,
} from '../../store/trace-rows.ts'

export type TraceSubject =
  | { readonly kind: 'credential'; readonly id: CredentialId }
  | { readonly kind: 'task'; readonly id: TaskId }
  | { readonly kind: 'identity'; readonly id: IdentityId }

/** At most so many credentials and tasks, the latest: an identity can have had a million. */
const maxShown = 1_000

export type TraceMaterial = Awaited<ReturnType<typeof gatherTrace>>
export type TracedCredential = TraceMaterial['credentials'][number]
export type TracedTask = TraceMaterial['tasks'][number]
export type TracedEntry = TraceMaterial['entries'][number]

/** @throws MayflyError `resource_not_found` */
export async function gatherTrace(tx: Tx, subject: TraceSubject) {
  const credentialIds = await credentialIdsOf(tx, subject)
  const credentials = await listTracedCredentials(tx, credentialIds)
  const taskIds = await taskIdsOf(tx, subject, credentials)
  const tasks = await listTracedTasks(tx, taskIds)
  const identityId = subject.kind === 'identity' ? subject.id : (tasks[0] ?? credentials[0])?.identity_id
  const identity = identityId && (await findTracedIdentity(tx, identityId))
  if (!identity) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no ${subject.kind} \`${subject.id}\`` })
  }
  const decisions = await listTracedDecisions(
    tx,
    [...credentials, ...tasks].map(({ decision_id }) => decision_id),
  )
  const revocations = await listTracedRevocations(
    tx,
    credentials.flatMap(({ revocation_id }) => revocation_id ?? []),
  )
  const owner = await ownerOf(tx, identity.owner_id)
  const peopleIds = tasks.flatMap(({ declared_by_person }) => declared_by_person ?? [])
  const people = await listTracedPeople(tx, [owner.primary_person_id, ...peopleIds])
  return {
    identity,
    owner,
    credentials,
    tasks,
    decisions: new Map(decisions.map((row) => [row.decision_id, row])),
    revocations: new Map(revocations.map((row) => [row.revocation_id, row])),
    people: new Map<PersonId, { readonly name: string }>(people.map((row) => [row.person_id, row])),
    entries: await listTracedEntries(tx, credentialIds, taskIds),
  }
}

async function credentialIdsOf(tx: Tx, subject: TraceSubject): Promise<readonly CredentialId[]> {
  switch (subject.kind) {
    case 'credential':
      return [subject.id]
    case 'task':
      return listCredentialIdsOf(tx, 'task_id', subject.id, maxShown)
    case 'identity':
      return listCredentialIdsOf(tx, 'identity_id', subject.id, maxShown)
  }
}

async function taskIdsOf(
  tx: Tx,
  subject: TraceSubject,
  credentials: readonly { readonly task_id: TaskId | null }[],
): Promise<readonly TaskId[]> {
  switch (subject.kind) {
    case 'credential':
      return credentials.flatMap(({ task_id }) => task_id ?? [])
    case 'task':
      return [subject.id]
    case 'identity':
      return listTaskIdsOf(tx, subject.id, maxShown)
  }
}

async function ownerOf(tx: Tx, ownerId: OwnerId) {
  const owner = await findTracedOwner(tx, ownerId)
  // The foreign key holds this; without it a trace would show authority that nobody answers for.
  if (owner === undefined) throw new MayflyError('internal', { log: `owner ${ownerId} of a traced identity is gone` })
  return owner
}
