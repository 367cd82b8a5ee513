/**
 * A typed client of the API: every path, parameter and answer has the type that the OpenAPI document says.
 *
 * Promise: a refusal is thrown as a `ProblemError`, so an answer is always the answer of success. A redirect is refused:
 * a token goes only where it was meant to go.
 */
import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './api.gen.ts'
import { type Authorizer, bearerAuthorizer, sendAuthorized } from './authorizer.ts'
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
  const client = createClient<paths>({
    baseUrl,
    redirect: 'error',
    fetch: (request: Request) => sendRequest(options, request),
    ...(userAgent !== undefined && { headers: { 'user-agent': userAgent } }),
  })
  client.use({
    async onResponse({ response }) {
      if (!response.ok) throw await problemOf(response)
      return response
    },
  })
  return client
}

/**
 * Sends one request as the client of these options does.
 *
 * @throws ProblemError `server_unreachable`
 */
export async function sendRequest(options: MayflyClientOptions, request: Request): Promise<Response> {
  const { baseUrl, token, fetch = globalThis.fetch } = options
  const authorizer = options.authorizer ?? (token === undefined ? undefined : bearerAuthorizer(token))
  return sendAuthorized(authorizer, request, async (authorized) => {
    try {
      return await fetch(authorized)
    } catch (error) {
      // Whoever ended the request knows why.
      if (authorized.signal.aborted) throw error
      throw unreachable(baseUrl, error)
    }
  })
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
