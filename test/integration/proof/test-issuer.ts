/** An OIDC issuer on a port of its own, whose keys, answers and outages a test decides. */
import { generateKeyPairSync, type JsonWebKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface IssuerKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly publicJwk: JsonWebKey & { kid: string }
}

export interface TestIssuer extends AsyncDisposable {
  readonly url: string
  /** Published at once. */
  keys: IssuerKey[]
  /** What the key set answers with; default 200. */
  status: number
  /** Requests for the key set so far. */
  readonly fetches: () => number
  /** Paths asked for that are not this issuer's own. */
  readonly strangePaths: string[]
  /** Signs claims: good ones unless overridden; `undefined` leaves a claim out. */
  token(claims?: Record<string, unknown>, options?: { key?: IssuerKey; header?: Record<string, unknown> }): string
}

export function makeIssuerKey(kid: string, alg: 'RS256' | 'ES256' = 'ES256'): IssuerKey {
  const { privateKey, publicKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, alg, privateKey, publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg } }
}

export function encodePart(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** A signed JWT with whatever header and claims; claims may be JSON text, to say what no object can. */
export function signJwt(header: Record<string, unknown>, claims: unknown, key: KeyObject): string {
  const signedText = `${encodePart(header)}.${encodePart(claims)}`
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  const signature = sign(hash, Buffer.from(signedText), { key, dsaEncoding: 'ieee-p1363' })
  return `${signedText}.${signature.toString('base64url')}`
}

export async function startTestIssuer(options: { now: () => Date; audience?: string }): Promise<TestIssuer> {
  let fetches = 0
  const strangePaths: string[] = []
  const server = createServer((request, response) => {
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (request.url === '/.well-known/openid-configuration') {
      send(200, { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` })
    } else if (request.url === '/keys') {
      fetches += 1
      if (issuer.status === 302) response.writeHead(302, { location: `${issuer.url}/elsewhere` }).end()
      else send(issuer.status, { keys: issuer.keys.map((key) => key.publicJwk) })
    } else {
      strangePaths.push(request.url ?? '')
      send(200, { keys: issuer.keys.map((key) => key.publicJwk) })
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer: TestIssuer = {
    url,
    keys: [makeIssuerKey('first')],
    status: 200,
    fetches: () => fetches,
    strangePaths,
    token(claims = {}, { key = issuer.keys[0], header = {} } = {}) {
      if (key === undefined) throw new Error('the issuer has no key')
      const nowSeconds = Math.floor(options.now().getTime() / 1000)
      const all = {
        iss: url,
        sub: 'repo:acme/orders:ref:refs/heads/main',
        aud: options.audience ?? 'mayfly',
        iat: nowSeconds,
        exp: nowSeconds + 600,
        jti: randomUUID(),
        ...claims,
      }
      return signJwt({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header }, all, key.privateKey)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  return issuer
}
