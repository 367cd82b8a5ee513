/**
 * Calls a route whose path is data. Only for commands that are made from a table: elsewhere the client's own types say
 * at compile time whether a request fits.
 */
import { answerOf, type MayflyClient } from '@mayfly/client'

export interface ApiCall {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

type UntypedCall = (
  method: string,
  path: string,
  init: { params: { path: ApiCall['path']; query: ApiCall['query'] }; body?: unknown },
) => Promise<{ data?: Record<string, unknown>; response: Response }>

/** @throws ProblemError */
export async function callApi(
  api: MayflyClient,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  { path: inPath, query, body }: ApiCall = {},
): Promise<Record<string, unknown>> {
  const call = api.request.bind(api) as unknown as UntypedCall
  return answerOf(
    call(method.toLowerCase(), path, { params: { path: inPath, query }, ...(body !== undefined && { body }) }),
  )
}
