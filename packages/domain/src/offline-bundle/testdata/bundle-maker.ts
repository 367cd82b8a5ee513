/** Makes keys and bundles for tests, with Node's own cryptography. */
import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { encodeUtf8 } from '../../log/bytes.ts'
import type { JsonObject } from '../../log/canonical-json.ts'
import { formatVerifierKey, type NoteSigner, verifierKey, type VerifierKey } from '../../log/note.ts'
import { sha256, verifyEd25519 } from '../../log/testdata/node-crypto.ts'
import type { NewOfflineBundle } from '../sign-bundle.ts'

export const bundleCrypto = { sha256, verifyEd25519 }
export const origin = 'https://mayfly.a.example'
export const madeAt = new Date('2026-11-25T12:00:00.000Z')

export interface BundleKey {
  readonly key: VerifierKey
  readonly vkey: string
  readonly signer: NoteSigner
}

export function makeBundleKey(name = origin): BundleKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const key = verifierKey(sha256, name, Buffer.from(x, 'base64url'))
  return {
    key,
    vkey: formatVerifierKey(key),
    signer: { name, keyId: key.keyId, sign: (text) => sign(null, text, privateKey) },
  }
}

export const times = { made_at: madeAt.toISOString(), next_update: '2026-11-26T12:00:00.000Z' }

export function bundleOf(keys: readonly BundleKey[], more: Partial<NewOfflineBundle> = {}): NewOfflineBundle {
  return {
    origin,
    trustDomain: 'a.example',
    sequence: madeAt.getTime(),
    madeAt,
    keys: keys.map(({ vkey }) => vkey),
    sections: {},
    ...more,
  }
}

export interface TokenKey {
  readonly privateKey: KeyObject
  readonly jwk: JsonObject
}

export function makeTokenKey(kid: string, use?: string): TokenKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, jwk: { ...(publicKey.export({ format: 'jwk' }) as JsonObject), kid, ...(use && { use }) } }
}

export function signToken(header: object, claims: object | string, { privateKey }: TokenKey): string {
  const part = (value: object | string) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${sign('sha256', encodeUtf8(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** ES256 only: what the tests sign with. */
export function verifySignature(alg: string, jwk: JsonObject, signed: Uint8Array, signature: Uint8Array): boolean {
  if (alg !== 'ES256' || jwk['crv'] !== 'P-256') return false
  return verify('sha256', signed, { key: jwk as never, format: 'jwk', dsaEncoding: 'ieee-p1363' }, signature)
}
