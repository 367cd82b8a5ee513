import { type OwnerId, ownerStates, type PersonId } from '@mayfly/domain'
import { z } from 'zod'
import { changeOwner } from '../../application/registry/change-owner.ts'
import { registerOwner } from '../../application/registry/register-owner.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { getOwner, listOwners, type OwnerRow } from '../../store/owner-rows.ts'
import { defineRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import { changeOf, name, seenVersion, version } from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

const owner = z
  .object({
    owner_id: id<OwnerId>(),
    name,
    contact: z.string(),
    primary_person_id: id<PersonId>(),
    deputy_person_id: id<PersonId>().nullable(),
    state: z.enum(ownerStates).meta({ description: 'Departed: neither the primary nor the deputy is here any more' }),
    version,
    created_at: timestamp,
  })
  .meta({ id: 'Owner', description: 'The team that answers for identities and resources' })

const params = z.strictObject({ ref })
const contact = z
  .string()
  .max(320)
  .meta({ description: 'Where the team can be reached', examples: ['#payments'] })
const answering = ref.meta({ description: 'Id or email of a registered person' })

export const ownerRoutes: readonly Route<RegistryDeps>[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/owners',
    name: 'registerOwner',
    summary: 'register an owner',
    action: 'owner.write',
    body: z.strictObject({ name, contact, primary: answering, deputy: answering.nullish() }),
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    status: 201,
    response: owner,
    problems: ['name_taken'],
    handle: async (deps: RegistryDeps, ctx, { body }, tx, decision) => {
      const { row, receipt } = await registerOwner(changeOf(deps, ctx, tx, decision), body)
      return { ...ownerWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/owners',
    name: 'listOwners',
    summary: 'list owners',
    action: 'registry.read',
    query: pageQuery.extend({ state: z.enum(ownerStates).optional() }),
    resource: () => ({ type: 'Tenant' }),
    response: page(owner),
    problems: ['cursor_invalid'],
    handle: (_deps: RegistryDeps, _ctx, { query }, tx) =>
      readPage(
        'owners',
        query,
        (rows) => listOwners(tx, query, rows),
        (row) => row.owner_id,
        ownerWire,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/owners/{ref}',
    name: 'getOwner',
    summary: 'show an owner',
    action: 'registry.read',
    params,
    resource: ({ params: { ref: which } }) => ({ type: 'Owner', id: which }),
    response: owner,
    problems: ['resource_not_found'],
    handle: async (_deps: RegistryDeps, _ctx, input, tx) => ownerWire(await getOwner(tx, input.params.ref)),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/v1/owners/{ref}',
    name: 'updateOwner',
    summary: 'change an owner',
    description: 'A departed owner answers again once it is given an active person.',
    action: 'owner.write',
    params,
    body: z.strictObject({
      contact: contact.optional(),
      primary: answering.optional(),
      deputy: answering.nullish(),
      version: seenVersion,
    }),
    resource: ({ params: { ref: which } }) => ({ type: 'Owner', id: which }),
    changes: true,
    response: owner,
    problems: ['resource_not_found', 'version_conflict'],
    handle: async (deps: RegistryDeps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { row, receipt } = await changeOwner(changeOf(deps, ctx, tx, decision), which, body)
      return { ...ownerWire(row), entry: receipt }
    },
  }),
]

function ownerWire(row: OwnerRow): z.output<typeof owner> {
  const { owner_id, name: called, contact: at, primary_person_id, deputy_person_id, state, created_at } = row
  return {
    owner_id,
    name: called,
    contact: at,
    primary_person_id,
    deputy_person_id,
    state,
    version: row.version,
    created_at,
  }
}
