/** Other trust domains whose SVIDs are believed. */
import { type FederationId, isTrustDomain } from '@mayfly/domain'
import { z } from 'zod'
import { endFederation, registerFederation } from '../../application/spiffe/register-federation.ts'
import type { SvidDeps } from '../../application/spiffe/spiffe-deps.ts'
import {
  type FederationRow,
  type FederationWithPoll,
  getFederation,
  hastenPoll,
  listFederations,
} from '../../store/federation-rows.ts'
import { wakeWorkers } from '../../store/wake-workers.ts'
import { defineRoute, type Route, type RouteContext } from './define-route.ts'
import { id, timestamp } from './wire.ts'

const trustDomain = z
  .string()
  .refine(isTrustDomain, { error: 'not a trust domain: lower-case letters, digits, dots, dashes and underscores' })

const federation = z
  .object({
    federation_id: id<FederationId>(),
    trust_domain: z.string(),
    url: z.string(),
    profile: z.enum(['https_web', 'https_spiffe']),
    endpoint_spiffe_id: z.string().nullable(),
    state: z.enum(['active', 'retired']),
    keys: z.int().nullable().meta({ description: 'How many; null as long as none was had; 0: everything is revoked' }),
    spiffe_sequence: z.int().nullable(),
  })
  .meta({ id: 'Federation' })

const followedFederation = federation
  .extend({
    next_at: timestamp.meta({ description: 'When it is asked again' }),
    answered_at: timestamp.nullable(),
    last_error: z.string().nullable(),
  })
  .meta({ id: 'FederationDetail' })

const tenant = () => ({ type: 'Tenant' }) as const
const params = z.strictObject({ trust_domain: trustDomain })

export const federationRoutes: readonly Route<SvidDeps>[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/federations',
    name: 'registerFederation',
    summary: 'believe the SVIDs of another trust domain, by the bundle that it publishes',
    description: 'Asked at once, and then at the refresh hint of the bundle, every five minutes where it gives none.',
    action: 'federation.write',
    status: 201,
    body: z.strictObject({
      trust_domain: trustDomain,
      url: z.string().max(2_000).meta({ description: 'https' }),
      profile: z.enum(['https_web', 'https_spiffe']),
      endpoint_spiffe_id: z.string().max(2_048).optional(),
      ca_pem: z.string().max(65_536).optional(),
      bundle: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: 'A bundle that came another way, to begin with' }),
    }),
    bodyLimitBytes: 1_300_000,
    resource: tenant,
    changes: true,
    response: federation,
    problems: ['name_taken', 'state_not_allowed'],
    handle: async (deps: SvidDeps, ctx, { body }, tx) => {
      const { row, receipt } = await registerFederation(tx, changeOf(deps, ctx), {
        trustDomain: body.trust_domain,
        url: body.url,
        profile: body.profile,
        endpointSpiffeId: body.endpoint_spiffe_id,
        caPem: body.ca_pem,
        bundle: body.bundle === undefined ? undefined : JSON.stringify(body.bundle),
      })
      return { ...federationWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/federations',
    name: 'listFederations',
    summary: 'list the trust domains that are federated with',
    action: 'federation.read',
    resource: tenant,
    response: z.object({ items: z.array(followedFederation) }),
    handle: async (_deps: SvidDeps, _ctx, _input, tx) => ({ items: (await listFederations(tx)).map(followedWire) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/federations/{trust_domain}',
    name: 'getFederation',
    summary: 'show a trust domain that is federated with',
    action: 'federation.read',
    params,
    resource: tenant,
    response: followedFederation,
    problems: ['resource_not_found'],
    handle: async (_deps: SvidDeps, _ctx, input, tx) =>
      followedWire(await getFederation(tx, input.params.trust_domain)),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/federations/{trust_domain}/refresh',
    name: 'refreshFederation',
    summary: 'ask for its bundle now',
    action: 'federation.write',
    params,
    resource: tenant,
    status: 202,
    response: followedFederation,
    problems: ['resource_not_found'],
    handle: async (deps: SvidDeps, _ctx, input, tx) => {
      const row = await getFederation(tx, input.params.trust_domain)
      await hastenPoll(tx, row.federation_id, deps.clock.now())
      await wakeWorkers(tx, 'deadline')
      return followedWire(await getFederation(tx, input.params.trust_domain))
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/federations/{trust_domain}/retire',
    name: 'retireFederation',
    summary: 'believe nothing of a trust domain any more',
    action: 'federation.write',
    params,
    resource: tenant,
    changes: true,
    response: federation,
    problems: ['resource_not_found'],
    handle: async (deps: SvidDeps, ctx, input, tx) => {
      const { row, receipt } = await endFederation(tx, changeOf(deps, ctx), input.params.trust_domain)
      return { ...federationWire(row), entry: receipt }
    },
  }),
]

function changeOf(deps: SvidDeps, ctx: RouteContext) {
  return { now: deps.clock.now(), actor: ctx.actor, requestId: ctx.requestId }
}

function federationWire(row: FederationRow): z.output<typeof federation> {
  return {
    federation_id: row.federation_id,
    trust_domain: row.trust_domain,
    url: row.url,
    profile: row.profile,
    endpoint_spiffe_id: row.endpoint_spiffe_id,
    state: row.state,
    keys: (row.keys as readonly unknown[] | null)?.length ?? null,
    spiffe_sequence: row.bundle_sequence,
  }
}

function followedWire(row: FederationWithPoll): z.output<typeof followedFederation> {
  return { ...federationWire(row), next_at: row.next_at, answered_at: row.answered_at, last_error: row.last_error }
}
