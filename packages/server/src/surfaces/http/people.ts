import { type OwnerId, personRoles, personStates, type PersonId, type TrustProviderId } from '@mayfly/domain'
import { z } from 'zod'
import type { Grant } from '../../application/proof/sign-in/admit-person.ts'
import { changePerson } from '../../application/registry/change-person.ts'
import { registerPerson } from '../../application/registry/register-person.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { getPerson, listPeople, type PersonRow } from '../../store/person-rows.ts'
import { defineRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import { changeOf, seenVersion, version } from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

const email = z
  .string()
  .min(3)
  .max(320)
  .meta({ examples: ['ada@example.com'] })
const roles = z
  .array(z.enum(personRoles))
  .max(personRoles.length)
  .meta({ description: 'What the person may be asked to do; policies give these words their meaning' })

const person = z
  .object({
    person_id: id<PersonId>(),
    name: z.string(),
    email: z.string().nullable(),
    roles: roles.meta({ description: 'Given by hand' }),
    from_groups: z
      .array(
        z.object({
          trust_provider_id: id<TrustProviderId>(),
          roles,
          owner_ids: z.array(id<OwnerId>()).meta({ description: 'The owners that they are in' }),
        }),
      )
      .meta({
        description: 'What their groups gave at the last sign-in; counts under a session of that sign-in provider',
      }),
    state: z.enum(personStates),
    version,
    created_at: timestamp,
  })
  .meta({ id: 'Person', description: 'A human who signs in and is a principal of the policies' })

const params = z.strictObject({ ref: ref.meta({ description: 'The id or the email' }) })

export const peopleRoutes: readonly Route<RegistryDeps>[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/people',
    name: 'registerPerson',
    summary: 'register a person',
    action: 'person.write',
    body: z.strictObject({ name: z.string().min(1).max(200), email, roles: roles.default([]) }),
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    status: 201,
    response: person,
    problems: ['name_taken'],
    handle: async (deps: RegistryDeps, ctx, { body }, tx, decision) => {
      const { row, receipt } = await registerPerson(changeOf(deps, ctx, tx, decision), body)
      return { ...personWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/people',
    name: 'listPeople',
    summary: 'list people',
    action: 'registry.read',
    query: pageQuery.extend({ state: z.enum(personStates).optional() }),
    resource: () => ({ type: 'Tenant' }),
    response: page(person),
    problems: ['cursor_invalid'],
    handle: (_deps: RegistryDeps, _ctx, { query }, tx) =>
      readPage(
        'people',
        query,
        (rows) => listPeople(tx, query, rows),
        (row) => row.person_id,
        personWire,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/people/{ref}',
    name: 'getPerson',
    summary: 'show a person',
    action: 'registry.read',
    params,
    resource: () => ({ type: 'Tenant' }),
    response: person,
    problems: ['resource_not_found'],
    handle: async (_deps: RegistryDeps, _ctx, input, tx) => personWire(await getPerson(tx, input.params.ref)),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/v1/people/{ref}',
    name: 'updatePerson',
    summary: 'change a person, or say that they have left',
    description:
      'Where a person has left, every owner without an active person departs, and what its identities hold ends at once.',
    action: 'person.write',
    params,
    body: z.strictObject({
      name: z.string().min(1).max(200).optional(),
      email: email.optional(),
      roles: roles.optional(),
      state: z.enum(personStates).optional(),
      version: seenVersion,
    }),
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    response: person,
    problems: ['resource_not_found', 'name_taken', 'version_conflict', 'policy_locks_out_administrators'],
    handle: async (deps: RegistryDeps, ctx, { params: { ref: who }, body }, tx, decision) => {
      const { row, receipt } = await changePerson(changeOf(deps, ctx, tx, decision), who, body)
      return { ...personWire(row), entry: receipt }
    },
  }),
]

function personWire(row: PersonRow): z.output<typeof person> {
  const { person_id, name, email: address, state, version: at, created_at } = row
  return {
    person_id,
    name,
    email: address,
    roles: row.roles as z.output<typeof roles>,
    from_groups: Object.entries((row.group_grants ?? {}) as Readonly<Record<TrustProviderId, Grant>>).map(
      ([trustProviderId, grant]) => ({
        trust_provider_id: trustProviderId as TrustProviderId,
        roles: [...grant.roles],
        owner_ids: [...grant.owner_ids],
      }),
    ),
    state,
    version: at,
    created_at,
  }
}
