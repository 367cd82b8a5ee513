import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  encodeCertificationRequest,
  encodeName,
  encodePem,
  MayflyError,
  type NameAttribute,
  type PublicKeyInfo,
} from '@mayfly/domain'
import { describe, expect, test } from 'vitest'
import { requiredCertificateOf } from './client-certificate.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spki = publicKey.export({ format: 'der', type: 'spki' })
const spkiPem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
const issuer = '/O=Example/CN=Example CA'
const byName = { client_certificates: { issuer, subject_template: '/O=Example/CN={common_name}' } }
const byKey = { client_certificates: { issuer, subject_template: '/CN={key_sha256}' } }

function request(names: readonly NameAttribute[], signer: KeyObject = privateKey): string {
  const der = encodeCertificationRequest(
    { algorithm: 'ecdsa-with-SHA256', sign: (bytes) => sign('sha256', bytes, signer) },
    { subject: encodeName(names), publicKey: { spki } as unknown as PublicKeyInfo },
  )
  return encodePem('CERTIFICATE REQUEST', der)
}
const faultOf = (settings: typeof byName, text: string | undefined) => {
  try {
    requiredCertificateOf(settings, text === undefined ? {} : { publicKey: text })
    return 'no fault'
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    return `${error.code} ${error.options.fields?.[0]?.pointer}: ${error.options.publicDetail}`
  }
}

test('the subject holds the common name of the request, or the SHA-256 of the key', () => {
  const holder = { publicKey: request([{ type: 'CN', value: 'reports-1.example' }]) }
  expect(requiredCertificateOf(byName, holder)).toEqual({ issuer, subject: '/O=Example/CN=reports-1.example' })
  const fingerprint = createHash('sha256').update(spki).digest('hex')
  for (const publicKeyText of [holder.publicKey, spkiPem]) {
    expect(requiredCertificateOf(byKey, { publicKey: publicKeyText })?.subject).toBe(`/CN=${fingerprint}`)
  }
  expect(requiredCertificateOf({}, holder), 'without the setting nothing is asked').toBeUndefined()
})

describe('what cannot be read, or could name another part of the subject, is refused at /public_key', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  test.for([
    ['nothing', undefined],
    ['no PEM', 'x'],
    ['a key where a name is wanted', spkiPem],
    ['a private key', privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['two blocks', spkiPem + spkiPem],
    ['signed by another key', request([{ type: 'CN', value: 'a' }], other)],
    ['no common name', request([{ type: 'O', value: 'Example' }])],
    [
      'two common names',
      request([
        { type: 'CN', value: 'a' },
        { type: 'CN', value: 'b' },
      ]),
    ],
    ['a common name with a slash', request([{ type: 'CN', value: 'a/CN=admin' }])],
    ['a common name with a quote', request([{ type: 'CN', value: "a' or '1" }])],
  ] as const)('%s', ([, text]) => {
    expect(faultOf(byName, text)).toMatch(/^request_invalid \/public_key: /)
  })
})
