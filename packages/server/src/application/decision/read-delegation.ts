/** Whom a principal acts for: how the rows are read, and what they say. */
import { MayflyError } from '@mayfly/domain'
import {
  type AttestationJson,
  attestationPart,
  type IdentityJson,
  identityPart,
  noPart,
  type PersonJson,
  personPart,
  type TaskJson,
  taskPart,
} from '../../store/facts-rows.ts'
import type { DelegationFacts, DelegationRequest } from './facts.ts'
import { attestationFacts, type FactReader, identityFacts, personFacts, taskFacts } from './read-facts.ts'

export function delegationParts(of: DelegationRequest | undefined) {
  return {
    subject_person: of?.subject.kind === 'person' ? personPart(of.subject.personId) : noPart,
    subject_identity: of?.subject.kind === 'identity' ? identityPart(of.subject.identityId) : noPart,
    subject_attestation: of === undefined ? noPart : attestationPart(of.attestationId),
    subject_task: of?.taskId === undefined ? noPart : taskPart(of.taskId),
  }
}

export interface DelegationRead {
  readonly subject_person: PersonJson | null
  readonly subject_identity: IdentityJson | null
  readonly subject_attestation: AttestationJson | null
  readonly subject_task: TaskJson | null
}

/** @throws MayflyError `token_invalid`: one of the rows is not there (any more) */
export function delegationFacts(reader: FactReader, of: DelegationRequest, read: DelegationRead): DelegationFacts {
  const subject =
    (read.subject_person && personFacts(reader, read.subject_person)) ??
    (read.subject_identity && identityFacts(reader, read.subject_identity))
  const taskMissing = of.taskId !== undefined && read.subject_task === null
  if (subject === null || read.subject_attestation === null || taskMissing) {
    throw new MayflyError('token_invalid', { log: 'whom a request is for, or its proof or task, has no row' })
  }
  return {
    subject,
    attestation: attestationFacts(reader, read.subject_attestation),
    ...(read.subject_task === null ? {} : { task: taskFacts(reader, read.subject_task) }),
  }
}
