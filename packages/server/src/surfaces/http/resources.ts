import type { OwnerId, ResourceId, TenantId } from '@mayfly/domain'
import { z } from 'zod'
import { changeResource, retireResource } from '../../application/registry/change-resource.ts'
import { rotateLogin } from '../../application/registry/adopt-login.ts'
import { rotateSecret } from '../../application/registry/rotate-secret.ts'
import { checkResource, type ResourceCheckDeps } from '../../application/registry/check-resource.ts'
import { registerResource } from '../../application/registry/register-resource.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { tryResource } from '../../application/registry/try-resource.ts'
import { listStandings, type Standing } from '../../store/backlog-rows.ts'
import type { Tx } from '../../store/database.ts'
import { getOwner } from '../../store/owner-rows.ts'
import { getResource, listResources, type ResourceWithOwner } from '../../store/resource-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import * as fields from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

export interface ResourceReadDeps {
  /** What comes after the address of any listener, before what is a tenant's own: nothing, or `/t/<name>`. */
  tenantPathOf(tenantId: TenantId): Promise<string>
}

type Deps = RegistryDeps & HttpDeps & ResourceCheckDeps & ResourceReadDeps

const checkFinding = z
  .object({
    check: z.string(),
    outcome: z.enum(['passed', 'warned', 'failed']),
    detail: z.string(),
    hint: z.string().optional(),
  })
  .meta({ id: 'CheckFinding', description: 'One line of what a check proved by doing' })

const adoptLogin = z.boolean().meta({
  description:
    'After the first check that passes, Mayfly changes the password of its own login to one that only it knows: whoever ' +
    'else uses that login is locked out. Later it rotates it. false: it never does',
})

const standing = z
  .object({
    waiting: z.int().meta({ description: 'Accounts that have ended and that the target does not yet say are absent' }),
    waiting_since: timestamp.nullable().meta({ description: 'Since when the oldest of them has waited' }),
    circuit: z.enum(['closed', 'open']).meta({
      description:
        '`open`: the target fails; it is tried again by one call at a time until it answers, and what waits stays due',
    }),
    next_attempt_at: timestamp.nullable(),
    last_error: z.string().nullable().meta({ description: 'What the target said last, for people' }),
    sampled_at: timestamp.nullable().meta({ description: 'When it was last asked who is connected' }),
    sample_error: z.string().nullable(),
    swept_at: timestamp.nullable().meta({ description: 'When its accounts were last compared with the credentials' }),
    sweep_error: z.string().nullable(),
  })
  .meta({
    id: 'ResourceStanding',
    description: 'How it stands with a target: what waits there, and when it was looked at',
  })

const published = z
  .object({
    path: z.string().meta({
      description:
        'After the address of any listener; a document is below it by its name. Nobody has to prove anything there',
      examples: ['/published/0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f'],
    }),
    documents: z.array(z.object({ name: z.string(), title: z.string() })),
  })
  .meta({
    id: 'PublishedDocuments',
    description: 'What a resource tells the public: an authority, a list of what has ended',
  })

const resource = z
  .object({
    resource_id: id<ResourceId>(),
    name: fields.name,
    provider: z.string(),
    environment: fields.environment,
    reach: fields.reach,
    data_class: fields.dataClass,
    exposure: fields.exposure,
    delivery: fields.delivery,
    owner_id: id<OwnerId>(),
    owner: z.string().meta({ description: "The owner's name" }),
    settings: fields.settings,
    attributes: fields.attributes,
    state: fields.usedOrRetired,
    adopt_login: adoptLogin,
    login_adopted_at: timestamp.nullable().meta({
      description: 'Since when only Mayfly knows the password of its own login; null: who entered it does too',
    }),
    checked_at: timestamp.nullable(),
    check: z.array(checkFinding).nullable().meta({ description: 'What the last check found; null after a change' }),
    standing: standing.optional().meta({ description: 'Only where a resource is read' }),
    published: published
      .nullable()
      .optional()
      .meta({ description: 'Only where one resource is read; null: its kind publishes nothing' }),
    version: fields.version,
    created_at: timestamp,
  })
  .meta({ id: 'Resource', description: 'A system that credentials open. Its own login is never shown' })

