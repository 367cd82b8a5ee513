/** People sign in: which providers there are, and a sign-in from its beginning to a session. */
import { defaultTenantId, MayflyError, personRoles, type PersonId, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import { finishSignIn, type Pending, type Session } from '../../application/proof/sign-in/finish-sign-in.ts'
import { startSignIn, type StartedSignIn } from '../../application/proof/sign-in/start-sign-in.ts'
import { signInSettings } from '../../adapters/trust-providers/sign-in/sign-in-settings.ts'
import { listTrustProviders } from '../../store/trust-provider-rows.ts'
import { definePublicRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import type { RateLimit } from './rate-limit.ts'
import { rateLimited } from './run-route.ts'
import { id, ref, timestamp } from './wire.ts'

export interface SignInDeps extends ProofDeps {
  readonly assertMayMint: HttpDeps['assertMayMint']
  /** How many sign-ins an address may begin: each makes the server ask the provider. */
  readonly signInLimit: RateLimit
}

const maxProviders = 50

const flow = z.enum(['device', 'code'])
const tenant = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'not the name of a tenant' })
  .optional()
  .meta({ description: 'Default: the tenant of everyone who asks for no other' })
const secretText = z.string().regex(/^[A-Za-z0-9_-]{43}$/, { error: 'not a secret of 43 characters' })

const started = z
  .object({
    sign_in_id: id(),
    starter_secret: z
      .string()
      .meta({ description: 'Finishing needs it. Keep it where it was begun: it is what makes the session yours' }),
    flow,
    expires_at: timestamp,
    expires_in: z.int().meta({ description: 'Seconds' }),
    authorization_url: z.string().nullable().meta({ description: 'Of flow `code`: where the browser goes' }),
    user_code: z.string().nullable().meta({ description: 'Of flow `device`: what the person enters' }),
    verification_uri: z.string().nullable().meta({ description: 'Of flow `device`: where' }),
    verification_uri_complete: z.string().nullable(),
    interval: z.int().nullable().meta({ description: 'Of flow `device`: seconds between two attempts to finish' }),
  })
  .meta({ id: 'SignIn', description: 'A sign-in that was begun' })

const session = z
  .object({
    session_id: id().meta({ description: 'The attestation; its end ends the session' }),
    access_token: z.string(),
    token_type: z.enum(['Bearer', 'DPoP']),
    expires_in: z.int().meta({ description: 'Seconds' }),
    expires_at: timestamp,
    person_id: id<PersonId>(),
    name: z.string(),
    email: z.string().nullable(),
    roles: z.array(z.enum(personRoles)).meta({ description: 'By hand and by groups' }),
    owners: z.array(z.string()).meta({ description: 'Which the person is in' }),
  })
  .meta({ id: 'SignedIn', description: 'A session; the token is shown this once' })

const finished = z
  .object({
    state: z.enum(['pending', 'signed_in']),
    interval: z.int().nullable().meta({ description: 'While pending: ask again after so many seconds' }),
    session: session.nullable(),
  })
  .meta({ id: 'SignInOutcome' })

const signInKeys = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).meta({ id: 'SignInKeys' })

