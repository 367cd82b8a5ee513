/** A server at which people sign in, with a clock that a test moves. */
import type { Change } from '../../../packages/server/src/application/registry/change.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { withAuthority } from '../../../packages/server/src/application/decision/with-authority.ts'
import { createProgressFeed } from '../../../packages/server/src/application/revocation/progress-feed.ts'
import { bindRoutes } from '../../../packages/server/src/surfaces/http/app.ts'
import { bindingRoutes } from '../../../packages/server/src/surfaces/http/bindings.ts'
import type { HttpDeps } from '../../../packages/server/src/surfaces/http/http-deps.ts'
import { makeRateLimit } from '../../../packages/server/src/surfaces/http/rate-limit.ts'
import { peopleRoutes } from '../../../packages/server/src/surfaces/http/people.ts'
import { revocationRoutes } from '../../../packages/server/src/surfaces/http/revocations.ts'
import { sessionRoutes } from '../../../packages/server/src/surfaces/http/sessions.ts'
import { signInRoutes } from '../../../packages/server/src/surfaces/http/sign-ins.ts'
import { type ProofServer, startProofServer } from '../proof/proof-server.ts'

export interface Answer {
  readonly status: number
  readonly json: Record<string, unknown>
  readonly text: string
}

export interface PeopleServer extends ProofServer {
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Answer>
  start(body: object): Promise<Record<string, unknown>>
  finish(started: Record<string, unknown>, more?: object): Promise<Answer>
}

export async function startPeopleServer(options: { readonly signInsPerMinute?: number } = {}): Promise<PeopleServer> {
  const { signInsPerMinute = 100_000 } = options
  const server = await startProofServer({
    routes: (deps) => {
      const gate: HttpDeps['gate'] = (ctx, request, work) => withAuthority(deps, ctx, request, work)
      const http = { ...deps, gate } as typeof deps & HttpDeps
      const registry = {
        ...http,
        providers: new Map(),
        trustDomain: 'example.org',
        maxIdentityLifetimeSeconds: 31_536_000,
      }
      const signIn = {
        ...deps,
        assertMayMint: () => undefined,
        signInLimit: makeRateLimit({ perSecond: signInsPerMinute / 60, burst: signInsPerMinute }),
      }
      return [
        bindRoutes(signIn, signInRoutes),
        bindRoutes(http, sessionRoutes),
        bindRoutes({ ...http, progress: createProgressFeed(deps.database) }, revocationRoutes),
        bindRoutes(registry, peopleRoutes),
        bindRoutes(registry, bindingRoutes),
      ]
    },
  })
  const ask = async (method: string, path: string, body?: unknown, token?: string): Promise<Answer> => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, text, json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
  }
  return {
    ...server,
    ask,
    async start(body) {
      const answer = await ask('POST', '/v1/sign-ins', body)
      if (answer.status !== 201) throw new Error(`a sign-in was not begun: ${answer.text}`)
      return answer.json
    },
    finish: (started, more = {}) =>
      ask('POST', `/v1/sign-ins/${String(started['sign_in_id'])}/complete`, {
        starter_secret: started['starter_secret'],
        ...more,
      }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export const rules = [
  { group: 'platform-admins', roles: ['administrator'] },
  { group: 'orders', owner: 'orders-team' },
  { group: 'readers', roles: ['auditor'] },
]

/** The owner `orders-team`, for whom Ada answers, and the sign-in provider `corp`. */
export async function registerCorp(
  server: Pick<ProofServer, 'change'>,
  issuer: string,
  settings: Record<string, unknown> = {},
  freshForSeconds?: number,
): Promise<void> {
  await server.change(async (change: Change) => {
    await registerPerson(change, { name: 'Ada', email: 'ada@example.org', roles: ['administrator'] })
    await registerOwner(change, { name: 'orders-team', contact: '#orders', primary: 'ada@example.org' })
    await registerTrustProvider(change, {
      name: 'corp',
      kind: 'sign_in',
      settings: {
        issuer,
        client_id: 'mayfly',
        scopes: ['openid', 'email', 'profile', 'groups'],
        rules,
        ...settings,
      },
      freshForSeconds,
    })
  })
}

export interface SignedIn {
  readonly access_token: string
  readonly session_id: string
  readonly person_id: string
  readonly [member: string]: unknown
}

export function sessionOf(answer: Answer): SignedIn {
  if (answer.status !== 200 || answer.json['state'] !== 'signed_in') throw new Error(`no session: ${answer.text}`)
  return answer.json['session'] as SignedIn
}