const secret = z.record(z.string(), z.json()).meta({
  description:
    "Mayfly's own login at the target, in the fields of the provider. Sealed, never shown again. None for kinds that sign",
})
const params = z.strictObject({ ref })
const one = ({ params: { ref: which } }: { params: { ref: string } }) => ({ type: 'Resource', id: which }) as const

export const resourceRoutes: readonly Route<Deps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/resources',
    name: 'registerResource',
    summary: 'register a resource',
    description:
      'Judged on its owner. The target is not touched: check the resource to prove that the settings suffice.',
    action: 'resource.write',
    body: z.strictObject({
      name: fields.name,
      provider: z
        .string()
        .min(1)
        .max(31)
        .meta({ examples: ['postgres'] }),
      environment: fields.environment,
      reach: fields.reach,
      data_class: fields.dataClass,
      exposure: fields.exposure,
      delivery: fields.delivery.default('direct'),
      owner: ref,
      settings: fields.settings,
      secret: secret.default({}),
      attributes: fields.attributes.optional(),
      adopt_login: adoptLogin.default(true),
    }),
    changes: true,
    status: 201,
    response: resource,
    problems: ['identity_owner_missing', 'name_taken', 'provider_unknown'],
    handle: (deps: Deps, ctx, { body }) => {
      const { data_class: dataClass, adopt_login: takeOver, ...given } = body
      const asked = { action: 'resource.write', resource: { type: 'Owner', id: body.owner } } as const
      return fields.gateOnField(
        '/owner',
        'identity_owner_missing',
        deps.gate(ctx, asked, async (tx, decision) => {
          const change = fields.changeOf(deps, ctx, tx, decision)
          const { row, receipt } = await registerResource(deps, change, { ...given, dataClass, adoptLogin: takeOver })
          return { ...resourceWire(row), entry: receipt }
        }),
      )
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/resources/try',
    name: 'tryResource',
    summary: 'prove at a target that settings and rights suffice, before it is registered',
    description: 'Nothing is kept. With a permission it makes a login, tries it, ends it and sees it gone.',
    action: 'resource.write',
    body: z.strictObject({
      provider: z.string().min(1).max(31),
      owner: ref,
      settings: fields.settings,
      secret: secret.default({}),
      permission: z.record(z.string(), z.json()).optional(),
    }),
    response: z.object({ check: z.array(checkFinding) }).meta({ id: 'ResourceTry' }),
    problems: ['identity_owner_missing', 'provider_unknown'],
    handle: async (deps: Deps, ctx, { body }) =>
      fields
        .gateOnField('/owner', 'identity_owner_missing', tryResource(deps, ctx, body, ctx.signal))
        .then((check) => ({
          check: [...check],
        })),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/resources',
    name: 'listResources',
    summary: 'list resources',
    action: 'registry.read',
    query: pageQuery.extend({
      owner: ref.optional(),
      environment: fields.environment.optional(),
      provider: z
        .string()
        .max(31)
        .regex(/^[a-z0-9_]+$/, { error: 'is not a kind of provider' })
        .optional(),
      state: fields.usedOrRetired.optional(),
    }),
    resource: () => ({ type: 'Tenant' }),
    response: page(resource),
    problems: ['cursor_invalid', 'resource_not_found'],
    handle: async (_deps: Deps, _ctx, { query }, tx) => {
      const ownerId = query.owner === undefined ? undefined : (await getOwner(tx, query.owner)).owner_id
      const { environment, state, provider: providerKind } = query
      return readPage(
        'resources',
        query,
        async (rows) => withStanding(tx, await listResources(tx, { ownerId, environment, state, providerKind }, rows)),
        (row) => row.resource_id,
        resourceWire,
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/resources/{ref}',
    name: 'getResource',
    summary: 'show a resource',
    action: 'registry.read',
    params,
    resource: one,
    response: resource,
    problems: ['resource_not_found'],
    handle: async (deps: Deps, _ctx, input, tx) => {
      const [row] = await withStanding(tx, [await getResource(tx, input.params.ref)])
      if (row === undefined) throw new Error('a row has its standing')
      return { ...resourceWire(row), published: await publishedWire(deps, tx, row) }
    },
  }),
  defineSelfGatedRoute({
    method: 'PATCH',
    path: '/v1/resources/{ref}',
    name: 'updateResource',
    summary: 'change a resource',
    description:
      'Name, provider and environment are fixed. `settings` are given whole. A new address or other TLS rules need ' +
      '`secret` too; while accounts may stand at the old address, also `same_target: true`.',
    action: 'resource.write',
    params,
    body: z.strictObject({
      reach: fields.reach.optional(),
      data_class: fields.dataClass.optional(),
      exposure: fields.exposure.optional(),
      delivery: fields.delivery.optional(),
      owner: ref.optional(),
      settings: fields.settings.optional(),
      secret: secret.optional(),
      attributes: fields.attributes.optional(),
      adopt_login: adoptLogin.optional(),
      same_target: z
        .boolean()
        .optional()
        .meta({ description: 'States that the new address leads to the same target. Recorded' }),
      version: fields.seenVersion,
    }),
    changes: true,
    response: resource,
    problems: [
      'resource_not_found',
      'secret_required',
      'still_in_use',
      'identity_owner_missing',
      'state_not_allowed',
      'version_conflict',
    ],
    handle: async (deps: Deps, ctx, { params: { ref: which }, body }) => {
      await fields.gateOnNewOwner(deps, ctx, 'resource.write', body.owner)
      const asked = { action: 'resource.write', resource: { type: 'Resource', id: which } } as const
      return deps.gate(ctx, asked, async (tx, decision) => {
        const { data_class: dataClass, same_target: sameTarget, adopt_login: takeOver, ...given } = body
        const change = fields.changeOf(deps, ctx, tx, decision)
        const update = { ...given, dataClass, sameTarget, adoptLogin: takeOver }
        const { row, receipt } = await changeResource(deps, change, which, update)
        return { ...resourceWire(row), entry: receipt }
      })
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/resources/{ref}/check',
    name: 'checkResource',
    summary: 'prove at the target that the settings and rights suffice',
    description:
      'Makes a login, tries it, ends it and sees it gone. Takes a few seconds. The first check that passes changes the ' +
      "password of Mayfly's own login to one that only it knows, unless the resource says `adopt_login: false`.",
    action: 'resource.check',
    params,
    changes: true,
    response: resource,
    problems: ['resource_not_found', 'state_not_allowed', 'version_conflict', 'settings_invalid'],
    handle: async (deps: Deps, ctx, input) => {
      const { row, receipt } = await checkResource(deps, ctx, input.params.ref, ctx.signal)
      return { ...resourceWire(row), entry: receipt }
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/resources/{ref}/rotate-login',
    name: 'rotateLogin',
    summary: "change the password of Mayfly's own login at the target, now",
    description:
      'Nobody is shown the new one, and the old one is refused from then on. Where the target cannot be reached the ' +
      'change is begun, and goes on by itself.',
    action: 'resource.write',
    params,
    changes: true,
    response: resource,
    problems: [
      'resource_not_found',
      'state_not_allowed',
      'settings_invalid',
      'target_refused',
      'target_rights_missing',
      'target_timeout',
      'target_unreachable',
      'target_unsafe',
    ],
    handle: async (deps: Deps, ctx, input) => {
      const { row, receipt } = await rotateLogin(deps, ctx, input.params.ref, ctx.signal)
      return { ...resourceWire(row), entry: receipt }
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/resources/{ref}/rotate-secret',
    name: 'rotateSecret',
    summary: 'rotate a static secret at its system, now',
    description:
      'Of a resource of the kind `static`. The version before goes on for `overlap_seconds`, so that consumers can read again; ' +
      'with `end_now` it ends at once. `leaked` raises a finding, and ends every version that others know when its notice is over.',
    action: 'resource.write',
    params,
    body: z
      .strictObject({
        leaked: z.boolean().default(false),
        end_now: z.boolean().default(false),
        reason: fields.reason,
      })
      .default({ leaked: false, end_now: false, reason: undefined }),
    changes: true,
    response: resource,
    problems: [
      'resource_not_found',
      'state_not_allowed',
      'settings_invalid',
      'target_refused',
      'target_rights_missing',
      'target_timeout',
      'target_unreachable',
      'target_unsafe',
    ],
    handle: async (deps: Deps, ctx, { params: { ref: which }, body }) => {
      const order = { ref: which, leaked: body.leaked, endNow: body.end_now, reason: body.reason ?? '' }
      const { row, receipt } = await rotateSecret(deps, ctx, order, ctx.signal)
      return { ...resourceWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/resources/{ref}/retire',
    name: 'retireResource',
    summary: 'take a resource out of use, and end everything on it at once',
    action: 'resource.write',
    params,
    body: z.strictObject({ reason: fields.reason, version: fields.seenVersion }).default({}),
    resource: one,
    changes: true,
    response: resource,
    problems: ['resource_not_found', 'version_conflict'],
    handle: async (deps: Deps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { row, receipt } = await retireResource(fields.changeOf(deps, ctx, tx, decision), which, body)
      return { ...resourceWire(row), entry: receipt }
    },
  }),
]

type ResourceRead = ResourceWithOwner & { readonly standing?: Standing | undefined }

async function withStanding(tx: Tx, rows: readonly ResourceWithOwner[]): Promise<readonly ResourceRead[]> {
  const standings = await listStandings(
    tx,
    rows.map((row) => row.resource_id),
  )
  const byId = new Map(standings.map((one) => [one.resource_id, one]))
  return rows.map((row) => ({ ...row, standing: byId.get(row.resource_id) }))
}

function standingWire({ resource_id: _id, attempts, ...rest }: Standing): z.output<typeof standing> {
  return { ...rest, circuit: rest.last_error !== null && (attempts ?? 0) > 0 ? 'open' : 'closed' }
}

async function publishedWire(deps: Deps, tx: Tx, row: ResourceRead): Promise<z.output<typeof published> | null> {
  const provider = deps.providers.get(row.provider_kind)
  const documents = provider?.documentsUnder?.(provider.settings.parse(row.settings)) ?? provider?.documents ?? []
  if (documents.length === 0) return null
  const path = `${await deps.tenantPathOf(tx.tenantId)}/published/${row.resource_id}`
  return { path, documents: documents.map(({ name, title }) => ({ name, title })) }
}

function resourceWire(row: ResourceRead): z.output<typeof resource> {
  return {
    resource_id: row.resource_id,
    name: row.name,
    provider: row.provider_kind,
    environment: row.environment,
    reach: row.reach,
    data_class: row.data_class,
    exposure: row.exposure,
    delivery: row.delivery,
    owner_id: row.owner_id,
    owner: row.owner_name,
    settings: row.settings as z.output<typeof fields.settings>,
    attributes: row.attributes as z.output<typeof fields.attributes>,
    state: row.state as z.output<typeof fields.usedOrRetired>,
    adopt_login: row.adopt_login,
    login_adopted_at: row.login_adopted_at,
    checked_at: row.checked_at,
    check: row.check_result as z.output<typeof checkFinding>[] | null,
    ...(row.standing === undefined ? {} : { standing: standingWire(row.standing) }),
    version: row.version,
    created_at: row.created_at,
  }
}
