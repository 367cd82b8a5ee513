/**
 * Mayfly's API as the demo calls it: plain HTTP, and tokens that are proven for, never stored. A person signs with a
 * bound key; a workload shows a token of its platform.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

export interface Refusal {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly hint?: string
  readonly reasons?: readonly { readonly code: string; readonly detail: string }[]
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(`${refusal.code}: ${refusal.detail ?? refusal.title}`)
    this.refusal = refusal
  }
}

export interface Caller {
  /** @throws Refused */
  call<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<T>
  bytes(path: string): Promise<Uint8Array | undefined>
}

export function callerWith(baseUrl: string, token: () => Promise<string>): Caller {
  const send = async (method: string, path: string, body?: object) =>
    fetch(new URL(path, baseUrl), {
      method,
      headers: {
        authorization: `Bearer ${await token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return {
    async call<T>(method: string, path: string, body?: object) {
      const response = await send(method, path, body)
      const answer: unknown = await response.json()
      if (!response.ok) throw new Refused({ ...(answer as Refusal), status: response.status })
      return answer as T
    },
    async bytes(path) {
      const response = await send('GET', path)
      if (response.status === 404) return undefined
      if (!response.ok) throw new Refused({ ...((await response.json()) as Refusal), status: response.status })
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}

export interface BoundKey {
  readonly publicJwk: JWK
  /** For a key file that the command line can use. */
  exportPrivateJwk(): Promise<JWK>
  /** An access token by private_key_jwt (RFC 7523), kept while it lives. */
  tokenFor(clientId: string): () => Promise<string>
}

export async function makeBoundKey(issuer: string): Promise<BoundKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const publicJwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(publicJwk)
  return {
    publicJwk,
    exportPrivateJwk: async () => ({ ...(await exportJWK(privateKey)), kid, alg: 'ES256' }),
    tokenFor: (clientId) =>
      keptWhileItLives(async () => {
        const assertion = await new SignJWT()
          .setProtectedHeader({ alg: 'ES256', kid })
          .setIssuer(clientId)
          .setSubject(clientId)
          .setAudience(issuer)
          .setJti(crypto.randomUUID())
          .setIssuedAt()
          .setExpirationTime('1m')
          .sign(privateKey)
        return requestToken(issuer, {
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        })
      }),
  }
}

export interface AccessToken {
  readonly access_token: string
  readonly expires_in: number
}

/** @throws Refused with the OAuth error */
export async function requestToken(issuer: string, form: Record<string, string>): Promise<AccessToken> {
  const response = await fetch(new URL('/oauth/token', issuer), { method: 'POST', body: new URLSearchParams(form) })
  const answer = (await response.json()) as AccessToken & { error?: string; error_description?: string }
  if (response.ok) return answer
  throw new Refused({
    code: answer.error ?? 'unknown',
    status: response.status,
    title: answer.error ?? 'the token endpoint refused',
    ...(answer.error_description === undefined ? {} : { detail: answer.error_description }),
  })
}

function keptWhileItLives(request: () => Promise<AccessToken>): () => Promise<string> {
  let kept: { token: string; untilMs: number } | undefined
  return async () => {
    if (kept === undefined || kept.untilMs < Date.now()) {
      const { access_token: token, expires_in: seconds } = await request()
      kept = { token, untilMs: Date.now() + (seconds - 30) * 1000 }
    }
    return kept.token
  }
}
