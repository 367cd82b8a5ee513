import {
  type AttestationId,
  type CredentialId,
  type IdentityId,
  identityStates,
  type OwnerId,
  type RoleId,
  strengths,
  type SvidId,
  type TaskId,
  taskKinds,
} from '@mayfly/domain'
import { z } from 'zod'
import { resumeIdentity, retireIdentity, suspendIdentity } from '../../application/registry/change-identity-state.ts'
import { changeIdentity } from '../../application/registry/change-identity.ts'
import { identityHolds } from '../../application/registry/identity-holds.ts'
import { registerIdentity } from '../../application/registry/register-identity.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { getIdentity, type IdentityWithOwner, listIdentities } from '../../store/identity-rows.ts'
import { getOwner } from '../../store/owner-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import * as fields from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

type Deps = RegistryDeps & HttpDeps

const purpose = z
  .string()
  .max(1000)
  .meta({
    description: 'What it does and for whom: at least 12 characters and three words, no filler',
    examples: ['reads orders for the nightly report'],
  })

const identity = z
  .object({
    identity_id: id<IdentityId>(),
    name: fields.name,
    kind: fields.identityKind,
    owner_id: id<OwnerId>(),
    owner: z.string().meta({ description: "The owner's name" }),
    purpose,
    environment: fields.environment,
    expires_at: timestamp,
    spiffe_id: z.string().meta({ examples: ['spiffe://example.org/production/service/orders-api'] }),
    attributes: fields.attributes,
    state: z.enum(identityStates),
    usable: z
      .boolean()
      .meta({ description: 'False where it is suspended, retired, expired or its owner has departed' }),
    version: fields.version,
    created_at: timestamp,
  })
  .meta({ id: 'Identity', description: 'A machine identity' })

const holds = z
  .object({
    usable: z.boolean(),
    why_not: z.array(z.enum(['suspended', 'retired', 'expired', 'ownerless'])),
    credential_count: z.int().meta({ description: 'All that give access now' }),
    credentials: z.array(
      z.object({
        credential_id: id<CredentialId>(),
        role_id: id<RoleId>(),
        role: z.string(),
        task_id: id<TaskId>().nullable(),
        state: z.enum(['requested', 'active']),
        expires_at: timestamp,
        max_expires_at: timestamp,
      }),
    ),
    ending_count: z.int().meta({ description: 'Ended, but not yet seen to be gone at the target' }),
    svid_count: z.int().meta({ description: 'SVIDs that neither have ended nor were revoked' }),
    svids: z.array(
      z.object({
        svid_id: id<SvidId>(),
        kind: z.enum(['x509', 'jwt']),
        serial_number: z.string(),
        expires_at: timestamp,
      }),
    ),
    tasks: z.array(
      z.object({
        task_id: id<TaskId>(),
        kind: z.enum(taskKinds),
        purpose: z.string(),
        deadline: timestamp,
        roles: z.array(z.string()),
      }),
    ),
    attestations: z.array(
      z.object({ attestation_id: id<AttestationId>(), strength: z.enum(strengths), fresh_until: timestamp }),
    ),
  })
  .meta({ id: 'IdentityHolds', description: 'What an identity can do right now, read from live rows' })

const params = z.strictObject({ ref })
const one = ({ params: { ref: which } }: { params: { ref: string } }) => ({ type: 'Identity', id: which }) as const

