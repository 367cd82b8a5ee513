/**
 * The OAuth 2.0 surface: token endpoint (RFC 6749), metadata (RFC 8414), keys (RFC 7517), introspection (RFC 7662) and
 * revocation (RFC 7009). The default tenant at the root, every other under `/t/<name>` with an issuer of its own.
 *
 * Promise: answers about tokens are never stored by a cache; a parameter named twice is refused; nothing is learnt of
 * clients that do not exist.
 */
import { defaultTenantId, MayflyError, type TenantId } from '@mayfly/domain'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { introspectToken } from '../../application/proof/introspect-token.ts'
import { revokeToken } from '../../application/proof/revoke-token.ts'
import { answerToken } from './answer-token.ts'
import { authenticateClient } from './authenticate-client.ts'
import { type Form, parseForm, requireParameter } from './form.ts'
import type { Asked, OAuthDeps } from './grants/grant.ts'
import { authorizationServerMetadata } from './metadata.ts'
import { asOAuthError, notAForm, sendOAuthError } from './oauth-error.ts'

const bodyLimitBytes = 65_536
const formMediaType = 'application/x-www-form-urlencoded'
/** Clients may keep keys that long, so a new key is published longer than that before it signs. */
const keysMaxAgeSeconds = 300

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
      return sendOAuthError(reply, error)
    })
    for (const prefix of ['', '/t/:tenant']) registerEndpoints(app, deps, prefix)
  }
}

function registerEndpoints(app: FastifyInstance, deps: OAuthDeps, prefix: string): void {
  const post = (path: string, answer: (asked: Asked) => Promise<unknown>) =>
    app.post(`${prefix}${path}`, { bodyLimit: bodyLimitBytes }, async (request, reply) => {
      if (request.body === undefined || request.body === null) throw notAForm
      const tenantId = await tenantOf(deps, request)
      return sendJson(reply, 'no-store', await answer({ tenantId, request, form: request.body as Form }))
    })

  post('/oauth/token', (asked) => answerToken(deps, asked))
  post('/oauth/introspect', (asked) => answerIntrospection(deps, asked))
  post('/oauth/revoke', (asked) => answerRevocation(deps, asked))

  app.get(`${prefix}/oauth/jwks`, async (request, reply) => {
    const keys = await deps.database.transaction(await tenantOf(deps, request), (tx) =>
      deps.keys.verificationKeys(tx, 'access_token'),
    )
    return sendJson(reply, `public, max-age=${keysMaxAgeSeconds}`, {
      keys: keys.map(({ keyId, publicJwk }) => ({ ...publicJwk, kid: keyId, alg: 'ES256', use: 'sig' })),
    })
  })
  // RFC 8414 section 3.1: the well-known part comes before the issuer's path.
  app.get(`/.well-known/oauth-authorization-server${prefix}`, async (request, reply) => {
    const issuer = await deps.tenants.findIssuer(await tenantOf(deps, request))
    if (issuer === undefined) throw new MayflyError('route_unknown')
    return sendJson(reply, `public, max-age=${keysMaxAgeSeconds}`, authorizationServerMetadata(issuer))
  })
}

async function answerIntrospection(deps: OAuthDeps, asked: Asked): Promise<unknown> {
  const { tenantId, request, form } = asked
  const actor = await authenticateClient(deps, asked)
  const token = requireParameter(form, 'token')
  const ctx = { tenantId, actor, requestId: request.id, sourceAddress: request.ip }
  const question = { action: 'token.introspect', resource: { type: 'Tenant' }, readOnly: true } as const
  await deps.gate(ctx, question, async () => undefined)
  return introspectToken(deps, tenantId, token)
}

async function answerRevocation(deps: OAuthDeps, asked: Asked): Promise<unknown> {
  const { tenantId, form } = asked
  const actor = await authenticateClient(deps, asked)
  await revokeToken(deps, tenantId, actor, requireParameter(form, 'token'))
  return {}
}

/** @throws MayflyError `route_unknown`: a tenant that does not exist has no endpoints */
async function tenantOf(deps: OAuthDeps, request: FastifyRequest): Promise<TenantId> {
  const { tenant } = request.params as { readonly tenant?: string }
  if (tenant === undefined) return defaultTenantId
  const tenantId = await deps.tenants.findIdByName(tenant)
  if (tenantId === undefined) throw new MayflyError('route_unknown')
  return tenantId
}

function sendJson(reply: FastifyReply, cacheControl: string, body: unknown): FastifyReply {
  return reply.header('cache-control', cacheControl).type('application/json; charset=utf-8').send(JSON.stringify(body))
}
