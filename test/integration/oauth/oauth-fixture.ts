/** A server with workloads that prove themselves by a key, a route that says who asks, and the tools of a DPoP client. */
import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type GenerateKeyPairResult, SignJWT } from 'jose'
import { z } from 'zod'
import { bindRoutes } from '../../../packages/server/src/surfaces/http/app.ts'
import { defineSelfGatedRoute } from '../../../packages/server/src/surfaces/http/define-route.ts'
import {
  assertionType,
  type OAuthAnswer,
  postForm,
  type ProofServer,
  type ProofServerOptions,
  registerBoundKeys,
  registerOidc,
  registerWorkload,
  startProofServer,
  type Workload,
} from '../proof/proof-server.ts'
import { startTestIssuer, type TestIssuer } from '../proof/test-issuer.ts'

export const subject = 'repo:acme/orders:ref:refs/heads/main'

const whoRoutes = [
  defineSelfGatedRoute({
    method: 'GET',
    path: '/v1/who',
    name: 'who',
    summary: 'says who asks',
    action: 'registry.read',
    response: z.object({ kind: z.string(), id: z.string() }),
    handle: async (_deps: object, { actor }) => ({
      kind: actor.kind,
      id: actor.kind === 'identity' ? actor.identityId : actor.kind === 'person' ? actor.personId : '',
    }),
  }),
]

export interface Client extends Workload {
  readonly key: GenerateKeyPairResult
}

export interface OAuthWorld extends AsyncDisposable {
  readonly server: ProofServer
  readonly issuer: TestIssuer
  /** Proves itself by its key, and by a token of the issuer. */
  readonly worker: Client
  /** May introspect. */
  readonly watcher: Client
}

export async function openOAuthWorld(options: ProofServerOptions = {}): Promise<OAuthWorld> {
  const server = await startProofServer({ routes: () => [bindRoutes({}, whoRoutes)], ...options })
  const issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  await registerBoundKeys(server)
  const worker = await addClient(server, 'nightly-report')
  const watcher = await addClient(server, 'resource-server')
  return {
    server,
    issuer,
    worker,
    watcher,
    async [Symbol.asyncDispose]() {
      await issuer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

export async function addClient(
  server: ProofServer,
  name: string,
  more: Partial<Parameters<typeof registerWorkload>[1]> = {},
): Promise<Client> {
  const key = await generateKeyPair('ES256', { extractable: true })
  const publicJwk = await exportJWK(key.publicKey)
  return { ...(await registerWorkload(server, { name, trustProvider: 'keys', publicJwk, ...more })), key }
}

/** The parameters of `private_key_jwt`, to be used once. */
export async function clientAssertion(server: ProofServer, client: Client, claims: object = {}) {
  const iat = Math.floor(server.clock.now().getTime() / 1000)
  const id = client.identityId
  const assertion = await new SignJWT({
    iss: id,
    sub: id,
    aud: server.url,
    iat,
    exp: iat + 60,
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(client.key.privateKey)
  return { client_assertion_type: assertionType, client_assertion: assertion }
}

export interface DpopKey extends GenerateKeyPairResult {
  readonly jkt: string
}

export async function makeDpopKey(alg = 'ES256'): Promise<DpopKey> {
  const pair = await generateKeyPair(alg, { extractable: true })
  return { ...pair, jkt: await calculateJwkThumbprint(await exportJWK(pair.publicKey)) }
}

export interface DpopFor {
  readonly method?: string
  readonly url: string
  readonly nonce?: string | undefined
  readonly token?: string
  readonly claims?: object
}

export async function dpopProof(server: ProofServer, key: DpopKey, about: DpopFor): Promise<string> {
  const claims = {
    jti: randomUUID(),
    htm: about.method ?? 'POST',
    htu: about.url,
    iat: Math.floor(server.clock.now().getTime() / 1000),
    ...(about.nonce === undefined ? {} : { nonce: about.nonce }),
    ...(about.token === undefined ? {} : { ath: createHash('sha256').update(about.token).digest('base64url') }),
    ...about.claims,
  }
  return new SignJWT(claims)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(key.publicKey) })
    .sign(key.privateKey)
}

/** A nonce, from the refusal that brings one. */
export async function askNonce(server: ProofServer, key: DpopKey): Promise<string> {
  const url = `${server.url}/oauth/token`
  const form = { grant_type: 'client_credentials' }
  const answer = await postForm(url, form, { dpop: await dpopProof(server, key, { url }) })
  return answer.headers.get('dpop-nonce') ?? ''
}

/** A token of the worker, bound to the key. */
export async function dpopToken({ server, worker }: OAuthWorld, key: DpopKey, client = worker): Promise<string> {
  const url = `${server.url}/oauth/token`
  const proof = await dpopProof(server, key, { url, nonce: await askNonce(server, key) })
  return tokenOf(await requestToken(server, client, { dpop: proof }))
}

export async function bearerToken(server: ProofServer, client: Client): Promise<string> {
  return tokenOf(await requestToken(server, client))
}

export async function requestToken(
  server: ProofServer,
  client: Client,
  headers: Record<string, string> = {},
  more: Record<string, string> = {},
): Promise<OAuthAnswer> {
  const form = { grant_type: 'client_credentials', ...(await clientAssertion(server, client)), ...more }
  return postForm(`${server.url}/oauth/token`, form, headers)
}

function tokenOf({ body }: OAuthAnswer): string {
  const { access_token: token } = body
  if (typeof token !== 'string') throw new Error(`no token: ${JSON.stringify(body)}`)
  return token
}

/** Asks who it is, as a resource server's client does. */
export async function askWho(server: { readonly url: string }, headers: Record<string, string>) {
  const response = await fetch(`${server.url}/v1/who`, { headers })
  const body = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body }
}
