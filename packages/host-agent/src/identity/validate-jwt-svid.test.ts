import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { snapshotOf } from './trust-bundles.ts'
import { validateJwtSvid } from './validate-jwt-svid.ts'

const nowMs = Date.parse('2026-11-22T11:00:00Z')
const audience = 'https://orders.example.com'
const keys = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  small: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  EdDSA: generateKeyPairSync('ed25519'),
}
const jwk = (kid: string, key: KeyObject, use = 'jwt-svid') => ({ ...key.export({ format: 'jwk' }), kid, use })
const snapshot = snapshotOf([
  {
    trustDomain: 'example.org',
    keys: [
      ...Object.entries(keys).map(([kid, { publicKey }]) => jwk(kid, publicKey)),
      jwk('other-use', keys.ES256.publicKey, 'x509-svid'),
      { kty: 'oct', kid: 'secret', use: 'jwt-svid', k: Buffer.from('secret').toString('base64url') },
    ],
    sequence: 1,
    refreshHintSeconds: undefined,
  },
  {
    trustDomain: 'partner.example',
    keys: [jwk('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
    sequence: 1,
    refreshHintSeconds: undefined,
  },
])

const goodClaims = { sub: 'spiffe://example.org/orders', aud: [audience], exp: nowMs / 1_000 + 60 }
const goodHeader = { alg: 'ES256', kid: 'ES256', typ: 'JWT' }

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function makeToken(header: object = goodHeader, claims: object = goodClaims, key = keys.ES256.privateKey): string {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${signature(text, (header as { alg?: string }).alg ?? '', key).toString('base64url')}`
}

function signature(text: string, alg: string, key: KeyObject): Buffer {
  const bytes = Buffer.from(text)
  if (alg.startsWith('HS')) return createHmac('sha256', 'secret').update(bytes).digest()
  if (key.asymmetricKeyType === 'ed25519') return sign(null, bytes, key)
  const hash = `sha${alg.slice(2) || '256'}`
  if (key.asymmetricKeyType === 'ec')
    return sign(/^sha\d{3}$/.test(hash) ? hash : 'sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return sign(hash, bytes, alg.startsWith('PS') ? pss : key)
}

const faultOf = (token: string, more: { audience?: string; nowMs?: number } = {}) => {
  const judged = validateJwtSvid(snapshot, { token, audience, nowMs, ...more })
  return 'fault' in judged ? judged.fault : undefined
}

test('a token that is as it should be gives its identity and claims', () => {
  expect(validateJwtSvid(snapshot, { token: makeToken(), audience, nowMs })).toEqual({
    spiffeId: goodClaims.sub,
    claims: goodClaims,
  })
})

test('[J1] only compact serialization is taken', () => {
  const [head = '', body = '', signed = ''] = makeToken().split('.')
  for (const token of [
    JSON.stringify({ payload: body, protected: head, signature: signed }),
    JSON.stringify({ payload: body, signatures: [{ protected: head, signature: signed }] }),
    `${head}.${body}`,
    `${head}.${body}.`,
    `${head}..${signed}`,
    `${head}.${body}.${signed}.`,
    `${head}.${body}.${signed}=`,
    ` ${head}.${body}.${signed}`,
    `${head}.${body}.${signed}\n`,
    '',
    'a'.repeat(20_000),
  ]) {
    expect(faultOf(token), token.slice(0, 40)).toBeDefined()
  }
  expect(faultOf(makeToken()), 'control').toBeUndefined()
})

test('[J2] no header but alg, kid and typ may be there', () => {
  for (const name of ['jku', 'jwk', 'x5c', 'x5t', 'x5u', 'crit', 'cty', 'b64', 'ALG']) {
    expect(faultOf(makeToken({ ...goodHeader, [name]: 'x' })), name).toContain(`a member \`${name}\``)
  }
  expect(faultOf(makeToken({ alg: 'ES256', kid: 'ES256' })), 'control: without typ').toBeUndefined()
})

describe('[J3] nine algorithms, each with a key of its own type', () => {
  test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])('%s is taken', (alg) => {
    expect(faultOf(makeToken({ ...goodHeader, alg, kid: 'RSA' }, goodClaims, keys.RSA.privateKey))).toBeUndefined()
  })
  test.each(['ES256', 'ES384', 'ES512'] as const)('%s is taken', (alg) => {
    expect(faultOf(makeToken({ ...goodHeader, alg, kid: alg }, goodClaims, keys[alg].privateKey))).toBeUndefined()
  })
  test.each([
    ['none', 'ES256', keys.ES256.privateKey],
    ['HS256', 'secret', keys.ES256.privateKey],
    ['HS256', 'RSA', keys.ES256.privateKey],
    ['EdDSA', 'EdDSA', keys.EdDSA.privateKey],
    ['es256', 'ES256', keys.ES256.privateKey],
    ['ES256K', 'ES256', keys.ES256.privateKey],
    ['constructor', 'ES256', keys.ES256.privateKey],
  ])('%s with the key %s is refused', (alg, kid, key) => {
    expect(faultOf(makeToken({ ...goodHeader, alg, kid }, goodClaims, key))).toContain('`alg`')
  })
  test('an algorithm that is not that of the key is refused, and a weak key too', () => {
    const wrong = [
      makeToken({ ...goodHeader, alg: 'ES384', kid: 'ES256' }, goodClaims, keys.ES256.privateKey),
      makeToken({ ...goodHeader, alg: 'RS256', kid: 'ES256' }, goodClaims, keys.RSA.privateKey),
      makeToken({ ...goodHeader, alg: 'RS256', kid: 'small' }, goodClaims, keys.small.privateKey),
      makeToken({ ...goodHeader, alg: 'ES256', kid: 'EdDSA' }, goodClaims, keys.EdDSA.privateKey),
    ]
    for (const token of wrong) expect(faultOf(token)).toBe('the signature does not verify')
  })
})

