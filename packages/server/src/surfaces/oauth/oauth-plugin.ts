/**
 * The OAuth 2.0 surface: token endpoint (RFC 6749), metadata (RFC 8414), keys (RFC 7517), introspection (RFC 7662) and
 * revocation (RFC 7009). The default tenant at the root, every other under `/t/<name>` with an issuer of its own.
 *
 * Promise: answers about tokens are never stored by a cache; a parameter named twice is refused; nothing is learnt of
 * clients that do not exist.
 */
import { defaultTenantId, MayflyError, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { acceptProof, type GrantedToken } from '../../application/proof/accept-proof.ts'
import { introspectToken } from '../../application/proof/introspect-token.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import { revokeToken } from '../../application/proof/revoke-token.ts'
import type { HttpDeps } from '../http/http-deps.ts'
import { answerChallenge } from './answer-challenge.ts'
import { authenticateClient, grantedOr, proveClient } from './authenticate-client.ts'
import { type Form, parseForm, requireParameter } from './form.ts'
import { authorizationServerMetadata, jwtBearerGrant } from './metadata.ts'
import { asOAuthError, notAForm, OAuthError, sendOAuthError } from './oauth-error.ts'

export interface OAuthDeps extends ProofDeps {
  readonly gate: HttpDeps['gate']
}

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
      if (!(request.body instanceof Map)) throw notAForm
      const tenantId = await tenantOf(deps, request)
      return sendJson(reply, 'no-store', await answer({ tenantId, request, form: request.body as Form }))
    })

  post('/oauth/token', (asked) => answerToken(deps, asked))
  post('/oauth/challenge', ({ tenantId, form }) => answerChallenge(deps, tenantId, form))
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

interface Asked {
  readonly tenantId: TenantId
  readonly request: FastifyRequest
  readonly form: Form
}

async function answerToken(deps: OAuthDeps, asked: Asked): Promise<unknown> {
  const { tenantId, request, form } = asked
  const grantType = requireParameter(form, 'grant_type')
  if (form.has('scope')) {
    throw new OAuthError('invalid_scope', { description: 'there are no scopes; leave scope out' })
  }
  const issuer = await deps.tenants.findIssuer(tenantId)
  if (form.has('resource') && form.get('resource') !== issuer) {
    throw new OAuthError('invalid_target', { description: `access tokens are for ${issuer ?? ''} only` })
  }
  if (request.headers.authorization !== undefined) {
    throw new OAuthError('invalid_client', { description: 'clients have no password; use private_key_jwt' })
  }
  switch (grantType) {
    case 'client_credentials':
      return tokenAnswer(await proveClient(deps, tenantId, request, form))
    case jwtBearerGrant:
      return tokenAnswer(await acceptAssertion(deps, asked))
    default:
      throw new OAuthError('unsupported_grant_type', {
        description: `grant_type must be client_credentials or ${jwtBearerGrant}`,
      })
  }
}

async function acceptAssertion(deps: OAuthDeps, { tenantId, request, form }: Asked): Promise<GrantedToken> {
  if (form.has('client_assertion') || form.has('client_secret')) {
    throw new OAuthError('invalid_request', { description: 'the assertion is the proof; leave client_assertion out' })
  }
  const answer = await acceptProof(deps, {
    tenantId,
    form: 'assertion',
    token: new Secret(requireParameter(form, 'assertion')),
    clientId: form.get('client_id'),
    sourceAddress: request.ip,
    requestId: request.id,
  })
  return grantedOr('invalid_grant', answer)
}

function tokenAnswer(granted: GrantedToken) {
  return {
    access_token: granted.accessToken.reveal(),
    token_type: 'Bearer',
    expires_in: granted.expiresInSeconds,
    attestation_id: granted.attestationId,
    fresh_until: granted.freshUntil.toISOString(),
    ...(granted.generation === undefined ? {} : { generation: granted.generation }),
  }
}

async function answerIntrospection(deps: OAuthDeps, { tenantId, request, form }: Asked): Promise<unknown> {
  const actor = await authenticateClient(deps, tenantId, request, form)
  const token = requireParameter(form, 'token')
  const ctx = { tenantId, actor, requestId: request.id, sourceAddress: request.ip }
  const asked = { action: 'token.introspect', resource: { type: 'Tenant' }, readOnly: true } as const
  await deps.gate(ctx, asked, async () => undefined)
  return introspectToken(deps, tenantId, token)
}

async function answerRevocation(deps: OAuthDeps, { tenantId, request, form }: Asked): Promise<unknown> {
  const actor = await authenticateClient(deps, tenantId, request, form)
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
