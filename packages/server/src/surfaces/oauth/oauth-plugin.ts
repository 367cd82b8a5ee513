/**
 * The OAuth 2.0 surface: token endpoint (RFC 6749), metadata (RFC 8414), keys (RFC 7517), introspection (RFC 7662) and
 * revocation (RFC 7009). The default tenant at the root, every other under `/t/<name>` with an issuer of its own.
 *
 * Promise: answers about tokens are never stored by a cache; a parameter named twice is refused; nothing is learnt of
 * clients that do not exist.
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { answerChallenge } from './answer-challenge.ts'
import { publishedKeys } from '../../adapters/keys/published-keys.ts'
import { getIssuer } from '../../application/proof/tenant-directory.ts'
import { tenantInPath } from '../http/tenant-in-path.ts'
import { answerIntrospection } from './answer-introspection.ts'
import { answerLogout } from './answer-logout.ts'
import { answerRevocation } from './answer-revocation.ts'
import { answerToken } from './answer-token.ts'
import { type Form, parseForm } from './form.ts'
import type { Answer, Asked, OAuthDeps } from './grants/grant.ts'
import { authorizationServerMetadata, openidConfiguration } from './metadata.ts'
import { asOAuthError, notAForm, sendOAuthError } from './oauth-error.ts'
import { refuseOtherMethods } from './refuse-other-methods.ts'
import { registerStatusLists } from './status-lists.ts'

const bodyLimitBytes = 65_536
const formMediaType = 'application/x-www-form-urlencoded'
const jsonMediaType = 'application/json; charset=utf-8'
/** Clients may keep keys that long, so a new key is published longer than that before it signs. */
const documentMaxAgeSeconds = 300

export function oauthPlugin(deps: OAuthDeps): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      formMediaType,
      { parseAs: 'string', bodyLimit: bodyLimitBytes },
      (_request, body, done) => {
        try {
          done(null, parseForm(body as string))
        } catch (error) {
          done(error as Error)
        }
      },
    )
    app.setErrorHandler((thrown, request, reply) => {
      const error = asOAuthError(thrown)
      if (error.code === 'server_error' || error.code === 'temporarily_unavailable') {
        deps.logger.error({ request_id: request.id, code: error.code, err: thrown }, 'request failed')
      }
      return sendOAuthError(request, reply, error)
    })
    for (const prefix of ['', '/t/:tenant']) registerEndpoints(app, deps, prefix)
  }
}

function registerEndpoints(app: FastifyInstance, deps: OAuthDeps, prefix: string): void {
  const post = (path: string, answer: (asked: Asked) => Promise<Answer>) => {
    app.post(`${prefix}${path}`, { bodyLimit: bodyLimitBytes }, async (request, reply) => {
      if (request.body === undefined || request.body === null) throw notAForm
      const tenantId = await tenantOf(deps, request)
      const { body, mediaType, dpopNonce } = await answer({ tenantId, request, form: request.body as Form })
      if (dpopNonce !== undefined) reply.header('dpop-nonce', dpopNonce)
      // RFC 6749 section 5.1.
      reply.header('cache-control', 'no-store')
      return typeof body === 'string' && mediaType !== undefined
        ? reply.type(mediaType).send(body)
        : reply.type(jsonMediaType).send(JSON.stringify(body))
    })
    refuseOtherMethods(app, `${prefix}${path}`, 'POST')
  }
  const get = (path: string, answer: (tenantId: TenantId) => Promise<unknown>) => {
    app.get(path, async (request, reply) =>
      sendJson(reply, `public, max-age=${documentMaxAgeSeconds}`, await answer(await tenantOf(deps, request))),
    )
    refuseOtherMethods(app, path, 'GET, HEAD')
  }
  const metadata = async (tenantId: TenantId) => {
    const issuer = await deps.tenants.findIssuer(tenantId)
    if (issuer === undefined) throw new MayflyError('route_unknown')
    return authorizationServerMetadata(issuer, await mutualTlsUrlOf(deps, tenantId))
  }

  post('/oauth/token', (asked) => answerToken(deps, asked))
  post('/oauth/challenge', (asked) => answerChallenge(deps, asked))
  post('/oauth/introspect', (asked) => answerIntrospection(deps, asked))
  post('/oauth/revoke', (asked) => answerRevocation(deps, asked))
  post('/oauth/back-channel-logout/:provider', (asked) => answerLogout(deps, asked))
  get(`${prefix}/oauth/jwks`, async (tenantId) => {
    return { keys: await deps.database.transaction(tenantId, (tx) => publishedKeys(deps.keys, tx)) }
  })
  registerStatusLists(app, deps, prefix, tenantOf)
  get(`${prefix}/.well-known/openid-configuration`, async (tenantId) =>
    openidConfiguration(await getIssuer(deps.tenants, tenantId), await mutualTlsUrlOf(deps, tenantId)),
  )
  // RFC 8414 section 3.1: the well-known part comes before the issuer's path.
  get(`/.well-known/oauth-authorization-server${prefix}`, metadata)
  // Section 5 tells of clients that look after it, as OpenID Connect does.
  if (prefix !== '') get(`${prefix}/.well-known/oauth-authorization-server`, metadata)
}

/** No proxy can come between a client and its certificate, so the path that one puts before ours is not in it. */
async function mutualTlsUrlOf(deps: OAuthDeps, tenantId: TenantId): Promise<string | undefined> {
  const url = deps.mutualTlsUrl()
  return url === undefined ? undefined : `${url}${(await deps.tenants.findPath(tenantId)) ?? ''}`
}

async function tenantOf(deps: OAuthDeps, request: FastifyRequest): Promise<TenantId> {
  return tenantInPath(deps.tenants, (request.params as { readonly tenant?: string }).tenant)
}

function sendJson(reply: FastifyReply, cacheControl: string, body: unknown): FastifyReply {
  return reply.header('cache-control', cacheControl).type(jsonMediaType).send(JSON.stringify(body))
}
