/**
 * DPoP proofs of one client (RFC 9449): a key that never leaves the process, and the nonce that the server gave last.
 *
 * Promise: each proof is for one request and made once. A token that is bound to the key is worth nothing to whoever takes
 * the token alone.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'

export interface DpopRequest {
  readonly method: string
  readonly url: string
  /** The token that goes along; absent at the token endpoint. */
  readonly accessToken?: string
}

export interface Dpop {
  /** The value of the header `DPoP`. */
  proof(request: DpopRequest): string
  /**
   * Remembers the nonce that an answer brings (section 8.2).
   *
   * @returns true where the answer asks for the same request with that nonce
   */
  learnFrom(answer: Response): Promise<boolean>
}

export interface DpopOptions {
  /** A P-256 key; default a new one. */
  readonly privateKey?: KeyObject
  readonly now?: () => Date
}

export function makeDpop(options: DpopOptions = {}): Dpop {
  const { now = () => new Date(), privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey } = options
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
  let nonce: string | undefined

  return {
    proof({ method, url, accessToken }) {
      const claims = {
        jti: randomUUID(),
        htm: method,
        // Section 4.2: without query and fragment.
        htu: url.replace(/[?#].*$/, ''),
        iat: Math.floor(now().getTime() / 1000),
        ...(nonce === undefined ? {} : { nonce }),
        ...(accessToken === undefined
          ? {}
          : { ath: createHash('sha256').update(accessToken, 'latin1').digest('base64url') }),
      }
      const text = `${header}.${encode(claims)}`
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${text}.${signature.toString('base64url')}`
    },
    async learnFrom(answer) {
      const given = answer.headers.get('dpop-nonce')
      if (given === null) return false
      const before = nonce
      nonce = given
      return given !== before && (await asksForNonce(answer))
    },
  }
}

/** Section 8: at the token endpoint in the body. Section 9: elsewhere in the challenge. */
async function asksForNonce(answer: Response): Promise<boolean> {
  if (answer.status === 401) return /\berror="use_dpop_nonce"/.test(answer.headers.get('www-authenticate') ?? '')
  if (answer.status !== 400) return false
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined)
  return typeof body === 'object' && body !== null && 'error' in body && body.error === 'use_dpop_nonce'
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
