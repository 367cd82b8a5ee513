import {
  derNull,
  encodeCertificate,
  encodeExtension,
  encodeSignatureAlgorithm,
  isX509Fault,
  oid,
  parseCertificate,
  prepareSvidIssuer,
  svidAuthorityTemplate,
} from '@mayfly/domain'
import { expect, test } from 'vitest'
import { keyIdOf } from '@mayfly/provider-kit'
import { makeSerialNumber } from './sign-certificate.ts'
import {
  makeAuthority,
  makeKey,
  makeLeaf,
  type Shape,
  type TestCertificate,
  testNow,
} from './testdata/make-certificate.ts'
import { type VerifySvidInput, verifyX509Svid } from './verify-x509-svid.ts'

const root = makeAuthority({ name: 'root', names: { uri: ['spiffe://example.org'] } })
const otherRoot = makeAuthority({ name: 'other', names: { uri: ['spiffe://example.net'] } })
const bundles: Readonly<Record<string, readonly TestCertificate[]>> = {
  'example.org': [root],
  'example.net': [otherRoot],
}
const id = 'spiffe://example.org/production/service/orders'

function outcome(certificates: readonly TestCertificate[], change: Partial<VerifySvidInput> = {}): string {
  const verified = verifyX509Svid({
    certificates: certificates.map(({ der }) => der),
    bundleOf: (trustDomain) => bundles[trustDomain]?.map(({ certificate }) => certificate),
    at: testNow,
    purpose: 'clientAuth',
    ...change,
  })
  return verified.outcome === 'valid'
    ? `spiffe://${verified.spiffeId.trustDomain}${verified.spiffeId.path}`
    : verified.reason
}

function svid(change: Partial<Shape> = {}): TestCertificate {
  return makeLeaf({ name: null, issuer: root, names: { uri: [id] }, ...change })
}

test('a workload is who its certificate says, through intermediates too', () => {
  const middle = makeAuthority({ name: 'middle', issuer: root, names: { uri: ['spiffe://example.org'] } })
  expect(outcome([svid()])).toBe(id)
  expect(outcome([svid({ issuer: middle }), middle])).toBe(id)
  expect(outcome([svid()], { purpose: 'serverAuth' })).toBe(id)
})

test('[X1] more than one URI SAN is refused', () => {
  expect(outcome([svid({ names: { uri: [id, 'spiffe://example.org/other'] } })])).toBe('uri_names_several')
  expect(outcome([svid({ names: { uri: [id, id] } })]), 'the same twice').toBe('uri_names_several')
  expect(outcome([svid({ names: { uri: [id, 'https://example.org'] } })]), 'of whatever scheme').toBe(
    'uri_names_several',
  )
})

test('[X1] no URI SAN is refused, and names of other forms are allowed beside the one', () => {
  expect(outcome([svid({ names: { dns: ['orders.example.org'] } })])).toBe('uri_name_missing')
  expect(outcome([makeLeaf({ name: id, issuer: root })]), 'an ID in the subject is none').toBe('uri_name_missing')
  expect(outcome([svid({ names: { uri: [id], dns: ['orders.example.org'], ip: ['192.0.2.1'] } })])).toBe(id)
})

test('[X2] a leaf whose ID has no path is refused', () => {
  expect(outcome([svid({ names: { uri: ['spiffe://example.org'] } })])).toBe('spiffe_id_without_path')
  expect(outcome([svid({ names: { uri: ['spiffe://example.org/'] } })])).toBe('spiffe_id_malformed')
})

test('[X2] an authority whose ID has a path is refused', () => {
  const withPath = makeAuthority({ name: 'middle', issuer: root, names: { uri: ['spiffe://example.org/ca'] } })
  expect(outcome([svid({ issuer: withPath }), withPath])).toBe('authority_id_wrong')
  const anchor = makeAuthority({ name: 'anchor', names: { uri: ['spiffe://example.org/ca'] } })
  expect(outcome([svid({ issuer: anchor })], { bundleOf: () => [anchor.certificate] })).toBe('authority_id_wrong')
  const unnamed = makeAuthority({ name: 'middle', issuer: root })
  expect(outcome([svid({ issuer: unnamed }), unnamed]), 'one without an ID, as corporate roots are').toBe(id)
})

