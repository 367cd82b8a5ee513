/** Another site as files: its bundle keys, its token keys, its status list, and the bundles and tokens that it makes. */
import { createHash, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import {
  formatVerifierKey,
  type JsonObject,
  type NewOfflineBundle,
  type NoteSigner,
  signOfflineBundle,
  verifierKey,
} from '@mayfly/domain'
import { makeIssuerKey, signJwt } from '../proof/test-issuer.ts'

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest()

export interface SiteKey {
  readonly vkey: string
  readonly signer: NoteSigner
}

export interface BundleWish extends Partial<NewOfflineBundle> {
  /** Who signs; default the site's first key. */
  readonly by?: readonly SiteKey[]
  /** Entries of its status list that are revoked. */
  readonly revoked?: readonly number[]
}

export function makeSiteKey(origin: string): SiteKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = verifierKey(sha256, origin, Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'))
  return {
    vkey: formatVerifierKey(key),
    signer: { name: origin, keyId: key.keyId, sign: (text) => sign(null, text, privateKey) },
  }
}

export function makeOfflineSite(
  name = 'depot',
  { now = () => new Date(), origin = `https://mayfly.${name}.example` }: { now?: () => Date; origin?: string } = {},
) {
  const key = makeSiteKey(origin)
  const issuerKeys = [makeIssuerKey(`${name}-1`)]
  const statusUri = `${origin}/oauth/status-lists/1`
  let lastMs = 0

  /** One bit an entry (draft-ietf-oauth-status-list section 4.1). */
  function statusList(revoked: readonly number[], madeAt: Date): JsonObject {
    const bits = new Uint8Array(16)
    for (const index of revoked) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
    const seconds = Math.floor(madeAt.getTime() / 1000)
    const claims = {
      sub: statusUri,
      iat: seconds,
      exp: seconds + 30 * 86_400,
      status_list: { bits: 1, lst: deflateSync(bits).toString('base64url') },
    }
    const [first] = issuerKeys
    if (first === undefined) throw new Error('the site has no key')
    return {
      uri: statusUri,
      token: signJwt({ alg: 'ES256', typ: 'statuslist+jwt', kid: first.kid }, claims, first.privateKey),
    }
  }

  return {
    name,
    origin,
    key,
    vkey: key.vkey,
    /** What it publishes from the next bundle on. */
    issuerKeys,
    statusUri,
    /** A new bundle, later than any before. */
    bundle: async ({ by = [key], revoked = [], madeAt: at, ...more }: BundleWish = {}): Promise<string> => {
      lastMs = Math.max(lastMs + 1, now().getTime())
      const madeAt = at ?? new Date(lastMs)
      const times = {
        made_at: madeAt.toISOString(),
        next_update: new Date(madeAt.getTime() + 86_400_000).toISOString(),
      }
      const bundle: NewOfflineBundle = {
        origin,
        trustDomain: `${name}.example`,
        sequence: madeAt.getTime(),
        madeAt,
        keys: [key.vkey],
        sections: {
          jwks: { ...times, items: [{ issuer: origin, keys: issuerKeys.map((one) => one.publicJwk as JsonObject) }] },
          status_lists: { ...times, items: [statusList(revoked, madeAt)] },
        },
        ...more,
      }
      const file = await signOfflineBundle(
        sha256,
        bundle,
        by.map(({ signer }) => signer),
      )
      return Buffer.from(file).toString('utf8')
    },
    /** A token of the site for a workload, with an entry in its status list where one is named. */
    token: (claims: Record<string, unknown> = {}, statusIndex?: number): string => {
      const [first] = issuerKeys
      if (first === undefined) throw new Error('the site has no key')
      const seconds = Math.floor(now().getTime() / 1000)
      const all = {
        iss: origin,
        sub: `spiffe://${name}.example/orders-api`,
        aud: 'https://mayfly.here.example',
        iat: seconds,
        exp: seconds + 600,
        jti: randomUUID(),
        ...(statusIndex !== undefined && { status: { status_list: { idx: statusIndex, uri: statusUri } } }),
        ...claims,
      }
      return signJwt({ alg: 'ES256', typ: 'at+jwt', kid: first.kid }, all, first.privateKey)
    },
  }
}
export type OfflineSiteMaker = ReturnType<typeof makeOfflineSite>

export const bundleCrypto = {
  sha256,
  verifyEd25519: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
    const x = Buffer.from(publicKey).toString('base64url')
    return verify(null, message, { key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }, signature)
  },
}
