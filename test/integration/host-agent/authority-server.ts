/**
 * The server's side of the contract with the host agent, over real HTTP and with a real certificate authority: so that
 * what the agent does can be seen apart from what the server decides.
 */
import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { type CertificateAuthority, makeCertificateAuthority } from './certificate-authority.ts'

export interface Binding {
  readonly identity: string
  /** All of them must be said of the process. */
  readonly selectors: readonly string[]
}

export interface AuthoritySettings {
  freshSeconds: number
  x509TtlSeconds: number
  jwtTtlSeconds: number
}

interface Attestation {
  readonly id: string
  readonly binding: Binding
  readonly instance: string
  readonly freshUntilMs: number
  hasEnded: boolean
}

export interface AuthorityServer {
  readonly url: string
  /** That it listens on, also where it is reached by way of another. */
  readonly port: number
  readonly trustDomain: string
  readonly settings: AuthoritySettings
  readonly authority: () => CertificateAuthority
  readonly attestations: readonly Attestation[]
  readonly graceUses: readonly Readonly<Record<string, unknown>>[]
  /** Bodies of the attestation requests. */
  readonly asked: readonly { readonly selectors: readonly string[]; readonly instance: string }[]
  /** How often a route was asked. */
  count(route: string): number
  spiffeId(identity: string): string
  bind(binding: Binding): void
  /** The identity may do nothing any more. */
  suspend(identity: string): void
  /** Only what was vouched for ends; what fits may be vouched for again. */
  endAttestations(identity: string): void
  /** New keys; the old stay in the bundle. */
  rotate(): Promise<void>
  /** The old keys are not to be believed any more. */
  taint(): Promise<void>
  /** All are to be issued anew, by the same keys. */
  reissue(): void
  federate(other: CertificateAuthority): void
  /** The agent's own tokens and proofs are refused from now on. */
  disbelieveAgent(): void
  /** Nothing answers any more. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

interface Principal {
  readonly kind: 'agent' | 'identity'
  readonly name: string
}

export async function startAuthorityServer(
  agentKey: KeyObject,
  settings: Partial<AuthoritySettings> = {},
  /** What it calls itself, where it is reached by way of another. */
  publicUrl?: string,
): Promise<AuthorityServer> {
  const trustDomain = 'example.org'
  const current: AuthoritySettings = { freshSeconds: 3_600, x509TtlSeconds: 3_600, jwtTtlSeconds: 300, ...settings }
  let authority = await makeCertificateAuthority(trustDomain)
  let trusted = [authority]
  const federated: CertificateAuthority[] = []
  const bindings: Binding[] = []
  const attestations: Attestation[] = []
  const graceUses: Record<string, unknown>[] = []
  const asked: { selectors: string[]; instance: string }[] = []
  const counts = new Map<string, number>()
  const tokens = new Map<string, Principal>()
  const streams = new Set<ServerResponse>()
  let sequence = 1
  let isAgentBelieved = true
  let server: Server
  let sockets = new Set<Socket>()
  let port = 0

  const url = () => publicUrl ?? `http://127.0.0.1:${port}`
  const spiffeId = (identity: string) => `spiffe://${trustDomain}/production/service/${identity}`

  function tell(event: string, data: object): void {
    for (const stream of streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  function end(attestation: Attestation): void {
    if (attestation.hasEnded) return
    attestation.hasEnded = true
    tell('attestation_ended', { attestation_id: attestation.id })
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url())
    const route = `${request.method} ${pathname.replace(/[0-9a-f-]{36}/, '{id}')}`
    counts.set(route, (counts.get(route) ?? 0) + 1)
    const text = await readText(request)
    const send = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    const refuse = (status: number, code: string) =>
      send(status, { type: `urn:mayfly:problem:${code}`, code, status, title: code, retry: 'no' })

    if (route === 'GET /.well-known/oauth-authorization-server') return send(200, { issuer: url() })
    if (route === 'POST /oauth/token') return giveToken(new URLSearchParams(text), send)
    const principal = tokens.get((request.headers.authorization ?? '').replace('Bearer ', ''))
    if (principal === undefined || (principal.kind === 'agent' && !isAgentBelieved)) return refuse(401, 'token_invalid')
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, never>)
    const standing = () => {
      const found = attestations.find(({ id }) => id === body['attestation_id'])
      return found === undefined || found.hasEnded || found.freshUntilMs <= Date.now() ? undefined : found
    }
    switch (route) {
      case 'POST /v1/host/attestations': {
        const { selectors, instance } = body as unknown as { selectors: string[]; instance: string }
        asked.push({ selectors, instance })
        const fitting = bindings.filter((binding) => binding.selectors.every((one) => selectors.includes(one)))
        if (fitting.length === 0) return refuse(403, 'policy_denied')
        const made = fitting.map((binding): Attestation => {
          const freshUntilMs = Date.now() + current.freshSeconds * 1000
          return { id: randomUUID(), binding, instance, freshUntilMs, hasEnded: false }
        })
        attestations.push(...made)
        const items = made.map(({ id, binding: { identity }, freshUntilMs }) => ({
          attestation_id: id,
          identity_id: `id-of-${identity}`,
          identity,
          spiffe_id: spiffeId(identity),
          hint: identity,
          fresh_until: new Date(freshUntilMs).toISOString(),
        }))
        return send(201, { items })
      }
      case 'POST /v1/svids/x509': {
        const attestation = standing()
        if (attestation === undefined) return refuse(401, 'proof_rejected')
        const { identity } = attestation.binding
        const spki = Buffer.from(String(body['public_key']), 'base64')
        const { leaf, notBefore, notAfter } = authority.issue(spki, spiffeId(identity), current.x509TtlSeconds)
        return send(201, {
          spiffe_id: spiffeId(identity),
          certificates: [leaf.toString('base64')],
          not_before: notBefore.toISOString(),
          not_after: notAfter.toISOString(),
          hint: identity,
        })
      }
      case 'POST /v1/svids/jwt': {
        const attestation = standing()
        if (attestation === undefined) return refuse(401, 'proof_rejected')
        const { identity } = attestation.binding
        const aud = body['audiences'] as unknown as string[]
        const { token, issuedAt, expiresAt } = await authority.sign(
          { sub: spiffeId(identity), aud },
          current.jwtTtlSeconds,
        )
        return send(201, {
          spiffe_id: spiffeId(identity),
          token,
          issued_at: issuedAt.toISOString(),
          expires_at: expiresAt.toISOString(),
          hint: identity,
        })
      }
      case 'GET /v1/trust-bundles':
        return send(200, {
          trust_domain: trustDomain,
          items: [
            { trust_domain: trustDomain, bundle: bundleOf(trusted, sequence) },
            ...federated.map((other) => ({ trust_domain: other.trustDomain, bundle: bundleOf([other], 1) })),
          ],
        })
      case 'GET /v1/host/events': {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(': open\n\n')
        streams.add(response)
        const heartbeat = setInterval(() => response.write(': still here\n\n'), 1_000)
        response.on('close', () => {
          clearInterval(heartbeat)
          streams.delete(response)
        })
        const ids = (searchParams.get('attestations') ?? '').split(',')
        for (const { id } of attestations.filter((one) => one.hasEnded && ids.includes(one.id))) {
          response.write(`event: attestation_ended\ndata: ${JSON.stringify({ attestation_id: id })}\n\n`)
        }
        return
      }
      case 'POST /v1/host/grace-uses':
        graceUses.push(...(body['items'] as unknown as Record<string, unknown>[]))
        return send(201, {})
      case 'POST /v1/credentials': {
        if (principal.kind !== 'identity') return refuse(403, 'policy_denied')
        const end = new Date(Date.now() + current.jwtTtlSeconds * 1000).toISOString()
        return send(201, {
          credential_id: randomUUID(),
          role: body['role'],
          state: 'active',
          requested_at: new Date().toISOString(),
          expires_at: end,
          max_expires_at: new Date(Date.now() + dayMs).toISOString(),
          fields: { username: `user-of-${principal.name}`, password: randomUUID() },
        })
      }
      case 'POST /v1/revocations':
        return send(201, { revocation_id: randomUUID(), state: 'complete' })
      case 'GET /v1/revocations/{id}':
        return send(200, { revocation_id: pathname.split('/')[3], state: 'complete' })
      case 'POST /v1/credentials/{id}/renew':
        return send(200, {
          credential_id: pathname.split('/')[3],
          expires_at: new Date(Date.now() + current.jwtTtlSeconds * 1000).toISOString(),
        })
      default:
        return refuse(404, 'route_unknown')
    }
  }

  async function giveToken(form: URLSearchParams, send: (status: number, body: object) => void): Promise<void> {
    const assertion = form.get('client_assertion')
    let principal: Principal
    try {
      if (assertion === null) {
        const keys = createLocalJWKSet({ keys: trusted.map(({ jwtKey: { use: _use, ...key } }) => key) })
        const { payload } = await jwtVerify(form.get('assertion') ?? '', keys, { audience: url() })
        principal = { kind: 'identity', name: payload.sub?.split('/').at(-1) ?? '' }
      } else {
        const { payload } = await jwtVerify(assertion, createPublicKey(agentKey), { audience: url() })
        if (!isAgentBelieved) throw new Error('not believed')
        principal = { kind: 'agent', name: payload.sub ?? '' }
      }
    } catch {
      return send(401, { error: 'invalid_client', error_description: 'the proof was not accepted' })
    }
    const token = randomUUID()
    tokens.set(token, principal)
    const freshUntil = new Date(Date.now() + 3_600_000).toISOString()
    send(200, { access_token: token, expires_in: 300, attestation_id: randomUUID(), fresh_until: freshUntil })
  }

  async function listen(): Promise<void> {
    sockets = new Set()
    server = createServer((request, response) => {
      answer(request, response).catch((error: unknown) => {
        response.writeHead(500)
        response.end(String(error))
      })
    })
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }

  async function stop(): Promise<void> {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  await listen()
  return {
    get url() {
      return url()
    },
    get port() {
      return port
    },
    trustDomain,
    settings: current,
    authority: () => authority,
    attestations,
    graceUses,
    asked,
    count: (route) => counts.get(route) ?? 0,
    spiffeId,
    bind: (binding) => void bindings.push(binding),
    suspend(identity) {
      for (let at = bindings.length - 1; at >= 0; at -= 1)
        if (bindings[at]?.identity === identity) bindings.splice(at, 1)
      for (const one of attestations.filter(({ binding }) => binding.identity === identity)) end(one)
    },
    endAttestations(identity) {
      for (const one of attestations.filter(({ binding }) => binding.identity === identity)) end(one)
    },
    async rotate() {
      authority = await makeCertificateAuthority(trustDomain)
      trusted = [authority, ...trusted]
      sequence += 1
      tell('bundle_changed', { trust_domain: trustDomain, sequence })
    },
    async taint() {
      authority = await makeCertificateAuthority(trustDomain)
      trusted = [authority]
      sequence += 1
      tell('bundle_changed', { trust_domain: trustDomain, sequence })
      tell('reissue', { reason: 'ca_tainted' })
    },
    reissue: () => tell('reissue', { reason: 'asked' }),
    federate(other) {
      federated.push(other)
      tell('bundle_changed', { trust_domain: other.trustDomain, sequence: 1 })
    },
    disbelieveAgent() {
      isAgentBelieved = false
      for (const stream of streams) stream.end()
    },
    goAway: stop,
    comeBack: listen,
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await stop()
    },
  }
}

const dayMs = 86_400_000

function bundleOf(authorities: readonly CertificateAuthority[], sequence: number): object {
  return {
    keys: authorities.flatMap(({ certificate, jwtKey }) => {
      const { kty, crv, x, y } = createPublicKey({ key: certificatePem(certificate), format: 'pem' }).export({
        format: 'jwk',
      })
      return [{ kty, crv, x, y, use: 'x509-svid', x5c: [certificate.toString('base64')] }, jwtKey]
    }),
    spiffe_sequence: sequence,
    spiffe_refresh_hint: 300,
  }
}

function certificatePem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
