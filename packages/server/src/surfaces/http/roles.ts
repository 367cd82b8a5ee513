import type { ResourceId, RoleId } from '@mayfly/domain'
import { z } from 'zod'
import { changeRole, retireRole } from '../../application/registry/change-role.ts'
import { registerRole } from '../../application/registry/register-role.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { getResource } from '../../store/resource-rows.ts'
import { fullRoleName, getRole, listRoles, type RoleWithResource } from '../../store/role-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import * as fields from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

type Deps = RegistryDeps & HttpDeps

const permission = z.record(z.string(), z.json()).meta({
  description: 'In the closed words of the provider: never statements',
  examples: [{ member_of: ['readers'] }],
})
const parameters = z
  .record(z.string().max(63), z.strictObject({ one_of: z.array(z.string().max(200)).min(1).max(100) }))
  .meta({ description: 'What the holder may choose, each from a list' })
const maxTtlSeconds = z.int().min(1).max(2_678_400).nullable()
const maxLivePerIdentity = z.int().min(1).max(100_000)

const role = z
  .object({
    role_id: id<RoleId>(),
    resource_id: id<ResourceId>(),
    resource: z.string().meta({ description: "The resource's name" }),
    name: fields.name,
    full_name: z.string().meta({ examples: ['orders-db/readonly'] }),
    permission,
    parameters,
    max_ttl_seconds: maxTtlSeconds,
    max_live_per_identity: maxLivePerIdentity,
    state: fields.usedOrRetired,
    version: fields.version,
    created_at: timestamp,
  })
  .meta({ id: 'Role', description: 'A named, closed permission on a resource' })

const params = z.strictObject({
  ref: ref.meta({ description: 'The id, or `resource/role` with the slash written as `%2F`' }),
})
const one = ({ params: { ref: which } }: { params: { ref: string } }) => ({ type: 'Role', id: which }) as const

export const roleRoutes: readonly Route<Deps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/roles',
    name: 'registerRole',
    summary: 'register a role on a resource',
    action: 'role.write',
    body: z.strictObject({
      resource: ref,
      name: fields.name,
      // Some kinds have nothing to say here; the others' own schema says what is missing.
      permission: permission.optional(),
      parameters: parameters.optional(),
      max_ttl_seconds: maxTtlSeconds.optional(),
      max_live_per_identity: maxLivePerIdentity.optional(),
    }),
    changes: true,
    status: 201,
    response: role,
    problems: ['name_taken', 'state_not_allowed'],
    handle: (deps: Deps, ctx, { body }) => {
      const { max_ttl_seconds: maxTtl, max_live_per_identity: maxLive, ...given } = body
      const asked = { action: 'role.write', resource: { type: 'Resource', id: body.resource } } as const
      return fields.gateOnField(
        '/resource',
        'request_invalid',
        deps.gate(ctx, asked, async (tx, decision) => {
          const change = fields.changeOf(deps, ctx, tx, decision)
          const { row, receipt } = await registerRole(deps, change, {
            ...given,
            permission: given.permission ?? {},
            maxTtlSeconds: maxTtl,
            maxLivePerIdentity: maxLive,
          })
          return { ...roleWire(row), entry: receipt }
        }),
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/roles',
    name: 'listRoles',
    summary: 'list roles',
    action: 'registry.read',
    query: pageQuery.extend({ resource: ref.optional(), state: fields.usedOrRetired.optional() }),
    resource: () => ({ type: 'Tenant' }),
    response: page(role),
    problems: ['cursor_invalid', 'resource_not_found'],
    handle: async (_deps: Deps, _ctx, { query }, tx) => {
      const resourceId = query.resource === undefined ? undefined : (await getResource(tx, query.resource)).resource_id
      return readPage(
        'roles',
        query,
        (rows) => listRoles(tx, { resourceId, state: query.state }, rows),
        (row) => row.role_id,
        roleWire,
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/roles/{ref}',
    name: 'getRole',
    summary: 'show a role',
    action: 'registry.read',
    params,
    resource: one,
    response: role,
    problems: ['resource_not_found'],
    handle: async (_deps: Deps, _ctx, input, tx) => roleWire(await getRole(tx, input.params.ref)),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/v1/roles/{ref}',
    name: 'updateRole',
    summary: 'change a role',
    description:
      'Where what it permits changes, its live credentials end; where only limits change, they are decided again.',
    action: 'role.write',
    params,
    body: z.strictObject({
      permission: permission.optional(),
      parameters: parameters.optional(),
      max_ttl_seconds: maxTtlSeconds.optional(),
      max_live_per_identity: maxLivePerIdentity.optional(),
      version: fields.seenVersion,
    }),
    resource: one,
    changes: true,
    response: role,
    problems: ['resource_not_found', 'state_not_allowed', 'version_conflict'],
    handle: async (deps: Deps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { max_ttl_seconds: maxTtl, max_live_per_identity: maxLive, ...given } = body
      const { row, receipt } = await changeRole(deps, fields.changeOf(deps, ctx, tx, decision), which, {
        ...given,
        maxTtlSeconds: maxTtl,
        maxLivePerIdentity: maxLive,
      })
      return { ...roleWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/roles/{ref}/retire',
    name: 'retireRole',
    summary: 'take a role out of use, and end its credentials at once',
    action: 'role.write',
    params,
    body: z.strictObject({ reason: fields.reason, version: fields.seenVersion }).default({}),
    resource: one,
    changes: true,
    response: role,
    problems: ['resource_not_found', 'version_conflict'],
    handle: async (deps: Deps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { row, receipt } = await retireRole(fields.changeOf(deps, ctx, tx, decision), which, body)
      return { ...roleWire(row), entry: receipt }
    },
  }),
]

function roleWire(row: RoleWithResource): z.output<typeof role> {
  return {
    role_id: row.role_id,
    resource_id: row.resource_id,
    resource: row.resource_name,
    name: row.name,
    full_name: fullRoleName(row),
    permission: row.permission as z.output<typeof permission>,
    parameters: row.parameters as z.output<typeof parameters>,
    max_ttl_seconds: row.max_ttl_seconds,
    max_live_per_identity: row.max_live_per_identity,
    state: row.state as z.output<typeof fields.usedOrRetired>,
    version: row.version,
    created_at: row.created_at,
  }
}
