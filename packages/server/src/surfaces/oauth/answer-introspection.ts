/** The introspection endpoint (RFC 7662), and its signed answers (RFC 9701). */
import { MayflyError, type TenantId } from '@mayfly/domain'
import type { RequestContext } from '../../application/context.ts'
import { type Introspection, introspectIssuedToken, introspectToken } from '../../application/proof/introspect-token.ts'
import { findLiveIssuedToken } from '../../application/proof/issued-token.ts'
import { authenticateClient } from './authenticate-client.ts'
import { requireParameter } from './form.ts'
import type { Answer, Asked, OAuthDeps } from './grants/grant.ts'

const signedMediaType = 'application/token-introspection+jwt'

export async function answerIntrospection(deps: OAuthDeps, asked: Asked): Promise<Answer> {
  const { tenantId, request, form } = asked
  const token = requireParameter(form, 'token')
  const { actor, dpopNonce } = await authenticateClient(deps, asked)
  const ctx = { tenantId, actor, requestId: request.id, sourceAddress: request.ip }
  const question = { action: 'token.introspect', resource: { type: 'Tenant' }, readOnly: true } as const
  await deps.gate(ctx, question, async () => undefined)
  const introspection = await introspect(deps, ctx, token)
  if (!wantsSigned(request.headers.accept)) return { body: introspection, dpopNonce }
  const audience = actor.kind === 'identity' ? actor.identityId : actor.personId
  return { body: await signed(deps, tenantId, audience, introspection), mediaType: signedMediaType, dpopNonce }
}

/**
 * A token for another audience is told of to those who may know of its resource, and to others it is not active (RFC 7662
 * section 2.2).
 */
async function introspect(deps: OAuthDeps, ctx: RequestContext, token: string): Promise<Introspection> {
  const issued = await findLiveIssuedToken(deps, ctx.tenantId, token)
  if (issued === undefined) return introspectToken(deps, ctx.tenantId, token)
  const resource = { type: 'Resource', id: issued.state.resourceId } as const
  const question = { action: 'token.introspect', resource, readOnly: true } as const
  try {
    return await deps.gate(ctx, question, async () => introspectIssuedToken(issued))
  } catch (error) {
    if (error instanceof MayflyError && error.code === 'policy_denied') return { active: false }
    throw error
  }
}

function wantsSigned(accept: string | undefined): boolean {
  return accept?.split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === signedMediaType) === true
}

/**
 * RFC 9701 section 5: for the one who asked, and by its `typ` nothing else than an answer. It has no `sub` and no `exp` of
 * its own, so that nobody takes it for a token.
 */
async function signed(
  deps: OAuthDeps,
  tenantId: TenantId,
  audience: string,
  introspection: Introspection,
): Promise<string> {
  const signer = await deps.database.transaction(tenantId, (tx) => deps.keys.signer(tx, 'access_token'))
  const issuer = await deps.tenants.findIssuer(tenantId)
  if (issuer === undefined) throw new MayflyError('internal', { log: `tenant ${tenantId} has no name` })
  const header = { alg: signer.algorithm, typ: 'token-introspection+jwt', kid: signer.keyId }
  const iat = Math.floor(deps.clock.now().getTime() / 1000)
  const text = `${encode(header)}.${encode({ iss: issuer, aud: audience, iat, token_introspection: introspection })}`
  return `${text}.${Buffer.from(signer.sign(Buffer.from(text, 'latin1'))).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
