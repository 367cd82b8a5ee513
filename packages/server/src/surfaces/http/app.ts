/**
 * The HTTP server.
 *
 * Promise: every route is closed unless it says why it is public; every request is bounded in time and size before it is
 * read; every refusal is a problem document; no answer may be stored by a cache unless its route says so.
 * Not here: what the routes do (one file per resource), OAuth's own error format (surfaces/oauth).
 */
import { constants } from 'node:crypto'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { MayflyError, newId } from '@mayfly/domain'
import {
  fastify,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify'
import type { Method, Route } from './define-route.ts'
import type { HttpDeps, HttpOptions } from './http-deps.ts'
import { parseJson } from './parse-json.ts'
import { asMayflyError, problemAnswer, problemMediaType } from './problem.ts'
import { makeRateLimit, type RateLimit } from './rate-limit.ts'
import { authenticateCaller, type Caller, rateLimited, runRoute } from './run-route.ts'
import { maxConnections, tlsSettings } from './tls-settings.ts'
import { traceRequest } from './trace-request.ts'

/** Of one part of a path. */
export const maxParamLength = 300
export const defaultBodyLimitBytes = 262_144
/** The time that a request may take to arrive in full: slow senders must not hold connections. */
const requestTimeoutMs = 30_000
const keepAliveTimeoutMs = 10_000

const knownMethods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const acceptableRequestId = /^[A-Za-z0-9._-]{8,64}$/

const safeHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** What all routes of one server share. */
interface Surface {
  readonly http: HttpDeps
  readonly callers: RateLimit
  readonly stopping: AbortSignal
}

/** The routes of one resource with what their handlers need. */
export interface BoundRoutes {
  readonly routes: readonly Route<never>[]
  readonly register: (scope: FastifyInstance, surface: Surface) => void
}

export function bindRoutes<Deps>(deps: Deps, routes: readonly Route<Deps>[]): BoundRoutes {
  return {
    routes,
    register: (scope, surface) => {
      for (const route of routes) registerRoute(scope, surface, deps, route)
    },
  }
}

/**
 * @param resources each is registered as a plug-in of its own
 * @param plugins surfaces that speak another protocol than ours, e.g. OAuth
 */
export async function buildHttp(
  deps: HttpDeps,
  resources: readonly BoundRoutes[],
  options: HttpOptions,
  plugins: readonly FastifyPluginAsync[] = [],
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: defaultBodyLimitBytes,
    routerOptions: { maxParamLength },
    requestTimeout: requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    // Ours, not the framework's: the header is believed only where it is well-formed.
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && acceptableRequestId.test(given) ? given : newId()
    },
    frameworkErrors: (error, request, reply) => {
      void sendProblem(deps, error, request, reply)
    },
    clientErrorHandler: refuseUnreadable,
    ...transportOf(options),
  }) as unknown as FastifyInstance
  boundServer(app.server)

  const refusals = makeRateLimit(options.refusalLimit)
  const headers = options.tls ? { ...safeHeaders, 'strict-transport-security': 'max-age=31536000' } : safeHeaders
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    reply.header('x-request-id', request.id)
    const waitSeconds = refusals.wait(request.ip, deps.clock.now().getTime())
    if (waitSeconds > 0) throw rateLimited(waitSeconds)
  })
  app.addHook('onResponse', async (request, reply) => report(deps, options, refusals, request, reply))
  app.setErrorHandler((error, request, reply) => sendProblem(deps, error, request, reply))
  app.setNotFoundHandler((request, reply) => sendProblem(deps, new MayflyError('route_unknown'), request, reply))

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, (body as Buffer).length === 0 ? undefined : parseJson(body as Buffer))
    } catch (error) {
      done(asMayflyError(error))
    }
  })

  const stopping = new AbortController()
  app.addHook('preClose', async () => stopping.abort(new Error('the server stops')))
  const surface: Surface = { http: deps, callers: makeRateLimit(options.callerLimit), stopping: stopping.signal }
  for (const plugin of plugins) await app.register(plugin)
  for (const resource of resources) {
    await app.register(async (scope) => resource.register(scope, surface))
  }
  const routes = resources.flatMap((resource) => resource.routes)
  registerOtherMethods(app, routes)
  return app
}

