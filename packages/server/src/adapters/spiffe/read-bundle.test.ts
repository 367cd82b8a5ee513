import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import fc from 'fast-check'
import { encodeCertificate, svidAuthorityName, svidAuthorityTemplate } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../x509/sign-certificate.ts'
import { isBundleFault, openBundle, type ReadBundle, readBundle } from './read-bundle.ts'

function makeX509Key(change: { isCa?: boolean } = {}): Record<string, unknown> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const info = publicKeyInfoOf(publicKey)
  const keyId = keyIdOf(info)
  const now = Date.now()
  const template = svidAuthorityTemplate({
    trustDomain: 'example.org',
    publicKey: info,
    subjectKeyId: keyId,
    serialNumber: makeSerialNumber(),
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 3_600_000),
  })
  const issuer = { signer: x509SignerOfKey(privateKey), name: svidAuthorityName('example.org', keyId), keyId }
  const der = encodeCertificate(issuer, { ...template, basicConstraints: { isCa: change.isCa ?? true } })
  return { ...publicKey.export({ format: 'jwk' }), use: 'x509-svid', x5c: [Buffer.from(der).toString('base64')] }
}

function makeJwtKey(): Record<string, unknown> & JsonWebKey {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...publicKey.export({ format: 'jwk' }), use: 'jwt-svid', kid: 'one' }
}

function read(document: unknown): ReadBundle {
  const bundle = readBundle(JSON.stringify(document))
  if (isBundleFault(bundle)) throw new Error(bundle.fault)
  return bundle
}

function faultOf(text: string): string {
  const bundle = readBundle(text)
  return isBundleFault(bundle) ? bundle.fault : ''
}

test('[B1] a bundle is a key set: `keys` must be there, and may be empty, which says that everything is revoked', () => {
  expect(read({ keys: [] }).keys).toEqual([])
  expect(faultOf('{}')).toContain('`keys`')
  expect(faultOf('{"keys":null}')).toContain('`keys`')
  expect(faultOf('[]')).toContain('JSON object')
})

test('[B2] a key of an unknown or missing `use` or `kty` is passed over, and the others are taken', () => {
  const [x509, jwt] = [makeX509Key(), makeJwtKey()]
  const { kty: _kty, ...withoutType } = makeJwtKey()
  const { use: _use, ...withoutUse } = makeJwtKey()
  const bundle = read({
    keys: [
      x509,
      { ...makeJwtKey(), use: 'JWT-SVID' },
      { ...makeJwtKey(), use: 'wit-svid' },
      { ...makeJwtKey(), use: 'tomorrow' },
      withoutType,
      withoutUse,
      { ...makeJwtKey(), kty: 'oct' },
      'not a key',
      jwt,
    ],
  })
  expect(bundle.keys.map((key) => key['use'])).toEqual(['x509-svid', 'jwt-svid'])
  expect(bundle.passedOver).toBe(7)
})

test('[B3] an X.509 key has one certificate of an authority and no kid; a JWT key has a kid', () => {
  const good = makeX509Key()
  const [certificate] = good['x5c'] as string[]
  const { kid: _kid, ...withoutKid } = makeJwtKey()
  const bad = [
    { ...good, kid: 'one' },
    { ...good, x5c: [] },
    { ...good, x5c: undefined },
    { ...good, x5c: [certificate, certificate] },
    { ...good, x5c: ['not a certificate'] },
    makeX509Key({ isCa: false }),
    { ...makeX509Key(), x: good['x'], y: good['y'] },
    withoutKid,
    { ...makeJwtKey(), kid: '' },
    { ...makeJwtKey(), x: 'AAAA' },
  ]
  expect(read({ keys: [good, ...bad] })).toMatchObject({
    keys: [{ use: 'x509-svid', x5c: [certificate] }],
    passedOver: bad.length,
  })
})

test('[B4] sequence and refresh hint are whole numbers where they are there', () => {
  expect(read({ keys: [], spiffe_sequence: 7, spiffe_refresh_hint: 60 })).toMatchObject({
    sequence: 7,
    refreshHintSeconds: 60,
  })
  expect(read({ keys: [] })).toMatchObject({ sequence: undefined, refreshHintSeconds: undefined })
  for (const wrong of ['"7"', '1.5', '-1', '1e99', 'null']) {
    expect(faultOf(`{"keys":[],"spiffe_sequence":${wrong}}`), wrong).toContain('spiffe_sequence')
  }
})

test('[B5] no member stands twice: the text would have two readings', () => {
  expect(faultOf('{"keys":[],"keys":[]}')).toContain('twice')
  expect(faultOf('{"keys":[{"use":"jwt-svid","use":"x509-svid"}]}')).toContain('twice')
})

test('what is too large or too much is refused as a whole', () => {
  expect(faultOf(`{"keys":[${Array.from({ length: 201 }, () => '{}').join()}]}`)).toContain('more than 200')
  expect(faultOf(`{"keys":[],"more":"${'x'.repeat(1_100_000)}"}`)).toContain('larger')
})

test('members that are nobody’s business are left out, and what is left opens again', () => {
  const bundle = read({
    keys: [
      { ...makeX509Key(), x5u: 'https://evil.example', alg: 'ES256' },
      { ...makeJwtKey(), d: undefined },
    ],
  })
  expect(JSON.stringify(bundle.keys)).not.toContain('evil')
  const opened = openBundle(bundle.keys)
  expect(opened.authorities).toHaveLength(1)
  expect([...opened.jwtKeys.keys()]).toEqual(['one'])
})

test('a key set with a private half is not taken', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'jwt-svid', kid: 'one' }
  // The private member is not among those that are read: what is kept is the public half.
  expect(JSON.stringify(read({ keys: [key] }).keys)).not.toContain(String(key.d))
})

test('whatever a stranger sends, it is read or refused, and never more', () => {
  const key = fc.oneof(
    fc.jsonValue(),
    fc.record({
      kty: fc.constantFrom('EC', 'RSA', 'OKP', 'oct', ''),
      use: fc.constantFrom('x509-svid', 'jwt-svid', 'sig', ''),
      kid: fc.option(fc.string()),
      x5c: fc.array(fc.base64String()),
      x: fc.base64String(),
    }),
  )
  fc.assert(
    fc.property(fc.record({ keys: fc.array(key), spiffe_sequence: fc.option(fc.integer()) }), (document) => {
      const bundle = readBundle(JSON.stringify(document))
      const opened = isBundleFault(bundle) ? bundle : openBundle(bundle.keys)
      expect(opened).toBeTypeOf('object')
    }),
    { numRuns: 300 },
  )
  fc.assert(fc.property(fc.string(), (text) => void readBundle(text)))
})
