import { type Crl, type CrlTemplate, encodeCrl, isX509Fault, parseCrl } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { checkCrl, type CrlRules, crlUnusableReasons, findCrlFault } from './check-crl.ts'
import { keyIdOf } from '@mayfly/provider-kit'
import { makeAuthority, makeKey, makeLeaf, type TestCertificate, testNow } from './testdata/make-certificate.ts'

const root = makeAuthority({ name: 'root' })
const leaf = makeLeaf({ name: 'leaf', issuer: root, serialNumber: '0a', crlUris: ['http://crl.example.org/1'] })
const rules: CrlRules = { at: testNow, maxAgeSeconds: 600 }

function secondsFromNow(seconds: number): Date {
  return new Date(testNow.getTime() + seconds * 1_000)
}

function makeCrl(change: Partial<CrlTemplate> = {}, issuer = root, signer = issuer.key.signer): Crl {
  const crl = parseCrl(
    encodeCrl(
      { signer, name: issuer.certificate.subject.der, keyId: keyIdOf(issuer.key.publicKey) },
      { crlNumber: 1, thisUpdate: secondsFromNow(-60), nextUpdate: secondsFromNow(60), revoked: [], ...change },
    ),
  )
  if (isX509Fault(crl)) throw new Error(crl.fault)
  return crl
}

function statusOf(
  crl: Crl,
  certificate: TestCertificate = leaf,
  change: Partial<CrlRules> = {},
  issuer = root,
): string {
  const status = checkCrl({
    certificate: certificate.certificate,
    issuer: issuer.certificate,
    crl,
    ...rules,
    ...change,
  })
  return status.status === 'unknown' ? status.reason : status.status
}

test('a certificate that is listed is revoked, whatever the reason, and another one is good', () => {
  const revokedAt = secondsFromNow(-90)
  const crl = makeCrl({ revoked: [{ serialNumber: '0a', revokedAt, reason: 'certificateHold' }] })
  expect(checkCrl({ certificate: leaf.certificate, issuer: root.certificate, crl, ...rules })).toEqual({
    status: 'revoked',
    revokedAt,
    reason: 'certificateHold',
  })
  expect(statusOf(crl, makeLeaf({ name: 'leaf', issuer: root, serialNumber: '0b' }))).toBe('good')
})

test('a list says nothing outside its time, or when it is older than allowed', () => {
  const crl = makeCrl()
  const at = (seconds: number): string => statusOf(crl, leaf, { at: secondsFromNow(seconds) })
  expect(at(-61)).toBe('crl_not_yet_valid')
  expect(at(-60)).toBe('good')
  expect(at(60)).toBe('good')
  expect(at(60.001)).toBe('crl_stale')
  expect(statusOf(crl, leaf, { maxAgeSeconds: 60 })).toBe('good')
  expect(statusOf(crl, leaf, { maxAgeSeconds: 59 })).toBe('crl_stale')
  expect(statusOf({ ...crl, nextUpdate: undefined })).toBe('crl_stale')
})

test('only the issuer itself speaks for its certificates, and only with a key that is meant to sign lists', () => {
  const sameName = makeAuthority({ name: 'root' })
  expect(statusOf(makeCrl({}, makeAuthority({ name: 'other' })))).toBe('crl_of_other_issuer')
  expect(statusOf(makeCrl({}, sameName)), 'another key of the same name').toBe('crl_of_other_issuer')
  expect(statusOf(makeCrl({}, root, makeKey().signer))).toBe('crl_signature_invalid')
  expect(statusOf(makeCrl({}, sameName), leaf, {}, makeAuthority({ name: 'other' }))).toBe('crl_of_other_issuer')
  const issuing = makeAuthority({ name: 'root', key: root.key, keyUsage: ['keyCertSign'] })
  expect(statusOf(makeCrl(), leaf, {}, issuing)).toBe('crl_issuer_not_allowed')
  const silent = makeAuthority({ name: 'root', key: root.key, keyUsage: null })
  expect(statusOf(makeCrl(), leaf, {}, silent), 'as an anchor in a path').toBe('good')
})

test('a list about something else proves nothing: a delta, other certificates, another distribution point', () => {
  expect(statusOf(makeCrl({ baseCrlNumber: 1 }))).toBe('crl_unsupported')
  expect(statusOf({ ...makeCrl(), unsupported: ['it is indirect'] })).toBe('crl_unsupported')
  const scoped = (uris: readonly string[], only?: 'user_certificates' | 'ca_certificates'): Crl =>
    makeCrl({ issuingDistributionPoint: { uris, ...(only ? { only } : {}) } })
  const authority = makeAuthority({ name: 'low', issuer: root })
  expect(statusOf(scoped([], 'ca_certificates'))).toBe('crl_out_of_scope')
  expect(statusOf(scoped([], 'ca_certificates'), authority)).toBe('good')
  expect(statusOf(scoped([], 'user_certificates'), authority)).toBe('crl_out_of_scope')
  expect(statusOf(scoped([], 'user_certificates'))).toBe('good')
  expect(statusOf(scoped(['http://crl.example.org/2']))).toBe('crl_out_of_scope')
  expect(statusOf(scoped(['http://crl.example.org/2', 'http://crl.example.org/1']))).toBe('good')
})

test('that one key signed a list says nothing of another key of the same name', () => {
  const crl = makeCrl()
  const named = (authority: TestCertificate) => ({ ...authority.certificate, subjectKeyId: undefined })
  const faultOf = (authority: TestCertificate) => findCrlFault({ issuer: named(authority), crl, ...rules })?.reason
  const stranger = makeAuthority({ name: 'root' })
  for (const round of [1, 2]) {
    expect(faultOf(root), `round ${round}`).toBeUndefined()
    expect(faultOf(stranger), `round ${round}`).toBe('crl_signature_invalid')
  }
})

test('a fault of the list itself is found without a certificate', () => {
  const fault = findCrlFault({ issuer: root.certificate, crl: makeCrl(), at: secondsFromNow(100), maxAgeSeconds: 600 })
  expect(fault).toEqual({
    status: 'unknown',
    reason: 'crl_stale',
    detail: 'the next CRL was due at 2026-11-22T12:01:00.000Z',
  })
  expect(crlUnusableReasons).toContain(fault?.reason)
  expect(findCrlFault({ issuer: root.certificate, crl: makeCrl(), ...rules })).toBeUndefined()
})
