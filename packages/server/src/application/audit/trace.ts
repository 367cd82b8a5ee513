/**
 * The trace: who stands behind a credential, a task or an identity, what was decided, and how it ended, as a tree:
 * person → identity → task → decision → credential → use → end.
 *
 * Promise: index look-ups only, so a trace costs what it shows. Limit: it shows rows and entries as the database has
 * them; whether these are the ones that were written, `verify-log` and `verify-state` say.
 */
import type { EntryId, JsonObject, JsonValue } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import {
  gatherTrace,
  type TracedCredential,
  type TracedEntry,
  type TracedTask,
  type TraceMaterial,
  type TraceSubject,
} from './gather-trace.ts'

export interface TraceEntry {
  readonly entryId: EntryId
  readonly action: string
  readonly at: Date
  /** Its place in the log; null until the sequencer has given it one. */
  readonly leafIndex: number | null
}

export interface TraceNode {
  readonly kind: 'person' | 'identity' | 'task' | 'decision' | 'credential' | 'use' | 'end'
  readonly id: string
  /** When it began: registered, declared, decided, requested, used, ended. */
  readonly at?: Date
  /** What a person wants to read of it; snake_case, no secret. */
  readonly facts: JsonObject
  readonly entries: readonly TraceEntry[]
  readonly children: readonly TraceNode[]
}

/**
 * @returns the person on top: who declared the task, or, where no person did, who answers for the identity
 * @throws MayflyError `resource_not_found`: there is no such credential, task or identity
 */
export async function trace(tx: Tx, subject: TraceSubject): Promise<TraceNode> {
  const material = await gatherTrace(tx, subject)
  const { identity, owner, tasks, credentials } = material
  const identityNode: TraceNode = {
    kind: 'identity',
    id: identity.identity_id,
    at: identity.created_at,
    facts: {
      name: identity.name,
      identity_kind: identity.kind,
      owner: owner.name,
      environment: identity.environment,
      purpose: identity.purpose,
      state: identity.state,
      expires_at: identity.expires_at.toISOString(),
    },
    entries: [],
    children: [
      ...tasks.map((task) => taskNode(material, task)),
      ...credentials.filter(({ task_id }) => task_id === null).map((one) => decisionNode(material, one)),
    ],
  }
  // One task asked for by a person: that person stands behind it. Otherwise whoever answers for the identity does.
  const declarer = tasks.length === 1 && subject.kind !== 'identity' ? tasks[0]?.declared_by_person : null
  const personId = declarer ?? owner.primary_person_id
  return {
    kind: 'person',
    id: personId,
    facts: {
      name: material.people.get(personId)?.name ?? null,
      because: declarer ? 'declared the task' : `answers for the identity, as primary of owner ${owner.name}`,
    },
    entries: [],
    children: [identityNode],
  }
}

function taskNode(material: TraceMaterial, task: TracedTask): TraceNode {
  const { declared_by_person: person, declared_by_identity: identity } = task
  return {
    kind: 'task',
    id: task.task_id,
    at: task.declared_at,
    facts: {
      task_kind: task.kind,
      purpose: task.purpose,
      declared_by: person ? { kind: 'person', id: person } : { kind: 'identity', id: identity },
      deadline: task.deadline.toISOString(),
      state: task.state,
      ended_at: task.ended_at?.toISOString() ?? null,
    },
    entries: entriesWhere(material, (entry) => entry.task_id === task.task_id && entry.credential_id === null),
    children: material.credentials
      .filter(({ task_id }) => task_id === task.task_id)
      .map((credential) => decisionNode(material, credential)),
  }
}

function decisionNode(material: TraceMaterial, credential: TracedCredential): TraceNode {
  const decision = material.decisions.get(credential.decision_id)
  return {
    kind: 'decision',
    id: credential.decision_id,
    ...(decision && { at: decision.decided_at }),
    facts: decision
      ? {
          action: decision.action,
          outcome: decision.outcome,
          reasons: decision.reasons as JsonValue,
          determining: decision.determining,
          duties: decision.duties as JsonValue,
          policy_version_id: decision.policy_version_id,
        }
      : { outcome: 'permit', policy_version_id: credential.policy_version_id },
    entries: [],
    children: [credentialNode(material, credential)],
  }
}

function credentialNode(material: TraceMaterial, credential: TracedCredential): TraceNode {
  const own = material.entries.filter(({ credential_id }) => credential_id === credential.credential_id)
  const uses = own.filter(({ stream }) => stream === 'use')
  const ends = own.filter(({ stream }) => stream === 'revocation')
  const revocation = credential.revocation_id && material.revocations.get(credential.revocation_id)
  const end: TraceNode | undefined = revocation
    ? {
        kind: 'end',
        id: revocation.revocation_id,
        at: revocation.authority_ended_at,
        facts: {
          cause: revocation.cause,
          requested_by: revocation.requested_by as JsonValue,
          authority_ended_at: revocation.authority_ended_at.toISOString(),
          cut_at: credential.cut_at?.toISOString() ?? null,
          removed_at: credential.removed_at?.toISOString() ?? null,
        },
        entries: ends.map(traceEntry),
        children: [],
      }
    : undefined
  return {
    kind: 'credential',
    id: credential.credential_id,
    at: credential.requested_at,
    facts: {
      role: `${credential.resource_name}/${credential.role_name}`,
      environment: credential.environment,
      account_name: credential.account_name,
      state: credential.state,
      active_at: credential.active_at?.toISOString() ?? null,
      expires_at: credential.expires_at.toISOString(),
      proved_by: {
        attestation_id: credential.attestation_id,
        trust_provider: credential.trust_provider_name,
        strength: credential.attestation_strength,
        accepted_at: credential.attestation_accepted_at?.toISOString() ?? null,
      },
    },
    entries: own.filter(({ stream }) => stream !== 'use' && stream !== 'revocation').map(traceEntry),
    children: [...uses.map(useNode), ...(end ? [end] : [])],
  }
}

function useNode(entry: TracedEntry): TraceNode {
  const { entry_id: id, recorded_at: at, action, use_data: data } = entry
  const { body } = data === null ? {} : (JSON.parse(data.toString('utf8')) as { body?: JsonObject })
  return { kind: 'use', id, at, facts: { action, ...body }, entries: [traceEntry(entry)], children: [] }
}

function entriesWhere(material: TraceMaterial, keep: (entry: TracedEntry) => boolean): TraceEntry[] {
  return material.entries.filter(keep).map(traceEntry)
}

function traceEntry(entry: TracedEntry): TraceEntry {
  return {
    entryId: entry.entry_id,
    action: entry.action,
    at: entry.recorded_at,
    leafIndex: entry.leaf_index,
  }
}
