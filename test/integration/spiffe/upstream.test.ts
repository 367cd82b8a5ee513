/** An authority above ours: with its key in a file, or elsewhere, where a request is signed by OpenSSL. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultTenantId, encodePem } from '@mayfly/domain'
import { loadConfig } from '@mayfly/server'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import {
  abandonAuthorityRequest,
  importAuthority,
  requestAuthority,
} from '../../../packages/server/src/application/spiffe/request-authority.ts'
import { rotateAuthority } from '../../../packages/server/src/application/spiffe/rotate-authority.ts'
import { keepAuthorities } from '../../../packages/server/src/application/spiffe/run-authority-upkeep.ts'
import {
  readUpstream,
  type UpstreamAuthority,
} from '../../../packages/server/src/application/spiffe/upstream-authority.ts'
import { makeTempDir } from '../../support/index.ts'
import { makeAuthority, signAuthorityRequest, signRequestAs, type TestAuthority } from './make-authority.ts'
import { openssl, verifyWithOpenssl } from './openssl.ts'
import { type SpiffeFixture, startSpiffe } from './spiffe-fixture.ts'

const base64 = (der: Uint8Array) => Buffer.from(der).toString('base64')
const pemOf = (...authorities: readonly TestAuthority[]) =>
  authorities.map(({ der }) => encodePem('CERTIFICATE', der)).join('')
const keyPemOf = ({ privateKey }: TestAuthority) => privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

function open(pem: string, key: string): UpstreamAuthority {
  const upstream = readUpstream(pem, new Secret(key))
  if ('fault' in upstream) throw new Error(upstream.fault)
  return upstream
}

async function rootsOf(at: SpiffeFixture): Promise<string[]> {
  const { document } = await at.bundle()
  return document.keys.flatMap((key) => (key['use'] === 'x509-svid' ? (key['x5c'] as string[]) : []))
}

function changeOf(at: SpiffeFixture) {
  return { now: at.server.clock.now(), actor: { kind: 'system', worker: 'test' } as const, requestId: 'test-request' }
}

/** Whoever has the root alone verifies what a workload sends along. */
async function verifiesUnder(at: SpiffeFixture, certificates: readonly Uint8Array[], roots: readonly string[]) {
  const [leaf, ...untrusted] = certificates.map(base64)
  const atTime = ['-attime', String(Math.floor(at.server.clock.now().getTime() / 1000))]
  return verifyWithOpenssl({ leaf: leaf ?? '', untrusted, roots }, atTime)
}

test('with the key of an authority above in a file, ours is signed by it, SVIDs bring the path, and the bundle has the root', async () => {
  const root = makeAuthority({ commonName: 'Company Root' })
  const middle = makeAuthority({ commonName: 'Company Machines', above: root })
  await using at = await startSpiffe({ upstream: open(pemOf(middle, root), keyPemOf(middle)) })
  expect(await rootsOf(at)).toEqual([base64(root.der)])
  const workload = await at.workload('orders')
  const svid = await at.x509(await workload.prove())
  expect(svid.certificates).toHaveLength(3)
  expect(base64(svid.certificates[2] ?? new Uint8Array())).toBe(base64(middle.der))
  expect(await verifiesUnder(at, svid.certificates, await rootsOf(at))).toMatchObject({ ok: true })
  expect(
    await verifiesUnder(at, svid.certificates.slice(0, 1), await rootsOf(at)),
    'control: without the path',
  ).toMatchObject({
    ok: false,
  })
  // A rotation changes nothing of the bundle's roots: whoever trusts the root trusts the next one.
  await at.inTenant((tx) => rotateAuthority(at.spiffe, tx, changeOf(at)))
  expect(await rootsOf(at)).toEqual([base64(root.der)])
})

test('RSA and Ed25519 authorities above are taken too', async () => {
  for (const { privateKey } of [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('ed25519')]) {
    const root = makeAuthority({ commonName: 'Company Root', key: privateKey })
    await using at = await startSpiffe({ upstream: open(pemOf(root), keyPemOf(root)) })
    const svid = await at.x509(await (await at.workload('orders')).prove())
    expect(await verifiesUnder(at, svid.certificates, [base64(root.der)])).toMatchObject({ ok: true })
  }
})