test('[X3] an empty subject with alternative names that are not critical is refused', () => {
  expect(outcome([svid({ namesCritical: false })])).toBe('alternative_names_not_critical')
  expect(outcome([svid({ name: 'orders', namesCritical: false })])).toBe(id)
})

test('[X4] a leaf with cA is refused, and an authority without it', () => {
  expect(outcome([svid({ basicConstraints: { isCa: true } })])).toBe('leaf_is_authority')
  expect(outcome([svid({ basicConstraints: null })]), 'absent is false').toBe(id)
  const noCa = makeAuthority({ name: 'middle', issuer: root, basicConstraints: { isCa: false } })
  expect(outcome([svid({ issuer: noCa }), noCa])).toBe('not_an_authority')
})

test('[X5] key usage that is absent or not critical is refused', () => {
  expect(outcome([svid({ keyUsage: null })])).toBe('key_usage_wrong')
  expect(outcome([svid({ keyUsageCritical: false })])).toBe('key_usage_wrong')
  for (const change of [{ keyUsage: null }, { keyUsageCritical: false }] as const) {
    const silent = makeAuthority({ name: 'middle', issuer: root, ...change })
    expect(outcome([svid({ issuer: silent }), silent])).toBe('key_usage_wrong')
  }
})

test('[X5] a leaf must be meant for digital signatures, and not for signing certificates or lists', () => {
  expect(outcome([svid({ keyUsage: ['keyEncipherment', 'keyAgreement'] })])).toBe('key_usage_wrong')
  expect(outcome([svid({ keyUsage: ['digitalSignature', 'keyCertSign'] })])).toBe('key_usage_wrong')
  expect(outcome([svid({ keyUsage: ['digitalSignature', 'cRLSign'] })])).toBe('key_usage_wrong')
  expect(outcome([svid({ keyUsage: ['digitalSignature', 'keyEncipherment', 'keyAgreement'] })])).toBe(id)
})

test('[X5] an authority must be meant to sign certificates, and need not sign lists', () => {
  const listsOnly = makeAuthority({ name: 'middle', issuer: root, keyUsage: ['cRLSign'] })
  expect(outcome([svid({ issuer: listsOnly }), listsOnly])).toBe('key_usage_wrong')
  const certificatesOnly = makeAuthority({ name: 'middle', issuer: root, keyUsage: ['keyCertSign'] })
  expect(outcome([svid({ issuer: certificatesOnly }), certificatesOnly])).toBe(id)
})

test('[X6] extended key usage may be absent, and if present holds both purposes', () => {
  expect(outcome([svid({ extendedKeyUsage: [oid.serverAuth] })])).toBe('purpose_not_allowed')
  expect(outcome([svid({ extendedKeyUsage: [oid.clientAuth] })])).toBe('purpose_not_allowed')
  expect(outcome([svid({ extendedKeyUsage: [oid.anyExtendedKeyUsage] })])).toBe('purpose_not_allowed')
  expect(outcome([svid({ extendedKeyUsage: [oid.clientAuth, '1.3.6.1.5.5.7.3.3', oid.serverAuth] })])).toBe(id)
  const without = makeAuthority({
    name: null,
    issuer: root,
    names: { uri: [id] },
    basicConstraints: { isCa: false },
    keyUsage: ['digitalSignature'],
  })
  expect(without.certificate.extendedKeyUsage).toBeUndefined()
  expect(outcome([without])).toBe(id)
})

test('[X7] only the bundle of the own trust domain counts', () => {
  expect(outcome([svid({ issuer: otherRoot })]), 'an authority of another domain cannot speak for this one').toBe(
    'issuer_unknown',
  )
  expect(outcome([svid({ issuer: otherRoot, names: { uri: ['spiffe://example.net/a'] } })]), 'control').toBe(
    'spiffe://example.net/a',
  )
  expect(outcome([svid({ names: { uri: ['spiffe://example.com/a'] } })])).toBe('bundle_unknown')
  expect(outcome([svid()], { bundleOf: () => [] }), 'an empty bundle: everything is withdrawn').toBe('issuer_unknown')
})

