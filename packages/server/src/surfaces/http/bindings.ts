import type { BindingId, IdentityId, PersonId, TrustProviderId } from '@mayfly/domain'
import { z } from 'zod'
import type { Change } from '../../application/registry/change.ts'
import { recoverBinding } from '../../application/proof/recover-binding.ts'
import { changeBinding, retireBinding } from '../../application/registry/change-binding.ts'
import { registerBinding } from '../../application/registry/register-binding.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { type BindingWithNames, getBinding, listBindings } from '../../store/binding-rows.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { getPerson } from '../../store/person-rows.ts'
import { getTrustProvider } from '../../store/trust-provider-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route, type RouteContext } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import * as fields from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

type Deps = RegistryDeps & HttpDeps

const subject = z
  .string()
  .min(1)
  .max(2000)
  .meta({ description: 'What the proof says of itself, exactly. For a bound key: its thumbprint (RFC 7638), derived' })
const claims = z
  .record(z.string().max(200), z.union([z.string().max(2000), z.number(), z.boolean()]))
  .meta({ description: 'Further claims, each exactly equal; all must hold. No patterns' })
const publicJwk = z
  .record(z.string(), z.json())
  .meta({ description: 'A public key (RFC 7517). A private one is refused: it was shown, make a new one' })

const binding = z
  .object({
    binding_id: id<BindingId>(),
    trust_provider_id: id<TrustProviderId>(),
    trust_provider: z.string().meta({ description: "The trust provider's name" }),
    identity_id: id<IdentityId>().nullable(),
    identity: z.string().nullable().meta({ description: "The identity's name" }),
    person_id: id<PersonId>().nullable(),
    subject,
    claims,
    public_jwk: publicJwk.nullable(),
    state: fields.usedOrRetired,
    version: fields.version,
    created_at: timestamp,
  })
  .meta({ id: 'Binding', description: 'Whose proof it is' })

const params = z.strictObject({ id: id<BindingId>() })

