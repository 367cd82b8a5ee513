/**
 * Status lists (draft-ietf-oauth-status-list section 8): public, since whoever verifies a token offline must read them, and
 * since they say nothing but which places of a list have ended.
 *
 * A copy between us and the verifier is at most `statusListTtlSeconds` old, and the verifier reads again after as long: an
 * end is known everywhere within twice that.
 */
import { isId, MayflyError, type StatusListId, type TenantId } from '@mayfly/domain'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { statusListTtlSeconds } from '../../application/proof/status-list-token.ts'
import type { OAuthDeps } from './grants/grant.ts'
import { OAuthError } from './oauth-error.ts'
import { refuseOtherMethods } from './refuse-other-methods.ts'

export const statusListMediaType = 'application/statuslist+jwt'
const cacheControl = `public, max-age=${statusListTtlSeconds}`

export function registerStatusLists(
  app: FastifyInstance,
  deps: OAuthDeps,
  prefix: string,
  tenantOf: (deps: OAuthDeps, request: FastifyRequest) => Promise<TenantId>,
): void {
  const one = `${prefix}/oauth/status-lists/:id`
  app.get(one, async (request, reply) => {
    const tenantId = await tenantOf(deps, request)
    const { id } = request.params as { readonly id: string }
    // Section 8.4: what a list was in former times is not kept.
    if (Object.hasOwn(request.query as object, 'time')) {
      throw new OAuthError('invalid_request', { status: 501, description: 'former states of a list are not kept' })
    }
    if (!accepts(request.headers.accept)) {
      throw new OAuthError('invalid_request', {
        status: 406,
        description: `a list comes as ${statusListMediaType} only`,
      })
    }
    const list = isId(id) ? await deps.statusLists.find(tenantId, id as StatusListId) : undefined
    if (list === undefined) throw new MayflyError('route_unknown')
    const etag = `"${list.tag}"`
    reply.headers({ 'cache-control': cacheControl, etag, vary: 'Accept', 'access-control-allow-origin': '*' })
    return request.headers['if-none-match'] === etag
      ? reply.status(304).send()
      : reply.type(statusListMediaType).send(list.token)
  })
  refuseOtherMethods(app, one, 'GET, HEAD')

  // Section 9.3.
  const all = `${prefix}/oauth/status-lists`
  app.get(all, async (request, reply) => {
    const uris = await deps.statusLists.listUris(await tenantOf(deps, request))
    reply.headers({ 'cache-control': cacheControl, 'access-control-allow-origin': '*' })
    return reply.type('application/json; charset=utf-8').send(JSON.stringify({ status_lists: uris }))
  })
  refuseOtherMethods(app, all, 'GET, HEAD')
}

const ranges: ReadonlySet<string> = new Set([statusListMediaType, 'application/*', '*/*'])

/** RFC 9110 section 12.5.1, as far as one type needs it. */
function accepts(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true
  return accept.split(',').some((part) => {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    return ranges.has(range) && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })
}
