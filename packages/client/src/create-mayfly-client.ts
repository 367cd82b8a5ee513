/**
 * A typed client of the API: every path, parameter and answer has the type that the OpenAPI document says.
 *
 * Promise: a refusal is thrown as a `ProblemError`, so an answer is always the answer of success. A redirect is refused:
 * a token goes only where it was meant to go.
 */
import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './api.gen.ts'
import { problemOf, unreachable } from './problem-error.ts'

export interface MayflyClientOptions {
  /** Origin of the server, e.g. `https://mayfly.example.com`. */
  readonly baseUrl: string
  /** Gives the access token for each request; absent for routes that need none. */
  readonly token?: () => Promise<string>
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch
  /** Sent as `User-Agent`; goes into no entry. */
  readonly userAgent?: string
}

export type MayflyClient = Client<paths>

export function createMayflyClient(options: MayflyClientOptions): MayflyClient {
  const { baseUrl, token, fetch = globalThis.fetch, userAgent } = options
  const client = createClient<paths>({
    baseUrl,
    redirect: 'error',
    fetch: async (request: Request) => {
      try {
        return await fetch(request)
      } catch (error) {
        // Whoever ended the request knows why.
        if (request.signal.aborted) throw error
        throw unreachable(baseUrl, error)
      }
    },
    ...(userAgent !== undefined && { headers: { 'user-agent': userAgent } }),
  })
  client.use({
    async onRequest({ request }) {
      if (token !== undefined) request.headers.set('authorization', `Bearer ${await token()}`)
      return request
    },
    async onResponse({ response }) {
      if (!response.ok) throw await problemOf(response)
      return response
    },
  })
  return client
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
