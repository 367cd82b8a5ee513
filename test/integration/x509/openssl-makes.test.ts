/** What OpenSSL writes, read and verified by Mayfly; and on hostile paths, the two agree. */
import { expect, test } from 'vitest'
import {
  type Certificate,
  isX509Fault,
  parseCertificate,
  parseCertificationRequest,
  parseCrl,
  parsePemOf,
} from '../../../packages/domain/src/index.ts'
import { checkCrl } from '../../../packages/server/src/adapters/x509/check-crl.ts'
import { verifyPath } from '../../../packages/server/src/adapters/x509/verify-path.ts'
import { verifyCertificationRequest } from '@mayfly/provider-kit'
import { type OpenSsl, openOpenSsl } from './openssl.ts'

const newKey = {
  'P-256': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  Ed25519: ['ed25519'],
  RSA: ['rsa', '-pkeyopt', 'rsa_keygen_bits:2048'],
} as const

async function readDers(openssl: OpenSsl, name: string, label = 'CERTIFICATE'): Promise<readonly Uint8Array[]> {
  const pem = parsePemOf(label, Buffer.from(await openssl.read(name)).toString('latin1'))
  if (isX509Fault(pem)) throw new Error(pem.fault)
  return pem.ders
}

async function readOne(openssl: OpenSsl, name: string): Promise<Certificate> {
  const [der = new Uint8Array()] = await readDers(openssl, name)
  const certificate = parseCertificate(der)
  if (isX509Fault(certificate)) throw new Error(certificate.fault)
  return certificate
}

const authorityExtensions =
  'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
const leafExtensions =
  'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'

interface Issuing {
  readonly by?: string
  readonly kind?: keyof typeof newKey
  readonly extensions: string
  readonly days?: number
}

/** `<name>.key` and `<name>.pem`. */
async function issue(
  openssl: OpenSsl,
  name: string,
  { by, kind = 'P-256', extensions, days = 2 }: Issuing,
): Promise<void> {
  await openssl.make('genpkey', '-algorithm', ...newKey[kind], '-out', `${name}.key`)
  await openssl.write(`${name}.ext`, `[ext]\n${extensions}[req]\ndistinguished_name=dn\n[dn]\n`)
  await openssl.make(
    'req',
    '-new',
    '-config',
    `${name}.ext`,
    '-key',
    `${name}.key`,
    '-subj',
    `/O=Example/CN=${name}`,
    '-out',
    `${name}.csr`,
  )
  const signedBy = by === undefined ? ['-signkey', `${name}.key`] : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`]
  await openssl.make(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...signedBy,
    '-extfile',
    `${name}.ext`,
    '-extensions',
    'ext',
    '-days',
    String(days),
    '-out',
    `${name}.pem`,
  )
}

/** Both judges on one path, as `valid` or `refused`. */
async function bothJudges(
  openssl: OpenSsl,
  leaf: string,
  intermediates: readonly string[],
  root: string,
): Promise<{ openssl: string; mayfly: string }> {
  const between = await Promise.all(intermediates.map((name) => readDers(openssl, `${name}.pem`)))
  await openssl.writePem('between.pem', 'CERTIFICATE', ...between.flat())
  const untrusted = intermediates.length === 0 ? [] : ['-untrusted', 'between.pem']
  const judgement = await openssl.run(
    'verify',
    '-x509_strict',
    '-purpose',
    'sslclient',
    '-CAfile',
    `${root}.pem`,
    ...untrusted,
    `${leaf}.pem`,
  )
  const verified = verifyPath({
    certificates: [...(await readDers(openssl, `${leaf}.pem`)), ...between.flat()],
    anchors: [await readOne(openssl, `${root}.pem`)],
    at: new Date(),
    purposes: ['clientAuth'],
    extendedKeyUsage: 'required',
  })
  return {
    openssl: judgement.exitCode === 0 ? 'valid' : 'refused',
    mayfly: verified.outcome === 'valid' ? 'valid' : verified.reason,
  }
}

test.for(['P-256', 'P-384', 'Ed25519', 'RSA'] as const)(
  'a chain of %s keys that openssl made is read and valid',
  async (kind) => {
    const openssl = await openOpenSsl()
    await issue(openssl, 'root', { kind, extensions: authorityExtensions })
    await issue(openssl, 'middle', {
      kind,
      by: 'root',
      extensions: `${authorityExtensions}authorityKeyIdentifier=keyid\n`,
    })
    await issue(openssl, 'leaf', {
      kind,
      by: 'middle',
      extensions: `${leafExtensions}subjectAltName=URI:spiffe://example.org/a,DNS:a.example.org,IP:192.0.2.1,IP:2001:db8::1,email:a@example.org,dirName:dn\n[dn]\nCN=a\n`,
    })
    expect(await bothJudges(openssl, 'leaf', ['middle'], 'root')).toEqual({ openssl: 'valid', mayfly: 'valid' })
    const leaf = await readOne(openssl, 'leaf.pem')
    expect(leaf.subjectAltName).toEqual({
      uri: ['spiffe://example.org/a'],
      dns: ['a.example.org'],
      ip: ['192.0.2.1', '2001:db8::1'],
      email: ['a@example.org'],
      otherForms: ['directoryName'],
    })
    expect(leaf.subject.text).toBe('CN=leaf,O=Example')
    const expected =
      kind === 'RSA'
        ? { keyType: 'RSA', modulusBits: 2048, exponentBits: 17 }
        : kind === 'Ed25519'
          ? { keyType: 'Ed25519' }
          : { keyType: 'EC', curve: kind }
    expect(leaf.publicKey.kind).toEqual(expected)
    const dates = await openssl.make('x509', '-in', 'leaf.pem', '-noout', '-serial', '-enddate')
    expect(dates).toContain(`serial=${leaf.serialNumber.toUpperCase()}`)
    expect(new Date(/notAfter=(.*)/.exec(dates)?.[1] ?? '').getTime()).toBe(leaf.notAfter.getTime())

    // Its request, too.
    const [csr = new Uint8Array()] = await readDers(openssl, 'leaf.csr', 'CERTIFICATE REQUEST')
    const request = parseCertificationRequest(csr)
    if (isX509Fault(request)) throw new Error(request.fault)
    expect(verifyCertificationRequest(request)).toBe('valid')
    expect(
      verifyCertificationRequest({ ...request, signedBytes: request.signedBytes.map((byte) => byte ^ 1) }),
      'control',
    ).toBe('invalid')
  },
)

