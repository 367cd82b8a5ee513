/** What both sides are asked: tokens of one issuer, for many workloads, under ten policies that all must be looked at. */
import { generateKeyPairSync, type JsonWebKey, type KeyObject, randomUUID, sign } from 'node:crypto'

export const issuer = 'https://issuer.example'
export const audience = 'mayfly-bench'
export const workloads = 100
export const keyId = 'bench'

export function subjectOf(workload: number): string {
  return `repo:acme/service-${workload}:ref:refs/heads/main`
}

export interface IssuerKey {
  readonly privateKey: KeyObject
  readonly publicJwk: JsonWebKey
}

export function makeIssuerKey(): IssuerKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, publicJwk: { ...publicKey.export({ format: 'jwk' }), kid: keyId, use: 'sig', alg: 'ES256' } }
}

/** Request bodies, signed beforehand: the signing is not what is measured. */
export function makeBodies({ privateKey }: IssuerKey, count: number): readonly string[] {
  const iat = Math.floor(Date.now() / 1000)
  const header = encode({ alg: 'ES256', typ: 'JWT', kid: keyId })
  return Array.from({ length: count }, (_, index) => {
    const claims = {
      iss: issuer,
      sub: subjectOf(index % workloads),
      aud: audience,
      iat,
      exp: iat + 600,
      jti: randomUUID(),
    }
    const signedText = `${header}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(signedText), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=${signedText}.${signature.toString('base64url')}`
  })
}

/** Proofs of possession (RFC 9449) for the same requests: a key for each workload, as in life. */
export function makeDpopProofs(url: string, nonce: string, count: number): readonly string[] {
  const iat = Math.floor(Date.now() / 1000)
  const keys = Array.from({ length: workloads }, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) })
    return { privateKey, header }
  })
  return Array.from({ length: count }, (_, index) => {
    const key = keys[index % workloads]
    if (key === undefined) throw new Error('there are no workloads')
    const claims = { jti: randomUUID(), htm: 'POST', htu: url, iat, nonce }
    const signedText = `${key.header}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(signedText), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
    return `${signedText}.${signature.toString('base64url')}`
  })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** One permits; nine forbid what never holds here. All are in scope, so none can be left out beforehand. */
export const policyText = [
  '@id("the-proven-get-tokens")\npermit (principal, action == Action::"token.issue", resource is TrustProvider);',
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map(
    (number) =>
      `@id("not-from-${number}")\nforbid (principal is Identity, action == Action::"token.issue", resource is TrustProvider)\nwhen { principal.kind == "device" && context.attestation.strength_rank < ${number} };`,
  ),
  // Whoever may change policies again, without which no version is activated.
  '@id("administrators-administrate")\npermit (principal is Person, action == Action::"policy.activate", resource);',
].join('\n\n')
