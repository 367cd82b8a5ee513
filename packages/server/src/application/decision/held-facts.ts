/**
 * The facts on which live credentials rest today, read for many groups in one statement.
 */
import type { IdentityId, PersonId } from '@mayfly/domain'
import type { AttestationFacts, Facts } from './facts.ts'
import type { Tx } from '../../store/database.ts'
import {
  activePolicyPart,
  type AttestationJson,
  manyAttestationsPart,
  manyIdentitiesPart,
  manyPeoplePart,
  manyTasksPart,
  rolesPart,
  selectFacts,
} from '../../store/facts-rows.ts'
import type { HeldGroup } from '../../store/held-rows.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { loadPolicy } from './load-policy.ts'
import {
  attestationFacts,
  type FactReader,
  identityFacts,
  personFacts,
  policyFacts,
  roleFacts,
  taskFacts,
} from './read-facts.ts'

/** A policy version to decide under; absent: the active one. */
export type PolicyChoice = Facts['policy']

export interface HeldFacts {
  readonly group: HeldGroup
  /** @param ttlSeconds the remaining life to judge */
  facts(ttlSeconds: number): Facts
}

/**
 * The question is `credential.issue`, as if what is held were asked for again now.
 *
 * The age of a proof is not judged here: a proof that is fresh in its state but past its time is the lapse worker's, who
 * looks for a newer one first. The address is that of the proof, since the one of the issue says nothing of today.
 */
export async function loadHeldFacts(
  deps: AuthorityDeps,
  tx: Tx,
  groups: readonly HeldGroup[],
  now: Date,
  choice?: PolicyChoice,
): Promise<HeldFacts[]> {
  if (groups.length === 0) return []
  const read = await selectFacts(tx, {
    identities: manyIdentitiesPart(
      distinct(groups.flatMap((group) => [group.identityId, ...identitiesActedFor(group)])),
    ),
    people: manyPeoplePart(distinct(groups.flatMap(peopleActedFor))),
    roles: rolesPart(distinct(groups.map((group) => group.roleId))),
    tasks: manyTasksPart(
      distinct(groups.flatMap((group) => [group.taskId, group.onBehalfOf?.taskId ?? null]).filter((id) => id !== null)),
    ),
    attestations: manyAttestationsPart(
      distinct(
        groups.flatMap(({ attestationId, onBehalfOf }) => [
          attestationId,
          ...(onBehalfOf === undefined ? [] : [onBehalfOf.attestationId]),
        ]),
      ),
    ),
    policy: activePolicyPart,
  })
  const reader: FactReader = { versions: [], offeredBindings: deps.offeredBindings }
  const policy = choice ?? (read.policy && policyFacts(reader, read.policy)) ?? undefined
  if (policy !== undefined) await loadPolicy(deps, tx, policy)
  const identities = new Map(read.identities?.map((row) => [row.identity_id, identityFacts(reader, row)]))
  const roles = new Map(read.roles?.map((row) => [row.role_id, roleFacts(reader, row)]))
  const tasks = new Map(read.tasks?.map((row) => [row.task_id, taskFacts(reader, row)]))
  const attestations = new Map(read.attestations?.map((row) => [row.attestation_id, row]))
  const people = new Map(read.people?.map((row) => [row.person_id, personFacts(reader, row)]))

  const delegationOf = ({ onBehalfOf }: HeldGroup): Pick<Facts, 'onBehalfOf' | 'chainLength'> => {
    if (onBehalfOf === undefined) return { chainLength: 0 }
    const { subject: of, taskId, chainLength } = onBehalfOf
    const subject = of.kind === 'person' ? people.get(of.personId) : identities.get(of.identityId)
    const row = attestations.get(onBehalfOf.attestationId)
    const task = taskId === null ? undefined : tasks.get(taskId)
    if (subject === undefined || row === undefined) throw missingRows
    return {
      chainLength,
      onBehalfOf: { subject, attestation: provenNow(reader, row, now), ...(task === undefined ? {} : { task }) },
    }
  }

  return groups.map((group) => {
    const principal = identities.get(group.identityId)
    const resource = roles.get(group.roleId)
    const proof = attestations.get(group.attestationId)
    const task = group.taskId === null ? undefined : tasks.get(group.taskId)
    if (principal === undefined || resource === undefined || proof === undefined) {
      throw missingRows
    }
    const attestation = provenNow(reader, proof, now)
    const delegation = delegationOf(group)
    return {
      group,
      facts: (ttlSeconds) => ({
        tenantId: tx.tenantId,
        now,
        action: 'credential.issue',
        principal,
        attestation,
        resource,
        ...(group.boundTo === undefined ? {} : { binding: group.boundTo }),
        ...(task === undefined ? {} : { task }),
        ...(proof.source_address === null ? {} : { sourceAddress: proof.source_address }),
        ttlSeconds,
        risk: 0,
        ...delegation,
        delivery: 'direct',
        asked: {},
        ...(policy === undefined ? {} : { policy }),
        versions: [],
      }),
    }
  })
}

export const missingRows = new Error('what is held names rows that are not there, which its foreign keys forbid')

/** A proof as if it were fresh: its age is the lapse worker's, see above. */
export function provenNow(reader: FactReader, row: AttestationJson, now: Date): AttestationFacts {
  const attestation = attestationFacts(reader, row)
  const freshUntil = new Date(Math.max(attestation.freshUntil.getTime(), now.getTime() + 1))
  return { ...attestation, freshUntil }
}

function identitiesActedFor({ onBehalfOf }: HeldGroup): readonly IdentityId[] {
  return onBehalfOf?.subject.kind === 'identity' ? [onBehalfOf.subject.identityId] : []
}

function peopleActedFor({ onBehalfOf }: HeldGroup): readonly PersonId[] {
  return onBehalfOf?.subject.kind === 'person' ? [onBehalfOf.subject.personId] : []
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
