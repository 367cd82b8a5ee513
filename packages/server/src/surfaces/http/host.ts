/** What a host agent asks: to vouch for processes, to hear what ended, to tell what it served while we were away. */
import { type AttestationId, type IdentityId, MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { maxSelectorLength, maxSelectors } from '../../adapters/trust-providers/host-agent/selectors.ts'
import { appendAudit } from '../../application/audit/append-audit.ts'
import { followHost, type FollowHostDeps } from '../../application/proof/follow-host.ts'
import { nameOf, vouchForProcess } from '../../application/proof/vouch-for-process.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import { listVouchedByHost } from '../../store/host-rows.ts'
import { defineEventRoute, defineRoute, defineSelfGatedRoute, type Route, type RouteEvent } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { id, ref, timestamp } from './wire.ts'

type Deps = ProofDeps & HttpDeps & FollowHostDeps

const vouched = z
  .object({
    attestation_id: id<AttestationId>(),
    identity_id: id<IdentityId>(),
    identity: z.string().meta({ description: "The identity's name" }),
    spiffe_id: z.string(),
    hint: z.string().meta({ description: 'Tells several SVIDs of one process apart: the name of the identity' }),
    fresh_until: timestamp,
  })
  .meta({ id: 'VouchedIdentity' })

const graceUse = z.strictObject({
  attestation_id: id<AttestationId>(),
  served_from: timestamp,
  served_until: timestamp,
  count: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .meta({ description: 'How often something was handed out; 0: what was handed out before went on being used' }),
})

const hostEvent = z
  .object({
    attestation_id: z.string().optional().meta({ description: 'Of `attestation_ended`' }),
    trust_domain: z.string().optional().meta({ description: 'Of `bundle_changed`' }),
    sequence: z.int().nullable().optional().meta({ description: 'Of `bundle_changed`; null: believed no longer' }),
    reason: z.string().optional().meta({ description: 'Of `reissue`: fetch new SVIDs now' }),
  })
  .meta({ id: 'HostEvent' })

const askedAttestations = z
  .string()
  .max(8_000)
  .regex(/^[0-9a-f-]{36}(,[0-9a-f-]{36})*$/, { error: 'must be ids of attestations with commas between' })

export const hostRoutes: readonly Route<Deps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/host/attestations',
    name: 'vouchForProcess',
    summary: 'vouch for a process of this host, as its host agent',
    description: 'Each identity whose binding fits gets an attestation that ends with the own one of the agent.',
    action: 'host.attest',
    status: 201,
    body: z.strictObject({
      trust_provider: ref.optional(),
      selectors: z
        .array(z.string().min(1).max(maxSelectorLength))
        .min(1)
        .max(maxSelectors)
        .meta({ description: 'What the kernel says of the process, e.g. `unix:uid:1000`' }),
      instance: z
        .string()
        .regex(/^[A-Za-z0-9._:/-]{1,300}$/, { error: 'must be BOOT-ID/PID/START-TIME' })
        .meta({ description: 'Tells processes apart, also those that get the same pid later' }),
    }),
    changes: true,
    response: z.object({ items: z.array(vouched) }).meta({ id: 'VouchedIdentities' }),
    problems: ['proof_rejected', 'version_conflict'],
    handle: async (deps: Deps, ctx, { body }) => {
      deps.assertMayMint()
      const all = await vouchForProcess(deps, ctx, {
        trustProvider: body.trust_provider,
        selectors: body.selectors,
        instance: body.instance,
      })
      const [first] = all
      if (first === undefined) throw new MayflyError('internal', { log: 'a process was vouched for as nobody' })
      return {
        items: all.flatMap((one) => {
          const { party } = one.binding
          if (party.kind !== 'identity') return []
          return {
            attestation_id: one.granted.attestationId,
            identity_id: party.identityId,
            identity: party.name,
            spiffe_id: party.spiffeId,
            hint: nameOf(one),
            fresh_until: one.granted.freshUntil,
          }
        }),
        entry: first.granted.receipt,
      }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/host/grace-uses',
    name: 'reportGraceUses',
    summary: 'tell what was served from memory beyond its freshness, or unheard, while the server could not be reached',
    action: 'host.attest',
    body: z.strictObject({ items: z.array(graceUse).min(1).max(200) }),
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    response: z.object({ recorded: z.int() }).meta({ id: 'RecordedGraceUses' }),
    handle: async (deps: Deps, ctx, { body }, tx, decision) => {
      const { actor } = ctx
      if (actor.kind !== 'identity')
        throw new MayflyError('request_invalid', { publicDetail: 'a host agent is an identity' })
      const ids = body.items.map((item) => item.attestation_id)
      const own = await listVouchedByHost(tx, actor.identityId, ids)
      const strange = body.items.findIndex((item) => !own.has(item.attestation_id))
      if (strange >= 0) {
        const pointer = `/items/${strange}/attestation_id`
        const detail = 'is none that you vouched for'
        throw new MayflyError('request_invalid', {
          publicDetail: `\`${pointer}\` ${detail}`,
          fields: [{ pointer, detail }],
        })
      }
      const receipt = await appendAudit(tx, {
        action: 'host.grace_used',
        at: deps.clock.now(),
        actor,
        identityId: actor.identityId,
        decisionId: decision.decisionId,
        body: {
          items: body.items.map((item) => ({
            attestation_id: item.attestation_id,
            served_from: item.served_from.toISOString(),
            served_until: item.served_until.toISOString(),
            count: item.count,
          })),
          request_id: ctx.requestId,
        },
      })
      return { recorded: body.items.length, entry: receipt }
    },
  }),
  defineEventRoute({
    path: '/v1/host/events',
    name: 'followHost',
    summary: 'hear at once what ended of all that this host agent vouched for',
    description:
      'Events: `ready` once, when nothing that ends from then on is missed; `attestation_ended`; `bundle_changed`; `reissue`. Ends after five minutes at most: connect again, naming what you hold, and nothing is missed.',
    action: 'host.attest',
    query: z.strictObject({
      attestations: askedAttestations
        .optional()
        .meta({ description: 'What the agent holds: each that has ended meanwhile is told first' }),
      once: z.stringbool().default(false).meta({ description: 'Only tell what has ended meanwhile, and end' }),
    }),
    response: hostEvent,
    admit: async (deps: Deps, ctx) => {
      const asked = { action: 'host.attest', resource: { type: 'Tenant' }, readOnly: true } as const
      await deps.gate(ctx, asked, async () => undefined)
    },
    events: (deps: Deps, ctx, { query }) => hostEvents(deps, ctx, query.attestations?.split(',') ?? [], query.once),
  }),
]

async function* hostEvents(
  deps: Deps,
  ctx: Parameters<HttpDeps['gate']>[0] & { readonly signal: AbortSignal },
  asked: readonly string[],
  once: boolean,
): AsyncIterable<RouteEvent<z.output<typeof hostEvent>>> {
  const { actor, tenantId } = ctx
  if (actor.kind !== 'identity') return
  const host = { tenantId, identityId: actor.identityId, attestationId: actor.attestationId }
  for await (const event of followHost(deps, host, asked, ctx.signal)) {
    if (event.event === 'ready' && once) return
    yield event
  }
}
