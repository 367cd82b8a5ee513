import { constants, createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jwkThumbprint } from '../../../adapters/keys/jwk.ts'
import { isJwtFault, readJwt } from '../../../adapters/trust-providers/jwt.ts'
import { openKeyCache } from '../key-cache.ts'
import { openDpopNonces } from './dpop-nonces.ts'
import { accessTokenHash, type DpopExpectations, judgeDpopProof } from './dpop-proof.ts'

const now = new Date('2026-11-22T12:00:00Z')
const seconds = now.getTime() / 1000
const url = 'https://server.example.com/oauth/token'
const judges = () => ({
  nonces: openDpopNonces([new Secret(randomBytes(32).toString('base64url'))]),
  keys: openKeyCache(10),
})
const expected: DpopExpectations = { now, method: 'POST', urls: [url], nonce: 'optional' }

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicJwk = pair.publicKey.export({ format: 'jwk' })
const goodHeader = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk }
const goodClaims = { jti: 'e1j3V_bKic8-LAEB', htm: 'POST', htu: url, iat: seconds }

function encode(part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

function make(header: object = {}, claims: object = {}, key: KeyObject = pair.privateKey): string {
  const { alg } = { ...goodHeader, ...header }
  const text = `${encode({ ...goodHeader, ...header })}.${encode({ ...goodClaims, ...claims })}`
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`
  const padding = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  const made = sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363', ...padding })
  return `${text}.${made.toString('base64url')}`
}

// RFC 9449, figure 2 (section 4.2).
const rfcProof =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg'

describe('the examples of RFC 9449', () => {
  const atThatTime = { ...expected, now: new Date(1562262618_000), urls: ['https://server.example.com/token'] }

  test('[RFC9449 4.2] its proof is good where and when it was made for, and its key has the thumbprint of section 6.1', () => {
    const judged = judgeDpopProof(judges(), rfcProof, atThatTime)
    expect(judged).toMatchObject({ outcome: 'accepted', jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' })
    expect(judgeDpopProof(judges(), rfcProof, { ...atThatTime, now }), 'control: not today').toMatchObject({
      detail: expect.stringContaining('`iat`'),
    })
  })

  test('[RFC9449 7.1] the hash of its access token is the `ath` of its proof', () => {
    const token = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
    expect(accessTokenHash(token)).toBe('fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo')
  })

  test('[RFC7638 3.1] a thumbprint is the one of its example', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    expect(jwkThumbprint({ kty: 'RSA', n, e: 'AQAB' })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })
})

test.each([
  ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['EdDSA', () => generateKeyPairSync('ed25519')],
  ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['PS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
] as const)('a proof signed with %s is good, and tells its key', (alg, makePair) => {
  const { privateKey, publicKey } = makePair()
  const jwk = publicKey.export({ format: 'jwk' })
  const judged = judgeDpopProof(judges(), make({ alg, jwk }, {}, privateKey), expected)
  expect(judged).toMatchObject({ outcome: 'accepted', jkt: jwkThumbprint(jwk) })
  expect(judgeDpopProof(judges(), make({ alg, jwk: publicJwk }, {}, privateKey), expected).outcome).toBe('rejected')
})

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const hmac = () => {
  const text = `${encode({ ...goodHeader, alg: 'HS256' })}.${encode(goodClaims)}`
  const pem = pair.publicKey.export({ format: 'pem', type: 'spki' })
  return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`
}

/** Each is a good proof but for what its name says. */
const hostile: readonly (readonly [name: string, about: string, proof: () => string])[] = [
  ['is no JWT', 'cannot be read', () => 'x'],
  ['is two, joined by a comma', 'cannot be read', () => `${make()}, ${make()}`],
  ['is unsigned', 'cannot be read', () => make().replace(/[^.]+$/, '')],
  ['says alg none', '`alg`', () => `${encode({ ...goodHeader, alg: 'none' })}.${encode(goodClaims)}.AA`],
  ['is an HMAC keyed with the public key', '`alg`', hmac],
  ['names an algorithm that is not taken', '`alg`', () => make({ alg: 'RS512' }, {}, rsa.privateKey)],
  ['has another type', '`typ`', () => make({ typ: 'JWT' })],
  ['has the type of an access token', '`typ`', () => make({ typ: 'at+jwt' })],
  ['has no type', '`typ`', () => make({ typ: undefined })],
  ['has no key', '`jwk`', () => make({ jwk: undefined })],
  ['brings a private key', 'private', () => make({ jwk: pair.privateKey.export({ format: 'jwk' }) })],
  ['brings a symmetric key', 'private', () => make({ jwk: { kty: 'oct', k: 'AAAA' } })],
  ['brings a key of another algorithm', '`jwk`', () => make({ jwk: rsa.publicKey.export({ format: 'jwk' }) })],
  ['brings another’s key', 'signature', () => make({ jwk: other.publicKey.export({ format: 'jwk' }) })],
  ['is signed by another key', 'signature', () => make({}, {}, other.privateKey)],
  ['has an extension to understand', 'cannot be read', () => make({ crit: ['b64'] })],
  ['has no jti', '`jti`', () => make({}, { jti: undefined })],
  ['has an empty jti', '`jti`', () => make({}, { jti: '' })],
  ['has a jti that is no text', '`jti`', () => make({}, { jti: 1 })],
  ['has a huge jti', '`jti`', () => make({}, { jti: 'x'.repeat(301) })],
  ['is for another method', '`htm`', () => make({}, { htm: 'GET' })],
  ['has the method in other case', '`htm`', () => make({}, { htm: 'post' })],
  ['has no method', '`htm`', () => make({}, { htm: undefined })],
  ['is for another endpoint', '`htu`', () => make({}, { htu: 'https://server.example.com/oauth/revoke' })],
  ['is for another server', '`htu`', () => make({}, { htu: 'https://evil.example/oauth/token' })],
  ['is for a list of addresses', '`htu`', () => make({}, { htu: [url] })],
  ['has no address', '`htu`', () => make({}, { htu: undefined })],
  ['is old', '`iat`', () => make({}, { iat: seconds - 61 })],
  ['is from ahead', '`iat`', () => make({}, { iat: seconds + 61 })],
  ['has no time', '`iat`', () => make({}, { iat: undefined })],
  ['has a time that is a text', '`iat`', () => make({}, { iat: String(seconds) })],
  ['has a nonce of nobody', 'nonce', () => make({}, { nonce: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA' })],
  ['has a nonce that is no text', 'nonce', () => make({}, { nonce: {} })],
  ['is huge', 'cannot be read', () => make({}, { padding: 'x'.repeat(9000) })],
]
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

test('[RFC9449 4.3] a proof that fails one check is refused, and told which', () => {
  for (const [name, about, proof] of hostile) {
    const judged = judgeDpopProof(judges(), proof(), expected)
    expect({ name, outcome: judged.outcome }).toEqual({ name, outcome: 'rejected' })
    expect({ name, ...judged }).toMatchObject({ detail: expect.stringContaining(about) })
  }
  expect(judgeDpopProof(judges(), make(), expected), 'control').toMatchObject({ outcome: 'accepted' })
})

test('[RFC9449 4.3] beside an access token, the proof must name that very token', () => {
  const accessToken = 'a-token'
  const ask = (claims: object) => judgeDpopProof(judges(), make({}, claims), { ...expected, accessToken })
  expect(ask({ ath: accessTokenHash(accessToken) }).outcome, 'control').toBe('accepted')
  for (const ath of [undefined, '', accessTokenHash('another'), accessTokenHash(accessToken).toLowerCase(), 1]) {
    expect(ask({ ath })).toMatchObject({ outcome: 'rejected', detail: expect.stringContaining('`ath`') })
  }
})

test('[RFC9449 8] a nonce is asked for where it is required, and one of ours is taken', () => {
  const ours = judges()
  const required: DpopExpectations = { ...expected, nonce: 'required' }
  expect(judgeDpopProof(ours, make(), required)).toMatchObject({ outcome: 'rejected', error: 'use_dpop_nonce' })
  const nonce = ours.nonces.make(now)
  expect(judgeDpopProof(ours, make({}, { nonce }), required)).toMatchObject({ outcome: 'accepted', wantsNonce: false })
  const old = ours.nonces.make(new Date(now.getTime() - 100_000))
  expect(judgeDpopProof(ours, make({}, { nonce: old }), required)).toMatchObject({ wantsNonce: true })
  const forged = judgeDpopProof(ours, make({}, {}, other.privateKey), required)
  expect(forged, 'who cannot sign is given none').toMatchObject({ error: 'invalid_dpop_proof' })
})

test('two proofs are one where key and jti are, and only there', () => {
  const digest = (proof: string) => {
    const judged = judgeDpopProof(judges(), proof, expected)
    return judged.outcome === 'accepted' ? judged.digest.toString('hex') : judged.detail
  }
  const mine = digest(make())
  expect(digest(make({}, { iat: seconds - 5 })), 'the same jti in another proof').toBe(mine)
  expect(digest(make({}, { jti: 'another' }))).not.toBe(mine)
  const theirs = make({ jwk: other.publicKey.export({ format: 'jwk' }) }, {}, other.privateKey)
  expect(digest(theirs), 'nobody uses up the jti of another').not.toBe(mine)
})

test('whatever comes as a proof is refused or read, and never breaks', () => {
  const ours = judges()
  const anything = fc.oneof(
    fc.string(),
    fc.tuple(fc.jsonValue(), fc.jsonValue(), fc.base64String()).map(([h, c, s]) => `${encode(h)}.${encode(c)}.${s}`),
    fc
      .record({ jwk: fc.jsonValue(), alg: fc.constantFrom('ES256', 'EdDSA', 'RS256'), typ: fc.constant('dpop+jwt') })
      .map((header) => make({ jwk: header.jwk })),
    fc
      .record({
        jti: fc.jsonValue(),
        htm: fc.jsonValue(),
        htu: fc.jsonValue(),
        iat: fc.jsonValue(),
        nonce: fc.jsonValue(),
      })
      .map((claims) => make({}, claims)),
  )
  fc.assert(
    fc.property(anything, (proof) => {
      expect(judgeDpopProof(ours, proof, expected).outcome).toBe('rejected')
    }),
  )
})

test('a byte changed anywhere ends a good proof', () => {
  const proof = make()
  const read = readJwt(proof)
  expect(isJwtFault(read), 'control').toBe(false)
  fc.assert(
    fc.property(fc.nat(proof.length - 1), fc.constantFrom('A', 'z', '0', '-', '.'), (at, character) => {
      // The last character of a part holds bits that count for nothing.
      const meaningless = [...proof.matchAll(/\.|$/g)].some((match) => match.index - 1 === at)
      if (proof[at] === character || meaningless) return
      const changed = proof.slice(0, at) + character + proof.slice(at + 1)
      expect(judgeDpopProof(judges(), changed, expected).outcome).toBe('rejected')
    }),
  )
})
