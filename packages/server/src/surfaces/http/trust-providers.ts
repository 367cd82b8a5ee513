import { strengths, type TrustProviderId, trustProviderKinds } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { changeTrustProvider, retireTrustProvider } from '../../application/registry/change-trust-provider.ts'
import { registerTrustProvider } from '../../application/registry/register-trust-provider.ts'
import { setClientSecret } from '../../application/registry/set-client-secret.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { getTrustProvider, listTrustProviders, type TrustProviderRow } from '../../store/trust-provider-rows.ts'
import { defineRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import * as fields from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

const kind = z.enum(trustProviderKinds)
const strength = z.enum(strengths).meta({ description: 'How much a proof is worth, weakest first' })
const freshForSeconds = z
  .int()
  .min(1)
  .max(2_678_400)
  .meta({ description: 'How long a proof counts; then it is proven again, or what it gave ends' })

const trustProvider = z
  .object({
    trust_provider_id: id<TrustProviderId>(),
    name: fields.name,
    kind,
    issuer: z.string().nullable(),
    settings: fields.settings,
    strength,
    fresh_for_seconds: freshForSeconds,
    state: fields.usedOrRetired,
    version: fields.version,
    created_at: timestamp,
  })
  .meta({ id: 'TrustProvider', description: 'A rule for believing a proof' })

const params = z.strictObject({ ref })
const one = ({ params: { ref: which } }: { params: { ref: string } }) => ({ type: 'TrustProvider', id: which }) as const

export const trustProviderRoutes: readonly Route<RegistryDeps>[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/trust-providers',
    name: 'registerTrustProvider',
    summary: 'register a trust provider',
    action: 'trust_provider.write',
    body: z.strictObject({
      name: fields.name,
      kind,
      settings: fields.settings.default({}),
      strength: strength.optional(),
      fresh_for_seconds: freshForSeconds.optional(),
    }),
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    status: 201,
    response: trustProvider,
    problems: ['name_taken'],
    handle: async (deps: RegistryDeps, ctx, { body }, tx, decision) => {
      const { fresh_for_seconds: freshFor, ...given } = body
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { row, receipt } = await registerTrustProvider(change, { ...given, freshForSeconds: freshFor })
      return { ...trustProviderWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/trust-providers',
    name: 'listTrustProviders',
    summary: 'list trust providers',
    action: 'registry.read',
    query: pageQuery.extend({ kind: kind.optional(), state: fields.usedOrRetired.optional() }),
    resource: () => ({ type: 'Tenant' }),
    response: page(trustProvider),
    problems: ['cursor_invalid'],
    handle: (_deps: RegistryDeps, _ctx, { query }, tx) =>
      readPage(
        'trust_providers',
        query,
        (rows) => listTrustProviders(tx, query, rows),
        (row) => row.trust_provider_id,
        trustProviderWire,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/trust-providers/{ref}',
    name: 'getTrustProvider',
    summary: 'show a trust provider',
    action: 'registry.read',
    params,
    resource: one,
    response: trustProvider,
    problems: ['resource_not_found'],
    handle: async (_deps: RegistryDeps, _ctx, input, tx) =>
      trustProviderWire(await getTrustProvider(tx, input.params.ref)),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/v1/trust-providers/{ref}',
    name: 'updateTrustProvider',
    summary: 'change which proofs a trust provider believes',
    description: 'With other settings or another strength, the proofs accepted before no longer count.',
    action: 'trust_provider.write',
    params,
    body: z.strictObject({
      settings: fields.settings.optional(),
      strength: strength.optional(),
      fresh_for_seconds: freshForSeconds.optional(),
      version: fields.seenVersion,
    }),
    resource: one,
    changes: true,
    response: trustProvider,
    problems: ['resource_not_found', 'name_taken', 'state_not_allowed', 'version_conflict'],
    handle: async (deps: RegistryDeps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { fresh_for_seconds: freshFor, ...given } = body
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { row, receipt } = await changeTrustProvider(change, which, { ...given, freshForSeconds: freshFor })
      return { ...trustProviderWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/trust-providers/{ref}/client-secret',
    name: 'setClientSecret',
    summary: 'set the secret with which this server proves itself at a sign-in provider',
    description: 'Write-only: it is sealed, and never shown. Better is `private_key_jwt`, which needs none.',
    action: 'trust_provider.write',
    params,
    body: z.strictObject({ client_secret: z.string().min(8).max(2000) }),
    resource: one,
    changes: true,
    response: z.object({ trust_provider: z.string() }),
    problems: ['resource_not_found', 'state_not_allowed'],
    handle: async (deps: RegistryDeps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { receipt } = await setClientSecret(deps, change, which, new Secret(body.client_secret))
      return { trust_provider: which, entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/trust-providers/{ref}/retire',
    name: 'retireTrustProvider',
    summary: 'believe no proof of a trust provider any more, and end what its proofs gave',
    action: 'trust_provider.write',
    params,
    body: z.strictObject({ reason: fields.reason, version: fields.seenVersion }).default({}),
    resource: one,
    changes: true,
    response: trustProvider,
    problems: ['resource_not_found', 'version_conflict', 'policy_locks_out_administrators'],
    handle: async (deps: RegistryDeps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { row, receipt } = await retireTrustProvider(fields.changeOf(deps, ctx, tx, decision), which, body)
      return { ...trustProviderWire(row), entry: receipt }
    },
  }),
]

function trustProviderWire(row: TrustProviderRow): z.output<typeof trustProvider> {
  return {
    trust_provider_id: row.trust_provider_id,
    name: row.name,
    kind: row.kind as z.output<typeof kind>,
    issuer: row.issuer,
    settings: row.settings as z.output<typeof fields.settings>,
    strength: row.strength,
    fresh_for_seconds: row.fresh_for_seconds,
    state: row.state as z.output<typeof fields.usedOrRetired>,
    version: row.version,
    created_at: row.created_at,
  }
}
