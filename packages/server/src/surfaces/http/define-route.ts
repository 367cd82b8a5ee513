/**
 * A route as data: what it takes, what it answers, what it may do, and the function that does it.
 *
 * Promise: whatever is registered is authenticated, bounded, checked, documented and walked; there is no second way to
 * put a route on the server. A route is closed unless it says `access: 'public'` and why.
 * Not here: how a route runs (run-route.ts), how it is documented (openapi.ts).
 */
import type { ActionName, ProblemCode, TenantId } from '@mayfly/domain'
import { z } from 'zod'
import type { AuditReceipt } from '../../application/audit/audit-entry.ts'
import type { RequestContext } from '../../application/context.ts'
import type { AuthorityRequest, PermitDecision, ResourceRef } from '../../application/decision/decision.ts'
import type { Tx } from '../../store/database.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export const nothing = z.strictObject({})
export type Nothing = typeof nothing

/** The parsed parts of a request: what the schemas made of it, so that e.g. a time is a `Date`. */
export interface RouteInput<P, Q, B, H> {
  readonly params: P
  readonly query: Q
  readonly body: B
  /** Named in lower case. */
  readonly headers: H
}

/** What a handler knows of the request beside its input. */
export interface RouteContext extends RequestContext {
  /** Aborted when the client has gone; that of an event route also when the server stops. */
  readonly signal: AbortSignal
}

/** The same before anyone has been authenticated. */
export interface PublicContext extends Pick<RouteContext, 'requestId' | 'sourceAddress' | 'signal'> {
  /** As the client named us in the TLS handshake (RFC 6066 section 3), lower case; absent where it named nobody. */
  readonly serverName?: string
}

/** Text or bytes as they are, for what is not JSON. */
export interface RawAnswer {
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** One server-sent event; `data` is sent as JSON. */
export interface RouteEvent<T> {
  readonly event: string
  readonly id?: string
  readonly data: T
}

export interface RouteShape<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  H extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  readonly method: Method
  /** As in OpenAPI: `/v1/owners/{ref}`. */
  readonly path: `/${string}`
  /** The operation's name in the OpenAPI document and in clients, e.g. `registerOwner`. Unique. */
  readonly name: string
  /** One line: what it does. Lower case, no full stop. */
  readonly summary: string
  readonly description?: string
  /** `z.strictObject`s: what is not named is refused. Absent: nothing may be given. */
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** The headers that it reads, in lower case; others are ignored. */
  readonly headers?: H
  /** The answer of success. Give `z.object`; times as `timestamp` (wire.ts): handlers return `Date`. */
  readonly response: R
  readonly status?: 200 | 201 | 202
  /** The problems of its own, beside those that any route can answer with. */
  readonly problems?: readonly ProblemCode[]
  /** Bytes that a body may have; default 262,144. */
  readonly bodyLimitBytes?: number
  /** The media type of an answer that is not JSON; the handler then returns a `RawAnswer`. */
  readonly produces?: string
}

/** What the gate is told beside action and resource: context, the task to declare, the life asked for. */
export type AskedFacts = Omit<AuthorityRequest, 'action' | 'resource' | 'readOnly'>

type Input<S extends RouteShape> = RouteInput<
  z.output<NonNullable<S['params']>>,
  z.output<NonNullable<S['query']>>,
  z.output<NonNullable<S['body']>>,
  z.output<NonNullable<S['headers']>>
>

/** A registered route with its types forgotten; `define…Route` made sure that they fit. */
export type Route<Deps> = RouteShape &
  (
    | {
        readonly access: 'gated'
        readonly action: ActionName
        readonly readOnly: boolean
        readonly changes: boolean
        readonly resource: (input: Input<RouteShape>) => ResourceRef
        readonly facts: (input: Input<RouteShape>) => AskedFacts
        readonly handle: (
          deps: Deps,
          ctx: RouteContext,
          input: Input<RouteShape>,
          tx: Tx,
          decision: PermitDecision,
        ) => Promise<unknown>
      }
    | {
        readonly access: 'self_gated'
        readonly action: ActionName
        readonly changes: boolean
        readonly handle: (deps: Deps, ctx: RouteContext, input: Input<RouteShape>) => Promise<unknown>
      }
    | {
        readonly access: 'public'
        readonly why: string
        readonly changes: boolean
        /** Whose change it is, where what was sent names a tenant; default: that of everyone who asks for no other. */
        readonly tenantOf?: (input: Input<RouteShape>) => TenantId | undefined
        readonly handle: (deps: Deps, ctx: PublicContext, input: Input<RouteShape>) => Promise<unknown>
      }
    | {
        readonly access: 'events'
        readonly action: ActionName
        readonly changes: false
        readonly admit: (deps: Deps, ctx: RouteContext, input: Input<RouteShape>) => Promise<void>
        readonly events: (deps: Deps, ctx: RouteContext, input: Input<RouteShape>) => AsyncIterable<RouteEvent<unknown>>
      }
  )