export const identityRoutes: readonly Route<Deps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/identities',
    name: 'registerIdentity',
    summary: 'register an identity',
    description: 'Judged on its owner, so that a policy may let a team register its own.',
    action: 'identity.write',
    body: z.strictObject({
      name: fields.name,
      kind: fields.identityKind,
      owner: ref,
      purpose,
      environment: fields.environment,
      expires_at: timestamp,
      attributes: fields.attributes.optional(),
    }),
    changes: true,
    status: 201,
    response: identity,
    problems: ['identity_owner_missing', 'name_taken'],
    handle: (deps: Deps, ctx, { body }) => {
      const { expires_at: expiresAt, ...given } = body
      const asked = { action: 'identity.write', resource: { type: 'Owner', id: body.owner } } as const
      return fields.gateOnField(
        '/owner',
        'identity_owner_missing',
        deps.gate(ctx, asked, async (tx, decision) => {
          const change = fields.changeOf(deps, ctx, tx, decision)
          const { row, receipt } = await registerIdentity(deps, change, { ...given, expiresAt })
          return { ...identityWire(row, change.now), entry: receipt }
        }),
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/identities',
    name: 'listIdentities',
    summary: 'list identities',
    action: 'registry.read',
    query: pageQuery.extend({
      owner: ref.optional(),
      environment: fields.environment.optional(),
      kind: fields.identityKind.optional(),
      state: z.enum(identityStates).optional(),
    }),
    resource: () => ({ type: 'Tenant' }),
    response: page(identity),
    problems: ['cursor_invalid', 'resource_not_found'],
    handle: async (deps: Deps, _ctx, { query }, tx) => {
      const ownerId = query.owner === undefined ? undefined : (await getOwner(tx, query.owner)).owner_id
      const now = deps.clock.now()
      return readPage(
        'identities',
        query,
        (rows) => listIdentities(tx, { ...query, ownerId }, rows),
        (row) => row.identity_id,
        (row) => identityWire(row, now),
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/identities/{ref}',
    name: 'getIdentity',
    summary: 'show an identity',
    action: 'registry.read',
    params,
    resource: one,
    response: identity,
    problems: ['resource_not_found'],
    handle: async (deps: Deps, _ctx, input, tx) =>
      identityWire(await getIdentity(tx, input.params.ref), deps.clock.now()),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/identities/{ref}/holds',
    name: 'getIdentityHolds',
    summary: 'show what an identity can do right now',
    action: 'registry.read',
    params,
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(200) }),
    resource: one,
    response: holds,
    problems: ['resource_not_found'],
    handle: async (deps: Deps, _ctx, input, tx) => {
      const { identity_id } = await getIdentity(tx, input.params.ref)
      const held = await identityHolds(tx, identity_id, deps.clock.now(), input.query.limit)
      return held as z.output<typeof holds>
    },
  }),
  defineSelfGatedRoute({
    method: 'PATCH',
    path: '/v1/identities/{ref}',
    name: 'updateIdentity',
    summary: 'change an identity',
    description: 'Name, kind and environment are fixed: its SPIFFE ID is made of them. What it holds is decided again.',
    action: 'identity.write',
    params,
    body: z.strictObject({
      owner: ref.optional(),
      purpose: purpose.optional(),
      expires_at: timestamp.optional(),
      attributes: fields.attributes.optional(),
      version: fields.seenVersion,
    }),
    changes: true,
    response: identity,
    problems: ['resource_not_found', 'identity_owner_missing', 'state_not_allowed', 'version_conflict'],
    handle: async (deps: Deps, ctx, { params: { ref: which }, body }) => {
      await fields.gateOnNewOwner(deps, ctx, 'identity.write', body.owner)
      const asked = { action: 'identity.write', resource: { type: 'Identity', id: which } } as const
      return deps.gate(ctx, asked, async (tx, decision) => {
        const change = fields.changeOf(deps, ctx, tx, decision)
        const { expires_at: expiresAt, ...given } = body
        const { row, receipt } = await changeIdentity(deps, change, which, { ...given, expiresAt })
        return { ...identityWire(row, change.now), entry: receipt }
      })
    },
  }),
  moveRoute('suspend', suspendIdentity, 'suspend an identity: it can do nothing, and what it holds ends at once'),
  moveRoute('resume', resumeIdentity, 'resume a suspended identity; what it held does not come back'),
  moveRoute('retire', retireIdentity, 'retire an identity for good, and end what it holds at once'),
]

function moveRoute(verb: 'suspend' | 'resume' | 'retire', move: typeof suspendIdentity, summary: string): Route<Deps> {
  return defineRoute({
    method: 'POST',
    path: `/v1/identities/{ref}/${verb}`,
    name: `${verb}Identity`,
    summary,
    action: 'identity.write',
    params,
    body: z.strictObject({ reason: fields.reason, version: fields.seenVersion }).default({}),
    resource: one,
    changes: true,
    response: identity,
    problems: ['resource_not_found', 'state_not_allowed', 'version_conflict'],
    handle: async (deps: Deps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { row, receipt } = await move(change, which, body)
      return { ...identityWire(row, change.now), entry: receipt }
    },
  })
}

export function identityWire(row: IdentityWithOwner, now: Date): z.output<typeof identity> {
  return {
    identity_id: row.identity_id,
    name: row.name,
    kind: row.kind,
    owner_id: row.owner_id,
    owner: row.owner_name,
    purpose: row.purpose,
    environment: row.environment,
    expires_at: row.expires_at,
    spiffe_id: row.spiffe_id,
    attributes: row.attributes as z.output<typeof fields.attributes>,
    state: row.state,
    usable: row.state === 'active' && row.expires_at > now && row.owner_state === 'active',
    version: row.version,
    created_at: row.created_at,
  }
}
