/**
 * The suite for what is signed and kept nowhere, on rows of a real server and what it publishes of them: openssl judges each
 * certificate alone, by the revocation list and by OCSP.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { defaultTenantId, encodePem } from '@mayfly/domain'
import { hostileTexts, type IssuedAccount, Secret, selfContainedCases } from '@mayfly/provider-kit'
import {
  type X509Permission,
  x509Permission,
  x509Provider,
  type X509Secret,
  x509Secret,
  type X509Settings,
  x509Settings,
} from '@mayfly/provider-x509'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resourceEnds } from '../../../packages/server/src/adapters/targets/resource-ends.ts'
import { type OpenSsl, openOpenSsl } from '../x509/openssl.ts'
import { openPki, type Pki, pkiSettings } from './x509-fixture.ts'

const settings = x509Settings.parse(pkiSettings)
const host = 'api.orders.example'
/** By which a verifier looks for it; no change touches it. */
const sought = 'localhost'
const permission = x509Permission.parse({ common_name: host, dns: [host, sought], uses: ['server'] })

describe('the x509 provider before openssl, by list and by OCSP', () => {
  let pki: Pki
  let secret: X509Secret
  let openssl: OpenSsl
  beforeAll(async () => {
    const made = await x509Provider.completeSecret(settings, x509Secret.parse({}), undefined)
    secret = x509Secret.parse(JSON.parse(made.reveal()))
    pki = await openPki(JSON.parse(made.reveal()))
    openssl = await openOpenSsl()
  })
  afterAll(() => pki.close())

  const cases = selfContainedCases<X509Settings, X509Permission, X509Secret>({
    provider: x509Provider,
    // As the server opens it (adapters/targets/targets.ts): asked where the list and OCSP ask.
    open: () =>
      x509Provider.open({
        settings,
        secret,
        published: resourceEnds({
          database: pki.life.deps.database,
          now: () => pki.life.clock.now(),
          tenantId: defaultTenantId,
          resourceId: pki.resourceId,
          issuer: 'https://mayfly.example',
        }),
      }),
    permission,
    hostilePermissions: [
      ...hostileTexts.map((text) => ({ ...permission, dns: [text] })),
      ...['spiffe://example.org/root', 'no uri'].map((uri) => ({ ...permission, uri: [uri] })),
      { ...permission, ip: ['300.1.1.1'] },
      { ...permission, uses: [] },
      { ...permission, uses: ['any'] },
      { ...permission, is_ca: true },
      { uses: ['server'] },
    ],
    publishedWays: ['crl', 'ocsp'],
    /** The row, and so the serial number, are those of a certificate that the server gave. */
    async makeRow() {
      const { row } = await pki.issue()
      return { handle: x509Provider.plan(row.credential_id), end: () => pki.revoke(row.credential_id) }
    },
    async verify(account) {
      const file = await openssl.write('judged.pem', textOf(account, 'certificate_pem'))
      const list = await openssl.write('list.crl', await listNow())
      const asked = ['ocsp', '-issuer', pki.caFile, '-CAfile', pki.caFile, '-cert', file, '-url', `${pki.url}/ocsp`]
      const ocsp = await openssl.run(...asked)
      return {
        offline: fits(account) && (await accepts(file, sought)),
        published: {
          crl: await accepts(file, sought, '-crl_check', '-CRLfile', list),
          ocsp: ocsp.text.includes('Response verify OK') && ocsp.text.includes(`${file}: good`),
        },
      }
    },
    change(account) {
      const certificate = new X509Certificate(textOf(account, 'certificate_pem')).raw
      const anotherName = Buffer.from(certificate.toString('latin1').replaceAll(host, `b${host.slice(1)}`), 'latin1')
      const anotherSignature = Buffer.from(certificate)
      anotherSignature[certificate.length - 1] = (certificate.at(-1) ?? 0) ^ 1
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const anotherKey = new Secret(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)
      const withCertificate = (der: Uint8Array) => withField(account, 'certificate_pem', encodePem('CERTIFICATE', der))
      return [
        { what: 'what it says', account: withCertificate(anotherName) },
        { what: 'its signature', account: withCertificate(anotherSignature) },
        { what: 'its key', account: withField(account, 'private_key_pem', anotherKey) },
      ]
    },
    verifyElsewhere: async (account) =>
      fits(account) &&
      accepts(await openssl.write('judged.pem', textOf(account, 'certificate_pem')), 'db.orders.example'),
  })

  async function accepts(file: string, name: string, ...more: readonly string[]): Promise<boolean> {
    const asked = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', name, ...more]
    return (await openssl.run(...asked, '-CAfile', pki.caFile, file)).exitCode === 0
  }

  async function listNow(): Promise<string> {
    const answer = await fetch(`${pki.url}/crl`)
    return encodePem('X509 CRL', Buffer.from(await answer.arrayBuffer()))
  }

  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })

  test('control: a certificate that the server gave is judged in the same way', async () => {
    const { row, file } = await pki.issue()
    const byList = async () =>
      accepts(file, sought, '-crl_check', '-CRLfile', await openssl.write('now.crl', await listNow()))
    expect(await byList()).toBe(true)
    await pki.revoke(row.credential_id)
    expect(await byList()).toBe(false)
    expect(await accepts(file, sought), 'who asks nobody').toBe(true)
  })
})

/** Who shows a certificate shows that it has the key. */
function fits(account: IssuedAccount): boolean {
  const spkiOf = (key: ReturnType<typeof createPublicKey>) =>
    key.export({ format: 'der', type: 'spki' }).toString('hex')
  const own = createPublicKey(createPrivateKey(textOf(account, 'private_key_pem')))
  return spkiOf(own) === spkiOf(createPublicKey(textOf(account, 'certificate_pem')))
}

function textOf({ fields }: IssuedAccount, name: string): string {
  const field = fields[name]
  return field instanceof Secret ? field.reveal() : String(field)
}

function withField(account: IssuedAccount, name: string, value: string | Secret): IssuedAccount {
  return { ...account, fields: { ...account.fields, [name]: value } }
}
