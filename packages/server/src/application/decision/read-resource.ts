/** What is asked about: how its row is read, and what its row says. */
import { MayflyError, type ResourceType } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import {
  credentialPart,
  type FactPart,
  identityPart,
  noPart,
  ownerPart,
  personPart,
  policyVersionPart,
  rolePart,
  targetPart,
  taskPart,
  trustProviderPart,
} from '../../store/facts-rows.ts'
import type { ResourceFacts, ResourceRef } from './facts.ts'
import {
  type FactReader,
  identityFacts,
  noteVersion,
  ownerFacts,
  personFacts,
  roleFacts,
  targetFacts,
  taskFacts,
} from './read-facts.ts'

export interface ResourceReader {
  readonly part: FactPart<unknown>
  /** @throws MayflyError `resource_not_found` */
  factsOf(reader: FactReader, tx: Tx, row: unknown): ResourceFacts
}

export function readResource(ref: ResourceRef): ResourceReader {
  switch (ref.type) {
    case 'Tenant':
      return { part: noPart, factsOf: (_reader, tx) => ({ type: 'Tenant', tenantId: tx.tenantId }) }
    case 'Owner':
      return one(ref, ownerPart(ref.id), (reader, row) => ({ type: 'Owner', owner: ownerFacts(reader, row) }))
    case 'Identity':
      return one(ref, identityPart(ref.id), (reader, row) => ({
        type: 'Identity',
        identity: identityFacts(reader, row),
      }))
    case 'Resource':
      return one(ref, targetPart(ref.id), (reader, row) => ({ type: 'Resource', target: targetFacts(reader, row) }))
    case 'Role':
      return one(ref, rolePart(ref.id), roleFacts)
    case 'Task':
      return one(ref, taskPart(ref.id), (reader, row) => ({ type: 'Task', task: taskFacts(reader, row) }))
    case 'Credential':
      return one(ref, credentialPart(ref.id), (reader, row) => ({
        type: 'Credential',
        credentialId: row.credential_id,
        state: row.state,
        environment: row.environment,
        identity: identityFacts(reader, row.identity),
        roleName: row.role_name,
        resourceName: row.resource_name,
      }))
    case 'TrustProvider':
      return one(ref, trustProviderPart(ref.id), (reader, row) => ({
        type: 'TrustProvider',
        trustProviderId: row.trust_provider_id,
        name: row.name,
        retired: row.state !== 'active',
        version: noteVersion(reader, 'trust_provider', row.trust_provider_id, row.version),
      }))
    case 'PolicyVersion':
      return one(ref, policyVersionPart(ref.id), (_reader, row) => ({
        type: 'PolicyVersion',
        policyVersionId: row.policy_version_id,
      }))
    case 'Person':
      return one(ref, personPart(ref.id), (reader, row) => ({ type: 'Person', person: personFacts(reader, row) }))
  }
}

/** One answer for what is not there and for what is another tenant's. */
export function resourceNotFound(type: ResourceType, ref: string): MayflyError {
  const noun = type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
  return new MayflyError('resource_not_found', { publicDetail: `there is no ${noun} \`${ref}\`` })
}

function one<Row>(
  ref: Exclude<ResourceRef, { type: 'Tenant' }>,
  part: FactPart<Row>,
  factsOf: (reader: FactReader, row: Row) => ResourceFacts,
): ResourceReader {
  return {
    part,
    factsOf(reader, _tx, row) {
      if (row === null || row === undefined) throw resourceNotFound(ref.type, ref.id)
      // The row is what `part` selected.
      return factsOf(reader, row as Row)
    },
  }
}
