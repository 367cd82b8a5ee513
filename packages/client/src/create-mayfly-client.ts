/**
 * A typed client of the API: every path, parameter and answer has the type that the OpenAPI document says.
 *
 * Promise: a refusal is thrown as a `ProblemError`, so an answer is always the answer of success. A redirect is refused:
 * a token goes only where it was meant to go.
 */
import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './api.gen.ts'
import { type Authorizer, authorized, bearerAuthorizer, sendAuthorized } from './authorizer.ts'
import { problemOf, unreachable } from './problem-error.ts'

export interface MayflyClientOptions {
  /** Origin of the server, e.g. `https://mayfly.example.com`. */
  readonly baseUrl: string
  /** Says for each request who sends it; absent for routes that anyone may ask. */
  readonly authorizer?: Authorizer
  /** In its place: gives a bearer token. */
  readonly token?: () => Promise<string>
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch
  /** Sent as `User-Agent`; goes into no entry. */
  readonly userAgent?: string
}

export type MayflyClient = Client<paths>

export function createMayflyClient(options: MayflyClientOptions): MayflyClient {
  const { baseUrl, userAgent } = options
  const authorizer = authorizerOf(options)
  // A body can be read once only, and some requests are made twice.
  const copies = new WeakMap<Request, Request>()
  const client = createClient<paths>({
    baseUrl,
    redirect: 'error',
    fetch: (request: Request) => send(options, request),
    ...(userAgent !== undefined && { headers: { 'user-agent': userAgent } }),
  })
  // Not within `fetch`: a call may bring its own.
  client.use({
    async onRequest({ request }) {
      if (authorizer === undefined) return request
      copies.set(request, request.clone())
      return authorized(authorizer, request)
    },
    async onResponse({ request, response, options: { fetch } }) {
      const copy = copies.get(request)
      const answer =
        authorizer !== undefined && copy !== undefined && (await authorizer.learnFrom(response))
          ? await fetch(await authorized(authorizer, copy))
          : response
      if (!answer.ok) throw await problemOf(answer)
      return answer
    },
  })
  return client
}

function authorizerOf({ authorizer, token }: MayflyClientOptions): Authorizer | undefined {
  return authorizer ?? (token === undefined ? undefined : bearerAuthorizer(token))
}

async function send(
  { baseUrl, fetch = globalThis.fetch }: MayflyClientOptions,
  request: Request,
  signal?: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(request, signal === undefined ? undefined : { signal })
  } catch (error) {
    // Whoever ended the request knows why.
    if (request.signal.aborted || signal?.aborted === true) throw error
    throw unreachable(baseUrl, error)
  }
}

/**
 * Sends one request as the client of these options does.
 *
 * @param signal ends it, and the reading of its answer. Not within the request: that holds its signal weakly, and loses it
 * in a garbage collection
 * @throws ProblemError `server_unreachable`
 */
export async function sendRequest(
  options: MayflyClientOptions,
  request: Request,
  signal?: AbortSignal,
): Promise<Response> {
  return sendAuthorized(authorizerOf(options), request, (authorized) => send(options, authorized, signal))
}

/**
 * The answer itself: `const owner = await answerOf(client.GET('/v1/owners/{ref}', …))`.
 *
 * @throws ProblemError
 */
export async function answerOf<T>(call: Promise<{ readonly data?: T; readonly response: Response }>): Promise<T> {
  const { data, response } = await call
  if (data === undefined) throw await problemOf(response)
  return data
}

/** All items of a list, page after page: `allItems((cursor) => client.GET('/v1/owners', { params: { query: { cursor } } }))`. */
export async function* allItems<T>(
  readPage: (cursor: string | undefined) => Promise<{
    readonly data?: { readonly items: readonly T[]; readonly next_cursor: string | null }
    readonly response: Response
  }>,
): AsyncGenerator<T> {
  let cursor: string | undefined
  do {
    const page = await answerOf(readPage(cursor))
    yield* page.items
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
}
