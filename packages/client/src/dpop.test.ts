import { createHash, createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeDpop } from './dpop.ts'

const now = () => new Date('2026-11-22T12:00:00Z')

function read(proof: string) {
  const [header = '', claims = '', signature = ''] = proof.split('.')
  const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  const jwk = decoded(header)['jwk'] as JsonWebKey
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const signed = Buffer.from(`${header}.${claims}`)
  const good = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
  return { header: decoded(header), claims: decoded(claims), good }
}

test('a proof is for one request and one token, signed by the key that it brings, which is public only', () => {
  const dpop = makeDpop({ now })
  const url = 'https://mayfly.example.com/v1/owners'
  const one = read(dpop.proof({ method: 'GET', url: `${url}?cursor=a#b`, accessToken: 'a-token' }))
  expect(one.header).toEqual({
    typ: 'dpop+jwt',
    alg: 'ES256',
    jwk: { kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String) },
  })
  expect(one.claims).toEqual({
    jti: expect.any(String),
    htm: 'GET',
    htu: url,
    iat: now().getTime() / 1000,
    ath: createHash('sha256').update('a-token').digest('base64url'),
  })
  expect(one.good).toBe(true)
  const other = read(dpop.proof({ method: 'POST', url }))
  expect(other.claims).not.toHaveProperty('ath')
  expect(other.claims['jti']).not.toBe(one.claims['jti'])
  expect(other.header, 'one key for all').toEqual(one.header)
})

test('the last nonce goes along, and only a refusal for want of it asks for the request again', async () => {
  const dpop = makeDpop({ now })
  const answer = (status: number, body: object, headers: Record<string, string>) =>
    new Response(JSON.stringify(body), { status, headers })
  const nonce = () => read(dpop.proof({ method: 'GET', url: 'https://mayfly.example.com/' })).claims['nonce']
  expect(await dpop.learnFrom(answer(200, {}, {}))).toBe(false)
  expect(nonce()).toBeUndefined()
  expect(await dpop.learnFrom(answer(200, {}, { 'dpop-nonce': 'one' })), 'a success').toBe(false)
  expect(nonce()).toBe('one')
  const wanting = answer(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'two' })
  expect(await dpop.learnFrom(wanting)).toBe(true)
  expect(await wanting.json(), 'the answer can still be read').toEqual({ error: 'use_dpop_nonce' })
  const challenge = {
    'dpop-nonce': 'three',
    'www-authenticate': 'DPoP realm="x", error="use_dpop_nonce", algs="ES256"',
  }
  expect(await dpop.learnFrom(answer(401, {}, challenge))).toBe(true)
  expect(nonce()).toBe('three')
  expect(await dpop.learnFrom(answer(401, {}, challenge)), 'the same nonce again: it would not help').toBe(false)
  expect(await dpop.learnFrom(answer(400, { error: 'invalid_grant' }, { 'dpop-nonce': 'four' }))).toBe(false)
  expect(await dpop.learnFrom(new Response('x', { status: 400, headers: { 'dpop-nonce': 'five' } }))).toBe(false)
})