test('[X7] an intermediate with the ID of another trust domain is refused', () => {
  const foreign = makeAuthority({ name: 'middle', issuer: root, names: { uri: ['spiffe://example.net'] } })
  expect(outcome([svid({ issuer: foreign }), foreign])).toBe('authority_id_wrong')
})

test('[X7] another scheme than spiffe is refused, and a malformed ID', () => {
  for (const uri of [
    'https://example.org/a',
    'spiffe://Example.org/a',
    'SPIFFE://example.org/a',
    'spiffe://example.org/a/../b',
    'spiffe://example.org/a%2fb',
    'spiffe://example.org:443/a',
    'spiffe://u@example.org/a',
    'spiffe://example.org/a?b',
    'urn:a',
  ])
    expect(outcome([svid({ names: { uri: [uri] } })]), uri).toBe('spiffe_id_malformed')
})

test('[X7] the certificate of an authority authenticates nobody', () => {
  expect(outcome([root])).toBe('spiffe_id_without_path')
  const named = makeAuthority({ name: 'middle', issuer: root, names: { uri: [id] } })
  expect(outcome([named])).toBe('leaf_is_authority')
})

test('[X7] path validation is that of RFC 5280: time, signature, unknown critical extensions', () => {
  expect(outcome([svid({ notAfter: new Date(testNow.getTime() - 1_000) })])).toBe('expired')
  expect(outcome([svid({ notBefore: new Date(testNow.getTime() + 1_000) })])).toBe('not_yet_valid')
  expect(outcome([svid({ more: [encodeExtension('1.2.3', 'critical', derNull())] })])).toBe(
    'critical_extension_unknown',
  )
  const forged = svid({
    signedWith: {
      algorithm: encodeSignatureAlgorithm('ecdsa-with-SHA256'),
      sign: (bytes) => makeKey().signer.sign(bytes),
    },
  })
  expect(outcome([forged])).toBe('signature_invalid')
  expect(outcome([])).toBe('certificate_malformed')
})

test('[X8] name constraints of an authority hold', () => {
  const constrained = makeAuthority({
    name: 'middle',
    issuer: root,
    nameConstraints: { permitted: { uri: ['example.net'] } },
  })
  expect(outcome([svid({ issuer: constrained }), constrained])).toBe('name_not_permitted')
  const fitting = makeAuthority({
    name: 'middle',
    issuer: root,
    nameConstraints: { permitted: { uri: ['example.org'] } },
  })
  expect(outcome([svid({ issuer: fitting }), fitting])).toBe(id)
})

test('what Mayfly issues, Mayfly believes', () => {
  const key = makeKey()
  const template = svidAuthorityTemplate({
    trustDomain: 'example.org',
    publicKey: key.publicKey,
    subjectKeyId: keyIdOf(key.publicKey),
    serialNumber: makeSerialNumber(),
    notBefore: new Date(testNow.getTime() - 1_000),
    notAfter: new Date(testNow.getTime() + 600_000),
    maxPathLength: 0,
    nameConstraints: { permitted: { uri: ['example.org'] } },
  })
  const issuer = {
    signer: key.signer,
    name: template.subject,
    keyId: keyIdOf(key.publicKey),
    notAfter: template.notAfter,
  }
  const anchor = parseCertificate(encodeCertificate(issuer, template))
  if (isX509Fault(anchor)) throw new Error(anchor.fault)
  const own = makeKey()
  const { der } = prepareSvidIssuer(issuer)({
    spiffeId: id,
    publicKey: own.publicKey,
    subjectKeyId: keyIdOf(own.publicKey),
    serialNumber: makeSerialNumber(),
    now: testNow,
    ttlSeconds: 300,
  })
  const verify = (at: Date): string => {
    const verified = verifyX509Svid({ certificates: [der], bundleOf: () => [anchor], at, purpose: 'clientAuth' })
    return verified.outcome === 'valid' ? verified.spiffeId.path : verified.reason
  }
  expect(verify(testNow)).toBe('/production/service/orders')
  expect(verify(new Date(testNow.getTime() + 300_001))).toBe('expired')
})