test('what is no authority, has another key, no root or a path that does not hold together is refused with the reason', () => {
  const root = makeAuthority({ commonName: 'Company Root' })
  const middle = makeAuthority({ commonName: 'Company Machines', above: root })
  const other = makeAuthority({ commonName: 'Other Root' })
  const leaf = makeAuthority({
    commonName: 'Nobody',
    above: root,
    change: (template) => ({ ...template, basicConstraints: { isCa: false }, keyUsage: ['digitalSignature'] }),
  })
  const short = makeAuthority({
    commonName: 'Short',
    above: root,
    change: (template) => ({ ...template, basicConstraints: { isCa: true, maxPathLength: 0 } }),
  })
  const faultOf = (pem: string, key: string) => {
    const read = readUpstream(pem, new Secret(key))
    return 'fault' in read ? read.fault : 'none'
  }
  expect(faultOf(pemOf(middle, root), keyPemOf(middle)), 'control').toBe('none')
  expect(faultOf(pemOf(middle), keyPemOf(middle))).toContain('did not sign itself')
  expect(faultOf(pemOf(middle, other), keyPemOf(middle))).toContain('is not signed by')
  expect(faultOf(pemOf(middle, root), keyPemOf(root))).toContain('that of another certificate')
  expect(faultOf(pemOf(leaf, root), keyPemOf(leaf))).toContain('cA is not set')
  expect(faultOf(pemOf(short, root), keyPemOf(short))).toContain('sign no other authority')
  expect(faultOf('nothing', keyPemOf(root))).toContain('holds no block')
  expect(faultOf(pemOf(root), 'nothing')).toContain('cannot be read')
})

test('the configuration names the files, and says at the start what is wrong with them', async () => {
  const dir = await makeTempDir('upstream')
  const root = makeAuthority({ commonName: 'Company Root' })
  const [cert, key] = [join(dir, 'ca.crt'), join(dir, 'ca.key')]
  await writeFile(cert, pemOf(root))
  await writeFile(key, keyPemOf(root), { mode: 0o644 })
  const load = (more: Record<string, string>) => loadConfig({ MAYFLY_UPSTREAM_CA_CERT_FILE: cert, ...more })
  await expect(load({})).rejects.toMatchObject({ options: { fields: [{ pointer: '/MAYFLY_UPSTREAM_CA_KEY_FILE' }] } })
  await expect(load({ MAYFLY_UPSTREAM_CA_KEY_FILE: key })).rejects.toMatchObject({
    options: { fields: [{ detail: expect.stringContaining('others may read it') as string }] },
  })
  await chmod(key, 0o600)
  expect((await load({ MAYFLY_UPSTREAM_CA_KEY_FILE: key })).upstream?.path).toHaveLength(1)
})