/**
 * What a handler returns. A route that changes something says `changes: true` and returns, beside the members of its
 * response, `entry`: the receipt of `appendAudit`. The surface turns it into `{ entry_id, leaf_hash, promise }` once the
 * change is durable. `null` where nothing had to be changed.
 */
type Answer<R extends z.ZodType, Raw, Changes> = Raw extends string
  ? RawAnswer
  : Changes extends true
    ? z.output<R> & { readonly entry: AuditReceipt | null }
    : z.output<R>

/**
 * A route whose handler runs inside the gate: authenticated, decided on by policy, in the transaction that the gate
 * opened. The rule for all that is one transaction.
 *
 * `resource` says what the action is on, by id or name; the gate finds it and throws `resource_not_found` where there is
 * none (another tenant's is none). `facts` are told to the policies beside.
 * `readOnly` (default: true for GET): a permit is not recorded.
 */
export function defineRoute<
  Deps,
  R extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
  H extends z.ZodType = Nothing,
  const Changes extends boolean = false,
  const Raw extends string | undefined = undefined,
>(
  route: RouteShape<P, Q, B, H, R> & {
    readonly action: ActionName
    readonly changes?: Changes
    readonly produces?: Raw
    readonly readOnly?: boolean
    readonly resource: (input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>) => ResourceRef
    readonly facts?: (input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>) => AskedFacts
    readonly handle: (
      deps: Deps,
      ctx: RouteContext,
      input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>,
      tx: Tx,
      decision: PermitDecision,
    ) => Promise<Answer<R, Raw, Changes>>
  },
): Route<Deps> {
  const { readOnly = route.method === 'GET', changes = false, facts = () => ({}) } = route
  return { ...route, access: 'gated', readOnly, changes, facts } as unknown as Route<Deps>
}

/**
 * A route whose use case asks the gate itself, because it takes several transactions (issue, check a resource). It is
 * authenticated all the same; `action` is what the use case will ask for, and is documented.
 */
export function defineSelfGatedRoute<
  Deps,
  R extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
  H extends z.ZodType = Nothing,
  const Changes extends boolean = false,
  const Raw extends string | undefined = undefined,
>(
  route: RouteShape<P, Q, B, H, R> & {
    readonly action: ActionName
    readonly changes?: Changes
    readonly produces?: Raw
    readonly handle: (
      deps: Deps,
      ctx: RouteContext,
      input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>,
    ) => Promise<Answer<R, Raw, Changes>>
  },
): Route<Deps> {
  const { changes = false } = route
  return { ...route, access: 'self_gated', changes } as unknown as Route<Deps>
}

/** A route that anyone may call. `why` says for what reason that is safe. */
export function definePublicRoute<
  Deps,
  R extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
  H extends z.ZodType = Nothing,
  const Changes extends boolean = false,
  const Raw extends string | undefined = undefined,
>(
  route: RouteShape<P, Q, B, H, R> & {
    readonly why: string
    readonly changes?: Changes
    readonly produces?: Raw
    readonly tenantOf?: (input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>) => TenantId | undefined
    readonly handle: (
      deps: Deps,
      ctx: PublicContext,
      input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>,
    ) => Promise<Answer<R, Raw, Changes>>
  },
): Route<Deps> {
  const { changes = false } = route
  return { ...route, access: 'public', changes } as unknown as Route<Deps>
}

/**
 * Server-sent events. `admit` asks the gate, once, before the first event; `events` runs outside of any transaction. The
 * response schema is that of one event's `data`.
 */
export function defineEventRoute<
  Deps,
  R extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  H extends z.ZodType = Nothing,
>(
  route: Omit<RouteShape<P, Q, Nothing, H, R>, 'method' | 'body' | 'produces' | 'status'> & {
    readonly action: ActionName
    readonly admit: (
      deps: Deps,
      ctx: RouteContext,
      input: RouteInput<z.output<P>, z.output<Q>, Record<string, never>, z.output<H>>,
    ) => Promise<void>
    readonly events: (
      deps: Deps,
      ctx: RouteContext,
      input: RouteInput<z.output<P>, z.output<Q>, Record<string, never>, z.output<H>>,
    ) => AsyncIterable<RouteEvent<z.output<R>>>
  },
): Route<Deps> {
  return {
    ...route,
    access: 'events',
    method: 'GET',
    changes: false,
    produces: 'text/event-stream',
  } as unknown as Route<Deps>
}
