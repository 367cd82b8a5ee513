/** An OpenID provider that answers what a test tells it to, right or wrong. */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodePart, type IssuerKey, makeIssuerKey, signJwt } from '../proof/test-issuer.ts'

export interface Reply {
  readonly status?: number
  /** Sent as JSON, or as it is where it is a text. */
  readonly body?: unknown
  readonly location?: string
}

export interface HostileProvider extends AsyncDisposable {
  readonly issuer: string
  readonly key: IssuerKey
  /** What the discovery document says beside, or differently. */
  metadata: Record<string, unknown>
  token: (form: URLSearchParams) => Reply
  device: () => Reply
  userinfo: () => Reply
  /** Token requests so far. */
  readonly asked: URLSearchParams[]
  /** A right ID token of Grace, unless overridden; `undefined` leaves a claim out. */
  idToken(claims?: Record<string, unknown>, options?: { key?: IssuerKey; header?: Record<string, unknown> }): string
  /** Signed by HMAC, which no provider here may use. */
  hmacToken(secret: string | Buffer, claims?: Record<string, unknown>): string
}

export async function startHostileProvider(now: () => Date): Promise<HostileProvider> {
  const server = createServer((request, response) => {
    const send = ({ status = 200, body = {}, location }: Reply) => {
      response.writeHead(status, { 'content-type': 'application/json', ...(location !== undefined && { location }) })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    let sent = ''
    request.on('data', (part: Buffer) => (sent += part.toString()))
    request.on('end', () => {
      if (request.url === '/.well-known/openid-configuration') send({ body: { ...good(), ...provider.metadata } })
      else if (request.url === '/keys') send({ body: { keys: [provider.key.publicJwk] } })
      else if (request.url === '/token') {
        const form = new URLSearchParams(sent)
        provider.asked.push(form)
        send(provider.token(form))
      } else if (request.url === '/device') send(provider.device())
      else if (request.url === '/userinfo') send(provider.userinfo())
      else send({ status: 404 })
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const good = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    device_authorization_endpoint: `${issuer}/device`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/keys`,
    code_challenge_methods_supported: ['S256'],
  })
  const claimsOf = (claims: Record<string, unknown>) => {
    const nowSeconds = Math.floor(now().getTime() / 1000)
    return {
      iss: issuer,
      sub: 'grace',
      aud: 'mayfly',
      iat: nowSeconds,
      exp: nowSeconds + 300,
      name: 'Grace Hopper',
      email: 'grace@example.org',
      email_verified: true,
      groups: ['readers'],
      ...claims,
    }
  }
  const provider: HostileProvider = {
    issuer,
    key: makeIssuerKey('right'),
    metadata: {},
    token: () => ({ body: { id_token: provider.idToken() } }),
    device: () => ({
      body: {
        device_code: 'a-device-code',
        user_code: 'WDJB-MJHT',
        verification_uri: `${issuer}/device-page`,
        expires_in: 600,
        interval: 1,
      },
    }),
    userinfo: () => ({ status: 404 }),
    asked: [],
    idToken(claims = {}, { key = provider.key, header = {} } = {}) {
      return signJwt({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header }, claimsOf(claims), key.privateKey)
    },
    hmacToken(secret, claims = {}) {
      const signedText = `${encodePart({ alg: 'HS256', typ: 'JWT', kid: provider.key.kid })}.${encodePart(claimsOf(claims))}`
      return `${signedText}.${createHmac('sha256', secret).update(signedText).digest('base64url')}`
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  return provider
}