function registerRoute<Deps>(
  scope: FastifyInstance,
  { http, callers, stopping }: Surface,
  deps: Deps,
  route: Route<Deps>,
): void {
  const authenticated = new WeakMap<FastifyRequest, Caller>()
  scope.route({
    method: route.method,
    url: routerPath(route.path),
    ...(route.bodyLimitBytes !== undefined && { bodyLimit: route.bodyLimitBytes }),
    ...(route.access === 'events' && { exposeHeadRoute: false }),
    // Before the body is read: who may not ask may not make us read either.
    ...(route.access !== 'public' && {
      onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
        const { dpopNonce, ...caller } = await authenticateCaller(http, request, callers)
        if (dpopNonce !== undefined) reply.header('dpop-nonce', dpopNonce)
        authenticated.set(request, caller)
      },
    }),
    handler: (request, reply) => {
      const wildcard = /\{(\w+)\*\}$/.exec(route.path)?.[1]
      if (wildcard !== undefined) {
        const { '*': rest, ...params } = request.params as Record<string, string>
        request.params = { ...params, [wildcard]: rest }
      }
      const caller = authenticated.get(request)
      return traceRequest(request, reply, route, () =>
        runRoute({ http, deps, route, caller, stopping }, request, reply),
      )
    },
  })
}

/** `/v1/owners/{ref}` as the router writes it; `{name*}` at the end takes the rest of the path. */
export function routerPath(path: string): string {
  return path.replace(/\{\w+\*\}$/, '*').replaceAll(/\{(\w+)\}/g, ':$1')
}

/** A path that exists, asked in another way: 405 with `Allow` (RFC 9110 section 15.5.6); OPTIONS says what there is. */
function registerOtherMethods(app: FastifyInstance, routes: readonly { path: string; method: Method }[]): void {
  const paths = Map.groupBy(routes, (route) => routerPath(route.path))
  for (const [url, itsRoutes] of paths) {
    const methods = itsRoutes.map((route) => route.method)
    const taken = knownMethods.filter((method) => app.hasRoute({ method, url }))
    const allow = [...new Set<string>([...taken, ...methods, 'OPTIONS'])].join(', ')
    const others = knownMethods.filter((method) => !taken.includes(method))
    app.route({
      method: [...others],
      url,
      // In the hook, so that a body is not looked at.
      onRequest: async (request, reply) => {
        reply.header('allow', allow)
        if (request.method !== 'OPTIONS') throw new MayflyError('method_not_allowed', { hint: `it takes ${allow}` })
        await reply.status(204).send()
      },
      handler: async () => undefined,
    })
  }
}

function sendProblem(deps: HttpDeps, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asMayflyError(thrown)
  const problem = problemAnswer(error, request.id, request.headers.authorization)
  if (problem.status >= 500) {
    deps.logger.error({ request_id: request.id, code: error.code, err: error }, 'request failed')
  }
  return reply.status(problem.status).headers(problem.headers).type(problemMediaType).send(JSON.stringify(problem.body))
}

function report(
  deps: HttpDeps,
  options: HttpOptions,
  refusals: RateLimit,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = reply.statusCode
  // Only refused proofs count: guessing is slowed, work is not.
  if (status === 401) refusals.take(request.ip, deps.clock.now().getTime())
  const route = request.routeOptions.url ?? 'unknown'
  const durationSeconds = reply.elapsedTime / 1000
  options.onRequest?.({ method: request.method, route, status, durationSeconds })
  deps.logger.debug(
    { request_id: request.id, method: request.method, route, status, duration_ms: Math.round(reply.elapsedTime) },
    'request answered',
  )
}

/** Bounds that Fastify sets for the server that it made itself, and those that it does not know of. */
export function boundServer(server: Server): void {
  server.requestTimeout = requestTimeoutMs
  server.headersTimeout = 10_000
  server.keepAliveTimeout = keepAliveTimeoutMs
  server.maxHeadersCount = 100
  server.maxConnections = maxConnections
}

/** Node's own limit for all headers together. */
export const maxHeaderSizeBytes = 32_768

/** Beside those of every listener. A session that is resumed by ticket brings the client's certificate without its path. */
export const mutualTlsSettings = {
  requestCert: true,
  rejectUnauthorized: false,
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const

function transportOf(options: HttpOptions): object {
  const limits = { maxHeaderSize: maxHeaderSizeBytes }
  if (options.tls === undefined) return { http: limits }
  return {
    https: { ...limits, ...tlsSettings, ...options.tls, ...(options.mutualTls === true ? mutualTlsSettings : {}) },
  }
}

/** What is not HTTP at all never reaches a route. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed) return
  // No HTTP came to be, e.g. a TLS handshake that was not finished in time: an answer would wait for it for ever.
  if (!socket.writable || !/^(HPE|ERR_HTTP)_/.test(error.code ?? '')) {
    socket.destroy()
    return
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'request_too_large' : 'request_malformed'
  const problem = problemAnswer(new MayflyError(code, { publicDetail: 'the request is not readable as HTTP' }), newId())
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
  const body = JSON.stringify({ ...problem.body, status: Number(status.slice(0, 3)) })
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
