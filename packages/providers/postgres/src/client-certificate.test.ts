import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { MayflyError, newId } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { describe, expect, test } from 'vitest'
import { accountNameOf } from './account-name.ts'
import { completeSecret } from './client-authority.ts'
import { certificateRuleOf, signClientCertificate } from './client-certificate.ts'
import { postgresOwnLogin } from './adopt-login.ts'
import { postgresProvider } from './postgres-provider.ts'
import { postgresSecret, postgresSettings } from './postgres-settings.ts'

const least = { host: 'db.example', database: 'app' }
const plain = postgresSettings.parse(least)
const certified = postgresSettings.parse({ ...least, client_certificates: { lifetime_days: 30 } })
const login = { username: 'mayfly', password: 'admin-password' }
const entered = postgresSecret.parse(login)
const parsed = (text: Secret) => postgresSecret.parse(JSON.parse(text.reveal()))
const publicKey = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)

function pemOf(key: ReturnType<typeof generateKeyPairSync>['publicKey']): string {
  return key.export({ format: 'pem', type: 'spki' }).toString()
}

function faultOf(work: () => unknown): string {
  try {
    work()
    return 'no error'
  } catch (error) {
    return error instanceof MayflyError ? `${error.code}: ${error.options.publicDetail}` : String(error)
  }
}

describe('the client CA', () => {
  test('is made once, where the resource needs one, and stays when a login is entered anew or changes its password', async () => {
    expect(parsed(await completeSecret(plain, entered, undefined))).toEqual(entered)
    const made = parsed(await completeSecret(certified, entered, undefined))
    expect(made.client_ca_certificate_pem).toContain('BEGIN CERTIFICATE')
    const again = parsed(await completeSecret(certified, postgresSecret.parse({ ...login, password: 'other' }), made))
    expect(again.password.reveal()).toBe('other')
    expect(again.client_ca_certificate_pem).toBe(made.client_ca_certificate_pem)
    expect(again.client_ca_private_key_pem?.reveal()).toBe(made.client_ca_private_key_pem?.reveal())
    const next = parsed(postgresOwnLogin.next(made, certified))
    expect(next.password.reveal()).not.toBe('admin-password')
    expect(next.client_ca_private_key_pem?.reveal()).toBe(made.client_ca_private_key_pem?.reveal())
    expect(JSON.stringify(made)).not.toContain('PRIVATE KEY')
  })

  test('can be entered, both halves of one', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async () => parsed(await completeSecret(certified, entered, undefined))),
    )
    const text = (certificate: typeof one, key: typeof one) => ({
      ...login,
      client_ca_certificate_pem: certificate?.client_ca_certificate_pem,
      client_ca_private_key_pem: key?.client_ca_private_key_pem?.reveal(),
    })
    const taken = parsed(await completeSecret(certified, postgresSecret.parse(text(one, one)), other))
    expect(taken.client_ca_certificate_pem, 'in place of the one before').toBe(one?.client_ca_certificate_pem)
    await expect(completeSecret(certified, postgresSecret.parse(text(one, other)), undefined)).rejects.toThrow(
      'settings_invalid',
    )
    const { client_ca_private_key_pem: _key, ...half } = text(one, one)
    expect(postgresSecret.safeParse(half).success).toBe(false)
  })
})

test('only a resource with the setting is believed to bind to a key', () => {
  expect(postgresProvider.bindingsUnder(certified)).toEqual(['key'])
  expect(postgresProvider.bindingsUnder(plain)).toEqual(['none'])
})

describe('a client certificate', () => {
  const handleOf = (nowMs = Date.now()) => {
    const credentialId = newId<Parameters<typeof accountNameOf>[0]>(nowMs)
    return { credentialId, accountName: accountNameOf(credentialId) }
  }

  test('names the login and nothing else, for the lifetime that the settings say', async () => {
    const rule = certificateRuleOf(certified, parsed(await completeSecret(certified, entered, undefined)))
    if (rule === undefined) throw new Error('the settings ask for certificates')
    const handle = handleOf()
    const signed = signClientCertificate(rule, handle, publicKey, new Date())
    const certificate = new X509Certificate(signed.certificatePem)
    expect(certificate.subject).toBe(`CN=${handle.accountName}`)
    expect(certificate.ca).toBe(false)
    expect(certificate.verify(new X509Certificate(rule.authority().certificatePem).publicKey)).toBe(true)
    expect(certificate.publicKey.export({ format: 'pem', type: 'spki' })).toBe(publicKey)
    expect(new Date(certificate.validTo)).toEqual(signed.notAfter)
    const days = (signed.notAfter.getTime() - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(29.99)
    expect(days).toBeLessThanOrEqual(30.01)
  })

  test.for([
    ['nothing', undefined, /a public key is wanted/],
    ['no PEM', 'nonsense', /./],
    ['a key that is too short', pemOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey), /P-256/],
    ['more than one key', publicKey + publicKey, /./],
  ] as const)('%s is refused at /public_key', async ([, sent, detail]) => {
    const rule = certificateRuleOf(certified, parsed(await completeSecret(certified, entered, undefined)))
    if (rule === undefined) throw new Error('the settings ask for certificates')
    const fault = faultOf(() => signClientCertificate(rule, handleOf(), sent, new Date()))
    expect(fault).toMatch(/^request_invalid: /)
    expect(fault).toMatch(detail)
  })

  test('without a CA the fault says how to get one, and asks for no certificate where the settings do not', () => {
    const rule = certificateRuleOf(certified, entered)
    if (rule === undefined) throw new Error('the settings ask for certificates')
    expect(faultOf(() => signClientCertificate(rule, handleOf(), publicKey, new Date()))).toMatch(
      /^settings_invalid: the resource has no client CA yet/,
    )
    expect(certificateRuleOf(plain, entered)).toBe(undefined)
  })
})