export const bindingRoutes: readonly Route<Deps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/bindings',
    name: 'registerBinding',
    summary: 'say whose proof it is',
    description: 'As powerful as becoming that identity. Judged on the identity; for a person, on the tenant.',
    action: 'binding.write',
    body: z.strictObject({
      trust_provider: ref,
      identity: ref.optional(),
      person: ref.optional(),
      subject: subject.optional(),
      claims: claims.optional(),
      public_jwk: publicJwk.optional(),
    }),
    changes: true,
    status: 201,
    response: binding,
    problems: ['name_taken', 'state_not_allowed'],
    handle: (deps: Deps, ctx, { body }) => {
      const { trust_provider: trustProvider, public_jwk: key, ...given } = body
      const on =
        body.identity === undefined ? ({ type: 'Tenant' } as const) : ({ type: 'Identity', id: body.identity } as const)
      return fields.gateOnField(
        '/identity',
        'request_invalid',
        deps.gate(ctx, { action: 'binding.write', resource: on }, async (tx, decision) => {
          const change = fields.changeOf(deps, ctx, tx, decision)
          const { row, receipt } = await registerBinding(change, { ...given, trustProvider, publicJwk: key })
          return { ...bindingWire(row), entry: receipt }
        }),
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bindings',
    name: 'listBindings',
    summary: 'list bindings',
    action: 'registry.read',
    query: pageQuery.extend({
      trust_provider: ref.optional(),
      identity: ref.optional(),
      person: ref.optional(),
      state: fields.usedOrRetired.optional(),
    }),
    resource: () => ({ type: 'Tenant' }),
    response: page(binding),
    problems: ['cursor_invalid', 'resource_not_found'],
    handle: async (_deps: Deps, _ctx, { query }, tx) => {
      const { trust_provider: provider, identity, person } = query
      const filter = {
        trustProviderId: provider === undefined ? undefined : (await getTrustProvider(tx, provider)).trust_provider_id,
        identityId: identity === undefined ? undefined : (await getIdentity(tx, identity)).identity_id,
        personId: person === undefined ? undefined : (await getPerson(tx, person)).person_id,
        state: query.state,
      }
      return readPage(
        'bindings',
        query,
        (rows) => listBindings(tx, filter, rows),
        (row) => row.binding_id,
        bindingWire,
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/bindings/{id}',
    name: 'getBinding',
    summary: 'show a binding',
    action: 'registry.read',
    params,
    resource: () => ({ type: 'Tenant' }),
    response: binding,
    problems: ['resource_not_found'],
    handle: async (_deps: Deps, _ctx, input, tx) => bindingWire(await getBinding(tx, input.params.id)),
  }),
  defineSelfGatedRoute({
    method: 'PATCH',
    path: '/v1/bindings/{id}',
    name: 'updateBinding',
    summary: 'change which proof a binding takes',
    description: 'What was accepted under the old rule no longer counts, and what it gave ends.',
    action: 'binding.write',
    params,
    body: z.strictObject({
      subject: subject.optional(),
      claims: claims.optional(),
      public_jwk: publicJwk.optional(),
      version: fields.seenVersion,
    }),
    changes: true,
    response: binding,
    problems: ['resource_not_found', 'name_taken', 'state_not_allowed', 'version_conflict'],
    handle: (deps: Deps, ctx, { params: { id: which }, body }) =>
      gateOnHolder(deps, ctx, which, async (change) => {
        const { public_jwk: key, ...given } = body
        const { row, receipt } = await changeBinding(change, which, { ...given, publicJwk: key })
        return { ...bindingWire(row), entry: receipt }
      }),
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/bindings/{id}/retire',
    name: 'retireBinding',
    summary: 'take a binding out of use, and end what its proofs gave',
    action: 'binding.write',
    params,
    body: z.strictObject({ version: fields.seenVersion }).default({}),
    changes: true,
    response: binding,
    problems: ['resource_not_found', 'version_conflict', 'policy_locks_out_administrators'],
    handle: (deps: Deps, ctx, { params: { id: which }, body }) =>
      gateOnHolder(deps, ctx, which, async (change) => {
        const { row, receipt } = await retireBinding(change, which, body)
        return { ...bindingWire(row), entry: receipt }
      }),
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/bindings/{id}/recover',
    name: 'recoverBinding',
    summary: 'let a key that counts its logins begin anew, after a clone was seen or its count was lost',
    description:
      'Asked by a person. At most three times in 24 hours for one key; where it may be in wrong hands, register a new key instead. With `resume` it also takes `identity.write`.',
    action: 'binding.write',
    params,
    body: z.strictObject({
      reason: z.string().trim().min(3, { error: 'say why, for whoever looks later' }).max(1_000),
      resume: z.boolean().default(false).meta({ description: 'Also let the suspended identity act again' }),
      version: fields.seenVersion,
    }),
    changes: true,
    response: binding,
    problems: ['resource_not_found', 'state_not_allowed', 'version_conflict'],
    handle: async (deps: Deps, ctx, { params: { id: which }, body }) => {
      if (body.resume) await gateOnHolder(deps, ctx, which, async () => undefined, 'identity.write')
      return gateOnHolder(deps, ctx, which, async (change) => {
        const { row, receipt } = await recoverBinding(change, which, body)
        return { ...bindingWire(row), entry: receipt }
      })
    },
  }),
]

/**
 * To change whose proof it is, is as powerful as to become that holder: it is judged on the identity, or for a person on
 * the tenant.
 */
async function gateOnHolder<T>(
  deps: Deps,
  ctx: RouteContext,
  bindingId: string,
  work: (change: Change) => Promise<T>,
  action: 'binding.write' | 'identity.write' = 'binding.write',
): Promise<T> {
  const { identity_id: id } = await deps.database.transaction(ctx.tenantId, (tx) => getBinding(tx, bindingId))
  const on = id === null ? ({ type: 'Tenant' } as const) : ({ type: 'Identity', id } as const)
  return deps.gate(ctx, { action, resource: on }, (tx, decision) => work(fields.changeOf(deps, ctx, tx, decision)))
}

function bindingWire(row: BindingWithNames): z.output<typeof binding> {
  return {
    binding_id: row.binding_id,
    trust_provider_id: row.trust_provider_id,
    trust_provider: row.trust_provider_name,
    identity_id: row.identity_id,
    identity: row.identity_name,
    person_id: row.person_id,
    subject: row.subject,
    claims: row.claims as z.output<typeof claims>,
    public_jwk: row.public_jwk as z.output<typeof publicJwk> | null,
    state: row.state as z.output<typeof fields.usedOrRetired>,
    version: row.version,
    created_at: row.created_at,
  }
}