export const signInRoutes: readonly Route<SignInDeps>[] = [
  definePublicRoute({
    method: 'GET',
    path: '/v1/sign-in-providers',
    name: 'listSignInProviders',
    summary: 'list where people can sign in',
    why: 'who signs in is not known yet; it tells names and flows, which the sign-in page shows anyway',
    query: z.strictObject({ tenant }),
    response: z.object({ items: z.array(z.object({ name: z.string(), flows: z.array(flow) })) }),
    handle: async (deps: SignInDeps, _ctx, { query }) => {
      const tenantId = await tenantOf(deps, query.tenant)
      const rows = await deps.database.transaction(tenantId, (tx) =>
        listTrustProviders(tx, { kind: 'sign_in', state: 'active' }, { limit: maxProviders }),
      )
      return { items: rows.map(({ name, settings }) => ({ name, flows: signInSettings.parse(settings).flows })) }
    },
  }),
  definePublicRoute({
    method: 'GET',
    path: '/v1/sign-in-keys',
    name: 'getSignInKeys',
    summary: 'read the keys with which this server proves itself at sign-in providers',
    why: 'a sign-in provider fetches them to check `private_key_jwt`; public halves only',
    query: z.strictObject({ tenant }),
    response: signInKeys,
    handle: async (deps: SignInDeps, _ctx, { query }) => {
      const keys = await deps.database.transaction(await tenantOf(deps, query.tenant), (tx) =>
        deps.keys.verificationKeys(tx, 'sign_in_client'),
      )
      return { keys: keys.map(({ keyId, publicJwk }) => ({ ...publicJwk, kid: keyId, alg: 'ES256', use: 'sig' })) }
    },
  }),
  definePublicRoute({
    method: 'POST',
    path: '/v1/sign-ins',
    name: 'startSignIn',
    summary: 'begin to sign in',
    description:
      'The server is the client of the provider: no token of the provider leaves it. Finish it at `/v1/sign-ins/{id}/complete`.',
    why: 'who signs in is not known yet; it gives nothing, and an address may do it a bounded number of times',
    body: z.strictObject({
      provider: ref.meta({ description: 'The name of a sign-in provider' }),
      flow,
      redirect_uri: z.string().min(1).max(2000).optional().meta({ description: 'Of flow `code`' }),
      dpop_jkt: secretText
        .optional()
        .meta({ description: 'The thumbprint (RFC 7638) of the key that the session will be bound to (RFC 9449)' }),
      tenant,
    }),
    response: started,
    status: 201,
    problems: ['resource_not_found', 'rate_limited', 'sign_in_provider_unavailable'],
    handle: async (deps: SignInDeps, ctx, { body }) => {
      const address = ctx.sourceAddress ?? ''
      const waitSeconds = deps.signInLimit.take(address, deps.clock.now().getTime())
      if (waitSeconds > 0) throw rateLimited(waitSeconds)
      const begun = await startSignIn(deps, {
        tenantId: await tenantOf(deps, body.tenant),
        provider: body.provider,
        flow: body.flow,
        redirectUri: body.redirect_uri,
        jkt: body.dpop_jkt,
        sourceAddress: ctx.sourceAddress,
      })
      return startedWire(begun, deps.clock.now())
    },
  }),
  definePublicRoute({
    method: 'POST',
    path: '/v1/sign-ins/{id}/complete',
    name: 'finishSignIn',
    summary: 'finish a sign-in, and get a session',
    description:
      'Of flow `device` ask again while it is pending, after `interval` seconds. Of flow `code` give what the provider sent back with the browser; it counts once.',
    why: 'it takes a secret that only whoever began the sign-in has, and what the provider says of the person',
    params: z.strictObject({ id: id() }),
    body: z.strictObject({
      starter_secret: secretText,
      code: z.string().min(1).max(4000).optional(),
      state: z.string().min(1).max(200).optional(),
      iss: z.string().min(1).max(2000).optional().meta({ description: 'Where the provider sent it (RFC 9207)' }),
      tenant,
    }),
    response: finished,
    problems: [
      'resource_not_found',
      'sign_in_refused',
      'policy_denied',
      'sign_in_provider_unavailable',
      'trust_bundle_unavailable',
    ],
    handle: async (deps: SignInDeps, ctx, { params, body }) => {
      deps.assertMayMint()
      const outcome = await finishSignIn(deps, {
        tenantId: await tenantOf(deps, body.tenant),
        signInId: params.id,
        starterSecret: new Secret(body.starter_secret),
        code: body.code === undefined ? undefined : new Secret(body.code),
        state: body.state,
        iss: body.iss,
        sourceAddress: ctx.sourceAddress,
        requestId: ctx.requestId,
      })
      return finishedWire(outcome)
    },
  }),
]

/** @throws MayflyError `resource_not_found` */
async function tenantOf(deps: ProofDeps, name: string | undefined): Promise<TenantId> {
  if (name === undefined) return defaultTenantId
  const tenantId = await deps.tenants.findIdByName(name)
  if (tenantId === undefined) throw new MayflyError('resource_not_found')
  return tenantId
}

function startedWire(begun: StartedSignIn, now: Date): z.output<typeof started> {
  const device = begun.flow === 'device' ? begun : undefined
  return {
    sign_in_id: begun.signInId,
    starter_secret: begun.starterSecret.reveal(),
    flow: begun.flow,
    expires_at: begun.expiresAt,
    expires_in: Math.floor((begun.expiresAt.getTime() - now.getTime()) / 1000),
    authorization_url: begun.flow === 'code' ? begun.authorizationUrl : null,
    user_code: device?.userCode ?? null,
    verification_uri: device?.verificationUri ?? null,
    verification_uri_complete: device?.verificationUriComplete ?? null,
    interval: device?.intervalSeconds ?? null,
  }
}

function finishedWire(outcome: Session | Pending): z.output<typeof finished> {
  if (outcome.outcome === 'pending') return { state: 'pending', interval: outcome.intervalSeconds, session: null }
  const { granted, boundToKey, person, party } = outcome
  return {
    state: 'signed_in',
    interval: null,
    session: {
      session_id: granted.attestationId,
      access_token: granted.accessToken.reveal(),
      token_type: boundToKey ? 'DPoP' : 'Bearer',
      expires_in: granted.expiresInSeconds,
      expires_at: granted.tokenExpiresAt,
      person_id: person.person_id,
      name: person.name,
      email: person.email,
      roles: [...party.roles],
      owners: [...new Set([...party.answersFor, ...party.memberOf])].toSorted(),
    },
  }
}