test('on hostile paths openssl and Mayfly agree', async () => {
  const openssl = await openOpenSsl()
  const key = 'authorityKeyIdentifier=keyid\n'
  const ca = (basicConstraints: string, more = ''): string =>
    `basicConstraints=critical,${basicConstraints}\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n${key}${more}`
  await issue(openssl, 'root', { extensions: authorityExtensions })
  await issue(openssl, 'fine', { by: 'root', extensions: ca('CA:TRUE') })
  await issue(openssl, 'limited', { by: 'root', extensions: ca('CA:TRUE,pathlen:0') })
  await issue(openssl, 'toodeep', { by: 'limited', extensions: ca('CA:TRUE') })
  await issue(openssl, 'expired', { by: 'root', extensions: ca('CA:TRUE'), days: -1 })
  await issue(openssl, 'constrained', {
    by: 'root',
    extensions: ca('CA:TRUE', 'nameConstraints=critical,permitted;DNS:example.org,excluded;URI:.example.net\n'),
  })
  await issue(openssl, 'nosign', {
    by: 'root',
    extensions: `basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\nsubjectKeyIdentifier=hash\n${key}`,
  })
  await issue(openssl, 'serveronly', { by: 'root', extensions: ca('CA:TRUE', 'extendedKeyUsage=serverAuth\n') })
  await issue(openssl, 'unknown', { by: 'root', extensions: ca('CA:TRUE', '1.2.3.4=critical,ASN1:NULL\n') })
  await issue(openssl, 'endentity', { by: 'root', extensions: leafExtensions })
  const leaves = ['root', 'fine', 'toodeep', 'expired', 'nosign', 'serveronly', 'unknown', 'endentity']
  for (const by of leaves) await issue(openssl, `under${by}`, { by, extensions: leafExtensions })
  await issue(openssl, 'inside', {
    by: 'constrained',
    extensions: `${leafExtensions}subjectAltName=DNS:a.example.org\n`,
  })
  await issue(openssl, 'outside', {
    by: 'constrained',
    extensions: `${leafExtensions}subjectAltName=DNS:a.example.com\n`,
  })
  await issue(openssl, 'excluded', {
    by: 'constrained',
    extensions: `${leafExtensions}subjectAltName=URI:spiffe://a.example.net/a\n`,
  })
  for (const [leaf, intermediates, mayfly] of [
    ['underroot', [], 'valid'],
    ['underfine', ['fine'], 'valid'],
    ['underfine', ['expired', 'fine', 'unknown'], 'valid'],
    ['inside', ['constrained'], 'valid'],
    ['underfine', [], 'issuer_unknown'],
    ['undertoodeep', ['limited', 'toodeep'], 'path_length_exceeded'],
    ['underexpired', ['expired'], 'expired'],
    ['outside', ['constrained'], 'name_not_permitted'],
    ['excluded', ['constrained'], 'name_not_permitted'],
    ['undernosign', ['nosign'], 'key_usage_wrong'],
    ['underserveronly', ['serveronly'], 'purpose_not_allowed'],
    ['underunknown', ['unknown'], 'critical_extension_unknown'],
    ['underendentity', ['endentity'], 'not_an_authority'],
  ] as const) {
    const judged = await bothJudges(openssl, leaf, intermediates, 'root')
    expect({ leaf, ...judged }).toEqual({ leaf, openssl: mayfly === 'valid' ? 'valid' : 'refused', mayfly })
  }
})

test('a CRL that openssl made is read and believed', async () => {
  const openssl = await openOpenSsl()
  await issue(openssl, 'root', { extensions: authorityExtensions })
  await issue(openssl, 'revoked', { by: 'root', extensions: leafExtensions })
  await issue(openssl, 'good', { by: 'root', extensions: leafExtensions })
  await openssl.write('index.txt', '')
  await openssl.write('crlnumber', '1000\n')
  await openssl.write(
    'ca.cnf',
    '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_hours=1\ncrl_extensions=ext\n[ext]\nauthorityKeyIdentifier=keyid\n',
  )
  const ca = ['ca', '-config', 'ca.cnf', '-keyfile', 'root.key', '-cert', 'root.pem']
  await openssl.make(...ca, '-revoke', 'revoked.pem', '-crl_reason', 'keyCompromise')
  await openssl.make(...ca, '-gencrl', '-out', 'crl.pem')
  const [der = new Uint8Array()] = await readDers(openssl, 'crl.pem', 'X509 CRL')
  const crl = parseCrl(der)
  if (isX509Fault(crl)) throw new Error(crl.fault)
  expect(crl.crlNumber).toBe('1000')
  const issuer = await readOne(openssl, 'root.pem')
  const statusOf = async (name: string): Promise<unknown> =>
    checkCrl({ certificate: await readOne(openssl, `${name}.pem`), issuer, crl, at: new Date(), maxAgeSeconds: 600 })
  expect(await statusOf('revoked')).toMatchObject({ status: 'revoked', reason: 'keyCompromise' })
  expect(await statusOf('good')).toEqual({ status: 'good' })
})
