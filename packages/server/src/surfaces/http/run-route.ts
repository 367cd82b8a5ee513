/** How a route runs: who asks, may they, what do they ask, do it, answer. */
import { TLSSocket } from 'node:tls'
import { type ActionName, defaultTenantId, MayflyError, type TenantId, withDeadline } from '@mayfly/domain'
import type { z } from 'zod'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuditReceipt } from '../../application/audit/audit-entry.ts'
import type { Actor, RequestContext } from '../../application/context.ts'
import type { PublicContext, RawAnswer, Route, RouteContext, RouteEvent } from './define-route.ts'
import { sendEvents } from './event-stream.ts'
import type { HttpDeps } from './http-deps.ts'
import { parseInput } from './parse-input.ts'
import type { RateLimit } from './rate-limit.ts'
import { findSentToken } from './sent-token.ts'
import { signalOfClient } from './signal-of-client.ts'
import type { entry } from './wire.ts'

/** Who was authenticated, kept between the hook that runs before the body is read and the handler. */
export type Caller = Pick<RequestContext, 'tenantId' | 'actor'>

const maxStreamMs = 300_000

/** What makes new authority; tokens have their own surface. */
const mintingActions: ReadonlySet<ActionName> = new Set([
  'credential.issue',
  'credential.renew',
  'svid.issue',
  // Its time is its sequence: made by a wrong clock, it would make later ones look older.
  'bundle.export',
] as const)

/**
 * @throws MayflyError `token_missing`, `token_invalid`, `dpop_proof_invalid`, `dpop_nonce_required`, `rate_limited`
 */
export async function authenticateCaller(
  deps: HttpDeps,
  request: FastifyRequest,
  limit: RateLimit,
): Promise<Caller & { readonly dpopNonce?: string }> {
  if (request.headers.authorization === undefined) {
    throw new MayflyError('token_missing', {
      hint: 'send `Authorization: DPoP TOKEN` or `Bearer TOKEN`, as its `token_type` says; `POST /oauth/token` gives one',
    })
  }
  const sent = findSentToken(request)
  if (sent === undefined) {
    throw new MayflyError('token_invalid', {
      publicDetail: 'the Authorization header does not hold a token of the scheme Bearer or DPoP',
    })
  }
  const caller = await deps.authenticate(sent)
  const waitSeconds = limit.take(`${caller.tenantId}:${callerId(caller.actor)}`, deps.clock.now().getTime())
  if (waitSeconds > 0) throw rateLimited(waitSeconds)
  return caller
}

export function rateLimited(waitSeconds: number): MayflyError {
  return new MayflyError('rate_limited', {
    hint: 'wait for the seconds of Retry-After',
    extra: { retry_after_seconds: Math.ceil(waitSeconds) },
  })
}

export interface RouteRun<Deps> {
  readonly http: HttpDeps
  /** What the route's handler asked for, beside what the surface itself needs. */
  readonly deps: Deps
  readonly route: Route<Deps>
  readonly caller: Caller | undefined
  readonly stopping: AbortSignal
}

export async function runRoute<Deps>(
  { http, deps, route, caller, stopping }: RouteRun<Deps>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const input = parseInput(route, request)
  const serverName = serverNameOf(request)
  const ctx: PublicContext = {
    requestId: request.id,
    sourceAddress: request.ip,
    signal: signalOfClient(reply),
    ...(serverName !== undefined && { serverName }),
  }
  if (route.access === 'public') {
    const done = await route.handle(deps, ctx, input)
    return answer(http, route, reply, done, { tenantId: route.tenantOf?.(input) ?? defaultTenantId })
  }
  if (caller === undefined) throw new MayflyError('token_missing')
  const known: RouteContext = { ...ctx, ...caller }
  if (mintingActions.has(route.action)) http.assertMayMint()
  switch (route.access) {
    case 'self_gated':
      return answer(http, route, reply, await route.handle(deps, known, input), caller)
    case 'gated': {
      const { action, readOnly } = route
      const asked = { ...route.facts(input), action, readOnly, resource: route.resource(input) }
      const { done, promise } = await http.gate(known, asked, async (tx, decision) => ({
        done: await route.handle(deps, known, input, tx, decision),
        promise: route.changes ? await http.promiseSigner(tx) : undefined,
      }))
      return answer(http, route, reply, done, caller, promise)
    }
    case 'events':
      await route.admit(deps, known, input)
      // A stream has no end of its own: a server that stops ends it. What else is under way is finished. And it lives no
      // longer than an access token: who follows on asks again, and is decided on again.
      return withDeadline([known.signal, stopping], maxStreamMs, (signal) =>
        streamEvents(http, request, reply, route.events, { deps, input, ctx: { ...known, signal } }),
      )
  }
}

async function streamEvents<Deps, Input>(
  http: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  events: (deps: Deps, ctx: RouteContext, input: Input) => AsyncIterable<RouteEvent<unknown>>,
  { deps, ctx, input }: { deps: Deps; ctx: RouteContext; input: Input },
): Promise<void> {
  const iterator = events(deps, ctx, input)[Symbol.asyncIterator]()
  // Before the head is written: what fails here is still a problem document.
  const first = await iterator.next()
  reply.hijack()
  const headers = Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]))
  try {
    await sendEvents(reply.raw, headers, { first, iterator }, ctx.signal)
  } catch (error) {
    // The client sees a stream that ends, and asks again.
    http.logger.error({ request_id: request.id, err: error }, 'a stream of events broke off')
  }
}

type PromiseSigner = (receipt: AuditReceipt) => string

async function answer(
  http: HttpDeps,
  route: Route<never>,
  reply: FastifyReply,
  done: unknown,
  { tenantId }: Pick<Caller, 'tenantId'>,
  promise?: PromiseSigner,
): Promise<unknown> {
  reply.status(route.status ?? 200)
  if (route.produces !== undefined) {
    const raw = done as RawAnswer
    for (const [name, value] of Object.entries(raw.headers ?? {})) reply.header(name, value)
    reply.type(route.produces)
    return typeof raw.body === 'string' ? raw.body : Buffer.from(raw.body)
  }
  reply.type('application/json; charset=utf-8')
  if (!route.changes) return JSON.stringify(done)
  const { entry, ...body } = done as { readonly entry: AuditReceipt | null }
  if (entry === null) return JSON.stringify({ ...body, entry })
  const sign = promise ?? (await promiseSignerOf(http, tenantId))
  return JSON.stringify({ ...body, entry: entryWire(sign, entry) })
}

function promiseSignerOf(http: HttpDeps, tenantId: TenantId): Promise<PromiseSigner> {
  return http.promiseSignerOf?.(tenantId) ?? http.database.transaction(tenantId, (tx) => http.promiseSigner(tx))
}

/** An audit receipt as callers see it; made when the change is durable. */
export function entryWire(sign: PromiseSigner, receipt: AuditReceipt): z.output<typeof entry> {
  return {
    entry_id: receipt.entryId,
    leaf_hash: Buffer.from(receipt.leafHash).toString('base64'),
    promise: sign(receipt),
  }
}

function serverNameOf({ raw }: FastifyRequest): string | undefined {
  const name = raw.socket instanceof TLSSocket ? raw.socket.servername : undefined
  return typeof name === 'string' ? name.toLowerCase() : undefined
}

function callerId(actor: Actor): string {
  switch (actor.kind) {
    case 'person':
      return actor.personId
    case 'identity':
      return actor.identityId
    case 'system':
      return actor.worker
  }
}
