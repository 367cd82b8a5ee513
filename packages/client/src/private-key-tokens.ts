/**
 * Access tokens for a workload that holds a private key: `private_key_jwt` (RFC 7523 section 2.2).
 *
 * Promise: each assertion is used once and lives a minute; a token is used again until half a minute before its end; two
 * callers at once share one request.
 */
import { createHash, createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { problemOf, ProblemError, unreachable } from './problem-error.ts'

export interface PrivateKeyTokensOptions {
  /** Origin of the server, as it calls itself: the audience of the proofs. */
  readonly baseUrl: string
  /** Id or name of the identity, or id of the person. */
  readonly clientId: string
  /** A P-256, Ed25519 or RSA key. */
  readonly privateKey: KeyObject
  readonly now?: () => Date
  readonly fetch?: typeof globalThis.fetch
}

const assertionLifeSeconds = 60
const spareMs = 30_000

/** @returns what gives a token: the `token` of `createMayflyClient` */
export function privateKeyTokens(options: PrivateKeyTokensOptions): () => Promise<string> {
  const { now = () => new Date() } = options
  let known: { readonly token: string; readonly expiresAtMs: number } | undefined
  let underWay: Promise<string> | undefined

  async function request(): Promise<string> {
    const startedAtMs = now().getTime()
    const { token, expiresInSeconds } = await requestToken(options, makeClientAssertion(options, now()))
    known = { token, expiresAtMs: startedAtMs + expiresInSeconds * 1000 }
    return token
  }

  return async () => {
    if (known !== undefined && known.expiresAtMs - now().getTime() > spareMs) return known.token
    underWay ??= request().finally(() => (underWay = undefined))
    return underWay
  }
}

/** A proof of possession for one token request: lives a minute, to be used once. */
export function makeClientAssertion(
  { baseUrl, clientId, privateKey }: Pick<PrivateKeyTokensOptions, 'baseUrl' | 'clientId' | 'privateKey'>,
  now: Date,
): string {
  const { alg, signature } = signerOf(privateKey)
  const issuedAt = Math.floor(now.getTime() / 1000)
  const header = { alg, kid: thumbprint(privateKey), typ: 'client-authentication+jwt' }
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: baseUrl,
    iat: issuedAt,
    exp: issuedAt + assertionLifeSeconds,
    jti: randomUUID(),
  }
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${signature(Buffer.from(text)).toString('base64url')}`
}

function signerOf(key: KeyObject): { alg: string; signature: (text: Buffer) => Buffer } {
  const type = key.asymmetricKeyType
  if (type === 'ec') {
    return { alg: 'ES256', signature: (text) => sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }) }
  }
  if (type === 'ed25519') return { alg: 'EdDSA', signature: (text) => sign(null, text, key) }
  if (type === 'rsa') return { alg: 'RS256', signature: (text) => sign('sha256', text, key) }
  throw new TypeError('the key must be a P-256, Ed25519 or RSA private key')
}

/** RFC 7638: the required members, in order of their names. */
function thumbprint(privateKey: KeyObject): string {
  const { kty, crv, x, y, n, e } = createPublicKey(privateKey).export({ format: 'jwk' })
  const members = kty === 'EC' ? { crv, kty, x, y } : kty === 'OKP' ? { crv, kty, x } : { e, kty, n }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

async function requestToken(
  { baseUrl, fetch = globalThis.fetch }: PrivateKeyTokensOptions,
  assertion: string,
): Promise<{ token: string; expiresInSeconds: number }> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
  const answer = await fetch(`${baseUrl}/oauth/token`, { method: 'POST', body: form, redirect: 'error' }).catch(
    (error: unknown) => {
      throw unreachable(baseUrl, error)
    },
  )
  if (!answer.ok) throw await refusalOf(answer)
  const body = (await answer.json()) as { readonly access_token?: unknown; readonly expires_in?: unknown }
  if (typeof body.access_token !== 'string' || typeof body.expires_in !== 'number') throw await problemOf(answer)
  return { token: body.access_token, expiresInSeconds: body.expires_in }
}

/** The token endpoint has the error format of RFC 6749 section 5.2. */
async function refusalOf(answer: Response): Promise<ProblemError> {
  const copy = answer.clone()
  const body = (await answer.json().catch(() => ({}))) as Readonly<Record<string, unknown>>
  if (typeof body['error'] !== 'string') return problemOf(copy)
  return new ProblemError({
    code: answer.status === 403 ? 'policy_denied' : answer.status >= 500 ? 'internal' : 'proof_rejected',
    status: answer.status,
    message: typeof body['error_description'] === 'string' ? body['error_description'] : body['error'],
    retry: answer.status >= 500 || answer.status === 429 ? 'later' : 'no',
  })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
