/**
 * Access tokens for a workload that holds a private key: `private_key_jwt` (RFC 7523 section 2.2).
 *
 * Promise: each assertion is used once and lives a minute; a token is used again until half a minute before its end; two
 * callers at once share one request.
 */
import { createHash, createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { type Authorizer, type BoundToken, dpopAuthorizer } from './authorizer.ts'
import { type Dpop, makeDpop } from './dpop.ts'
import { type CountedClaims, countedLogin } from './login/counted-key.ts'
import { problemOf, ProblemError, unreachable } from './problem-error.ts'

export interface PrivateKeyTokensOptions {
  /** Origin of the server, as it calls itself: the audience of the proofs. */
  readonly baseUrl: string
  /** Id or name of the identity, or id of the person. */
  readonly clientId: string
  /** A P-256, Ed25519 or RSA key. */
  readonly privateKey: KeyObject
  /**
   * For a key that counts its logins (`login: challenge`): where its count stands. Made at the first login; keep it with
   * the key, and one for each key.
   */
  readonly loginFile?: string
  readonly now?: () => Date
  readonly fetch?: typeof globalThis.fetch
}

const assertionLifeSeconds = 60
const spareMs = 30_000

/**
 * Tokens that are bound to a key of this process (RFC 9449), where the server's metadata says that it binds them; else
 * bearer tokens.
 *
 * @returns the `authorizer` of `createMayflyClient`
 */
export function privateKeyAuthorizer(options: PrivateKeyTokensOptions): Authorizer {
  const dpop = makeDpop({ ...(options.now !== undefined && { now: options.now }) })
  let offered: Promise<boolean> | undefined
  const tokens = reusedTokens(options, async (assertion) => {
    // Not remembered where it fails: the server may only not be there yet.
    offered ??= offersDpop(options).catch((error: unknown) => {
      offered = undefined
      throw error
    })
    return requestToken(options, assertion, (await offered) ? dpop : undefined)
  })
  return dpopAuthorizer(dpop, tokens)
}

/**
 * Bearer tokens, for whoever can send no more than a token. Whoever takes one can use it until its end: prefer
 * `privateKeyAuthorizer`.
 *
 * @returns the `token` of `createMayflyClient`
 */
export function privateKeyTokens(options: PrivateKeyTokensOptions): () => Promise<string> {
  const tokens = reusedTokens(options, (assertion) => requestToken(options, assertion))
  return async () => (await tokens()).accessToken
}

interface RequestedToken extends BoundToken {
  readonly expiresInSeconds: number
  /** Of a key that counts its logins: the number of this one. */
  readonly generation?: number | undefined
}

function reusedTokens(
  options: PrivateKeyTokensOptions,
  ask: (assertion: string) => Promise<RequestedToken>,
): () => Promise<BoundToken> {
  const { now = () => new Date() } = options
  let known: { readonly token: BoundToken; readonly expiresAtMs: number } | undefined
  let underWay: Promise<BoundToken> | undefined

  async function request(): Promise<BoundToken> {
    const startedAtMs = now().getTime()
    const { loginFile } = options
    const token =
      loginFile === undefined
        ? await ask(makeClientAssertion(options, now()))
        : await countedLogin(
            loginFile,
            () => readChallenge(options),
            (claims) => ask(makeClientAssertion(options, now(), claims)),
          )
    known = { token, expiresAtMs: startedAtMs + token.expiresInSeconds * 1000 }
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
  more: CountedClaims = {},
): string {
  const issuedAt = Math.floor(now.getTime() / 1000)
  return signCompactJwt(privateKey, 'client-authentication+jwt', {
    iss: clientId,
    sub: clientId,
    aud: baseUrl,
    iat: issuedAt,
    exp: issuedAt + assertionLifeSeconds,
    jti: randomUUID(),
    ...more,
  })
}

/** A JWT in compact form (RFC 7515), its key named by the thumbprint (RFC 7638). */
export function signCompactJwt(privateKey: KeyObject, typ: string, claims: object): string {
  const { alg, signature } = signerOf(privateKey)
  const header = { alg, kid: thumbprint(privateKey), typ }
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

/** After a path, which RFC 8414 section 5 tells of: a proxy that hands us what is below a path hands us this too. */
async function offersDpop({ baseUrl, fetch = globalThis.fetch }: PrivateKeyTokensOptions): Promise<boolean> {
  const answer = await fetch(`${baseUrl}/.well-known/oauth-authorization-server`, { redirect: 'error' }).catch(
    (error: unknown) => {
      throw unreachable(baseUrl, error)
    },
  )
  if (!answer.ok) throw await problemOf(answer)
  const { dpop_signing_alg_values_supported: algorithms } = (await answer.json()) as Readonly<Record<string, unknown>>
  return Array.isArray(algorithms) && algorithms.includes('ES256')
}

async function requestToken(
  { baseUrl, fetch = globalThis.fetch }: PrivateKeyTokensOptions,
  assertion: string,
  dpop?: Dpop,
): Promise<RequestedToken> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
  const url = `${baseUrl}/oauth/token`
  const post = () =>
    fetch(url, {
      method: 'POST',
      body: form,
      redirect: 'error',
      ...(dpop !== undefined && { headers: { dpop: dpop.proof({ method: 'POST', url }) } }),
    }).catch((error: unknown) => {
      throw unreachable(baseUrl, error)
    })
  let answer = await post()
  // The assertion was not looked at: it is still good.
  if (dpop !== undefined && (await dpop.learnFrom(answer))) answer = await post()
  if (!answer.ok) throw await refusalOf(answer)
  const body = (await answer.json()) as Readonly<Record<string, unknown>>
  const { access_token: accessToken, expires_in: expiresInSeconds, token_type: type } = body
  if (typeof accessToken !== 'string' || typeof expiresInSeconds !== 'number') throw await problemOf(answer)
  const tokenType = typeof type === 'string' && type.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer'
  const generation = typeof body['generation'] === 'number' ? body['generation'] : undefined
  return { accessToken, tokenType, expiresInSeconds, generation }
}

async function readChallenge({
  baseUrl,
  clientId,
  fetch = globalThis.fetch,
}: PrivateKeyTokensOptions): Promise<string> {
  const body = new URLSearchParams({ client_id: clientId })
  const answer = await fetch(`${baseUrl}/oauth/challenge`, { method: 'POST', body, redirect: 'error' }).catch(
    (error: unknown) => {
      throw unreachable(baseUrl, error)
    },
  )
  if (!answer.ok) throw await refusalOf(answer)
  const { challenge } = (await answer.clone().json()) as { readonly challenge?: unknown }
  if (typeof challenge !== 'string') throw await problemOf(answer)
  return challenge
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