test('a request is signed by OpenSSL elsewhere, taken back, published ahead of use, and signs then', async () => {
  await using at = await startSpiffe()
  const workload = await at.workload('orders')
  const dir = await makeTempDir('elsewhere')
  const root = makeAuthority({ commonName: 'Company Root' })
  await writeFile(join(dir, 'root.crt'), pemOf(root))
  await writeFile(join(dir, 'root.key'), keyPemOf(root), { mode: 0o600 })
  const [ownRoot = ''] = await rootsOf(at)

  const { csr, receipt } = await at.inTenant((tx) => requestAuthority(at.spiffe, tx, changeOf(at)))
  expect(receipt).not.toBeNull()
  const again = await at.inTenant((tx) => requestAuthority(at.spiffe, tx, changeOf(at)))
  expect(again.receipt, 'the same request is shown again').toBeNull()
  expect(await rootsOf(at), 'what only asks is not published').toEqual([ownRoot])
  await writeFile(join(dir, 'request.csr'), csr)
  expect(await openssl(['req', '-in', join(dir, 'request.csr'), '-verify', '-noout'])).toMatchObject({ ok: true })
  await writeFile(
    join(dir, 'extensions'),
    'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName=URI:spiffe://example.org\n',
  )
  const files = [
    '-in',
    'request.csr',
    '-CA',
    'root.crt',
    '-CAkey',
    'root.key',
    '-extfile',
    'extensions',
    '-out',
    'signed.crt',
  ]
  const named = files.map((each, index) => (index % 2 === 1 ? join(dir, each) : each))
  const signed = await openssl(['x509', '-req', '-days', '40', ...named])
  expect(signed.ok, signed.text).toBe(true)
  const certificates = `${await readFile(join(dir, 'signed.crt'), 'utf8')}${pemOf(root)}`

  const imported = await at.inTenant((tx) => importAuthority(at.spiffe, tx, changeOf(at), certificates))
  expect(imported.authority.state).toBe('prepared')
  expect((await rootsOf(at)).toSorted()).toEqual([ownRoot, base64(root.der)].toSorted())
  const before = await at.x509(await workload.prove())
  expect(before.certificates, 'not yet').toHaveLength(1)
  at.server.clock.forward(901)
  await keepAuthorities(at.spiffe, defaultTenantId)
  const after = await at.x509(await workload.prove())
  expect(after.certificates).toHaveLength(2)
  expect(await verifiesUnder(at, after.certificates, [base64(root.der)])).toMatchObject({ ok: true })

  // It is not followed by one that signs itself: a person is told in time.
  at.server.clock.forward(25 * 86_400)
  await keepAuthorities(at.spiffe, defaultTenantId)
  const findings = await at.inTenant((tx) => tx.query.selectFrom('finding').selectAll().execute())
  expect(findings.map((each) => each.kind)).toEqual(['svid_authority_ending'])
  const active = await at.x509(await workload.prove())
  expect(new X509Certificate(Buffer.from(active.certificates[0] ?? new Uint8Array())).issuer).toContain('Mayfly')
})

test('a certificate that is not the answer to our request is refused with the reason, and nothing is taken', async () => {
  await using at = await startSpiffe()
  const root = makeAuthority({ commonName: 'Company Root' })
  const take = (certificates: string) => at.inTenant((tx) => importAuthority(at.spiffe, tx, changeOf(at), certificates))
  await expect(take(pemOf(root)), 'nothing was asked for').rejects.toThrow('state_not_allowed')
  const { csr } = await at.inTenant((tx) => requestAuthority(at.spiffe, tx, changeOf(at)))
  const cases: readonly (readonly [string, string])[] = [
    [pemOf(root), 'it signed itself'],
    [pemOf(makeAuthority({ trustDomain: 'example.org', above: root }), root), 'another key'],
    [signRequestAs(csr, root, [], (t) => ({ ...t, subjectAltName: { uri: ['spiffe://other.org'] } })), 'its one URI'],
    [signRequestAs(csr, root, [], (t) => ({ ...t, basicConstraints: { isCa: false } })), 'cA is not set'],
    [signRequestAs(csr, root, [], (t) => ({ ...t, keyUsage: ['digitalSignature', 'keyCertSign'] })), 'only leaves'],
    [signRequestAs(csr, root, [], (t) => ({ ...t, notAfter: new Date(t.notBefore.getTime() + 30_000) })), 'has ended'],
    [signAuthorityRequest(csr, root).split('-----END CERTIFICATE-----')[0] ?? '', 'does not end'],
  ]
  for (const [certificates, reason] of cases) await expect(take(certificates), reason).rejects.toThrow(reason)
  const { authority } = await take(signAuthorityRequest(csr, root))
  expect(authority.state, 'control').toBe('prepared')
})

test('a request can be given up, so that another way can be gone', async () => {
  await using at = await startSpiffe()
  await at.inTenant((tx) => requestAuthority(at.spiffe, tx, changeOf(at)))
  expect((await at.inTenant((tx) => rotateAuthority(at.spiffe, tx, changeOf(at)))).receipt, 'one waits').toBeNull()
  const { authority } = await at.inTenant((tx) => abandonAuthorityRequest(tx, changeOf(at)))
  expect(authority.state).toBe('retired')
  expect((await at.inTenant((tx) => rotateAuthority(at.spiffe, tx, changeOf(at)))).authority.state).toBe('prepared')
})