test('[J4] kid is needed, and typ is JWT or JOSE', () => {
  expect(faultOf(makeToken({ alg: 'ES256', typ: 'JWT' }))).toContain('`kid`')
  expect(faultOf(makeToken({ ...goodHeader, kid: '' }))).toContain('`kid`')
  expect(faultOf(makeToken({ ...goodHeader, kid: 7 }))).toContain('`kid`')
  for (const typ of ['at+jwt', 'jwt', 'wit+jwt', '', null])
    expect(faultOf(makeToken({ ...goodHeader, typ }))).toContain('`typ`')
  expect(faultOf(makeToken({ ...goodHeader, typ: 'JOSE' })), 'control').toBeUndefined()
})

test('[J5] sub is a SPIFFE ID of a workload; aud has the own value; exp is there and has not passed', () => {
  const { sub, aud, exp } = goodClaims
  for (const wrong of [
    undefined,
    '',
    'orders',
    'spiffe://example.org',
    'spiffe://Example.org/a',
    'spiffe://example.org/a/',
    7,
  ]) {
    expect(faultOf(makeToken(goodHeader, { sub: wrong, aud, exp })), String(wrong)).toContain('`sub`')
  }
  for (const wrong of [undefined, [], '', [''], [7], {}, null]) {
    expect(faultOf(makeToken(goodHeader, { sub, aud: wrong, exp })), JSON.stringify(wrong)).toContain('`aud`')
  }
  for (const wrong of ['https://other', [`${audience}/`], [audience.toUpperCase()]]) {
    expect(faultOf(makeToken(goodHeader, { sub, aud: wrong, exp }))).toContain('another audience')
  }
  expect(faultOf(makeToken(goodHeader, { sub, aud: audience, exp })), 'control: one as a text').toBeUndefined()
  expect(faultOf(makeToken(goodHeader, { sub, aud }))).toContain('`exp`')
  expect(faultOf(makeToken(goodHeader, { sub, aud, exp: String(exp) }))).toContain('`exp`')
  expect(faultOf(makeToken(), { nowMs: exp * 1_000 })).toContain('expired')
  expect(faultOf(makeToken(), { nowMs: exp * 1_000 - 1 }), 'control: a moment before').toBeUndefined()
  expect(faultOf(makeToken(goodHeader, { ...goodClaims, nbf: exp }))).toContain('not valid yet')
})

test('[J6] further claims are taken', () => {
  const claims = { ...goodClaims, iss: 'https://mayfly.example.com', jti: 'x', act: { sub: 'y' } }
  expect(validateJwtSvid(snapshot, { token: makeToken(goodHeader, claims), audience, nowMs })).toMatchObject({ claims })
  let deep: unknown = 1
  for (let at = 0; at < 100; at += 1) deep = [deep]
  expect(faultOf(makeToken(goodHeader, { ...goodClaims, deep })), 'but not without bounds').toBeDefined()
})

test('[J7] only keys for tokens of the trust domain of the subject count', () => {
  const foreign = { ...goodClaims, sub: 'spiffe://partner.example/orders' }
  expect(faultOf(makeToken(goodHeader, foreign))).toBe('the signature does not verify')
  expect(faultOf(makeToken(goodHeader, { ...goodClaims, sub: 'spiffe://unknown.example/a' }))).toContain('no key')
  expect(faultOf(makeToken({ ...goodHeader, kid: 'other-use' }))).toContain('no key')
  expect(faultOf(makeToken()), 'control').toBeUndefined()
})

test('a member that stands there twice is refused: another reader would take the other one', () => {
  const signText = (header: string, body: string) => {
    const text = `${Buffer.from(header).toString('base64url')}.${Buffer.from(body).toString('base64url')}`
    return `${text}.${signature(text, 'ES256', keys.ES256.privateKey).toString('base64url')}`
  }
  const [header, body] = [JSON.stringify(goodHeader), JSON.stringify(goodClaims)]
  expect(faultOf(signText(header, body)), 'control').toBeUndefined()
  const doubled = body.replace('{', '{"sub":"spiffe://example.org/another",')
  expect(faultOf(signText(header, doubled))).toBe('header and claims must be JSON objects')
  expect(faultOf(signText(header.replace('{', '{"kid":"other-use",'), body))).toBe(
    'header and claims must be JSON objects',
  )
})

test('a token that was touched is refused', () => {
  const [head = '', , signed = ''] = makeToken().split('.')
  expect(faultOf(`${head}.${encode({ ...goodClaims, sub: 'spiffe://example.org/admin' })}.${signed}`)).toContain(
    'signature',
  )
})
