/** X509-SVIDs as workloads get them, judged by OpenSSL, by Node and by our own reader. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { isX509Fault, oid, parseCertificate } from '@mayfly/domain'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyX509Svid } from '../../../packages/server/src/adapters/x509/verify-x509-svid.ts'
import { startWorld, type World } from '../http/world.ts'
import { makeAuthority } from './make-authority.ts'
import { makeRequest, readCrlText, verifyWithOpenssl } from './openssl.ts'
import {
  activeAuthority,
  fetchBundle,
  fetchCrl,
  issueX509,
  makeWorkloadKey,
  publicKeyOf,
  readCertificate,
  rootsOf,
} from './spiffe-world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

function parsed(der: string) {
  const certificate = parseCertificate(Buffer.from(der, 'base64'))
  if (isX509Fault(certificate)) throw new Error(certificate.fault)
  return certificate
}

test('an X509-SVID is verified by OpenSSL, strictly, as server and as client, with its CRL', async () => {
  const { caller } = await world.make.workload()
  const svid = await issueX509(caller)
  const { bundle } = await fetchBundle(world)
  const crl = await fetchCrl(world, (await activeAuthority(world)).key_id)
  expect(crl.status).toBe(200)
  expect(crl.headers.get('content-type')).toBe('application/pkix-crl')
  const path = { leaf: svid.certificates[0], roots: rootsOf(bundle), crl: crl.der }
  for (const purpose of ['sslserver', 'sslclient']) {
    expect(await verifyWithOpenssl(path, ['-purpose', purpose])).toMatchObject({ ok: true })
  }
  const stranger = Buffer.from(makeAuthority({ trustDomain: 'mayfly.internal' }).der).toString('base64')
  expect(await verifyWithOpenssl({ ...path, roots: [stranger] }), 'control: another root').toMatchObject({ ok: false })
})

test('the certificate of the authority itself is verified strictly', async () => {
  const { certificate, root } = await activeAuthority(world)
  expect(await verifyWithOpenssl({ leaf: certificate, roots: [root] })).toMatchObject({ ok: true })
})

test('[X1] there is one URI among the names, the SPIFFE ID, and DNS names beside it where they are registered', async () => {
  const { caller, identity } = await world.make.workload({ attributes: { dns_names: 'orders.internal orders' } })
  const svid = await issueX509(caller, { dns_names: ['orders.internal'] })
  const names = parsed(svid.certificates[0]).subjectAltName
  expect(names?.uri).toEqual([svid.spiffe_id])
  expect(names?.dns).toEqual(['orders.internal'])
  expect(svid.spiffe_id).toBe(`spiffe://mayfly.internal/development/service/${identity.name}`)
  expect(svid.hint).toBe(identity.name)

  const refused = await caller.ask(
    { method: 'POST', path: '/v1/svids/x509' },
    { body: { public_key: makeWorkloadKey().spki, dns_names: ['payroll.internal'] } },
  )
  expect(refused.status).toBe(400)
  expect(refused.json['errors']).toEqual([{ pointer: '/dns_names/0', detail: 'the registry does not list it' }])
})

test('[X2] the ID of a leaf has a path, that of what signs has none', async () => {
  const { caller } = await world.make.workload()
  const leaf = parsed((await issueX509(caller)).certificates[0])
  expect(leaf.subjectAltName?.uri[0]).toMatch(/^spiffe:\/\/mayfly\.internal\/.+/)
  const authority = parsed((await activeAuthority(world)).certificate)
  expect(authority.subjectAltName?.uri).toEqual(['spiffe://mayfly.internal'])
})

test('[X3] the subject of a leaf is empty, so its names are critical', async () => {
  const { caller } = await world.make.workload()
  const leaf = parsed((await issueX509(caller)).certificates[0])
  expect(leaf.subject.attributes).toEqual([])
  expect(leaf.extensions.get(oid.subjectAltName)?.critical).toBe(true)
})

test('[X4] a leaf is no authority, an authority is one', async () => {
  const { caller } = await world.make.workload()
  expect(parsed((await issueX509(caller)).certificates[0]).basicConstraints?.isCa ?? false).toBe(false)
  expect(parsed((await activeAuthority(world)).certificate).basicConstraints).toEqual({ isCa: true, maxPathLength: 0 })
})

test('[X5] key usage is critical: a leaf signs data and nothing that certifies, an authority the reverse', async () => {
  const { caller } = await world.make.workload()
  const leaf = parsed((await issueX509(caller)).certificates[0])
  expect(leaf.extensions.get(oid.keyUsage)?.critical).toBe(true)
  expect([...(leaf.keyUsage ?? [])].toSorted()).toEqual(['digitalSignature', 'keyAgreement'])
  const authority = parsed((await activeAuthority(world)).certificate)
  expect(authority.extensions.get(oid.keyUsage)?.critical).toBe(true)
  expect([...(authority.keyUsage ?? [])].toSorted()).toEqual(['cRLSign', 'keyCertSign'])
})

test('[X6] a leaf is for servers and for clients', async () => {
  const { caller } = await world.make.workload()
  expect(parsed((await issueX509(caller)).certificates[0]).extendedKeyUsage).toEqual([oid.serverAuth, oid.clientAuth])
})

test('[X7] the authority itself authenticates nobody', async () => {
  const { certificate, root } = await activeAuthority(world)
  const { caller } = await world.make.workload()
  const [leaf] = (await issueX509(caller)).certificates
  const verify = (der: string) =>
    verifyX509Svid({
      certificates: [Buffer.from(der, 'base64')],
      bundleOf: (trustDomain) => (trustDomain === 'mayfly.internal' ? [parsed(root)] : undefined),
      at: new Date(),
      purpose: 'clientAuth',
    })
  expect(verify(leaf), 'control').toMatchObject({ outcome: 'valid' })
  expect(verify(certificate)).toMatchObject({ outcome: 'rejected' })
})

test('a key can be brought as a request, whose signature is checked and whose other wishes are not heard', async () => {
  const { caller, identity } = await world.make.workload()
  const id = `spiffe://mayfly.internal/development/service/${identity.name}`
  const { pem, der: request, spki } = await makeRequest('/CN=root')
  const svid = await caller.get<{ certificates: string[]; spiffe_id: string }>('POST', '/v1/svids/x509', {
    csr: pem,
  })
  const leaf = readCertificate(svid.certificates[0] ?? '')
  expect(leaf.subject ?? '').toBe('')
  expect(svid.spiffe_id).toBe(id)
  expect(leaf.publicKey.export({ format: 'der', type: 'spki' }).equals(spki)).toBe(true)

  const der = Buffer.from(request)
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
  const forged = await caller.ask({ method: 'POST', path: '/v1/svids/x509' }, { body: { csr: der.toString('base64') } })
  expect(forged.status, 'a request that its key did not sign').toBe(400)
})

test('with `make_key` the key fits the certificate, goes out once and is kept nowhere', async () => {
  const { caller } = await world.make.workload()
  const svid = await caller.get<{ certificates: string[]; private_key: string }>('POST', '/v1/svids/x509', {
    make_key: true,
  })
  const key = createPrivateKey({ key: Buffer.from(svid.private_key, 'base64'), format: 'der', type: 'pkcs8' })
  expect(readCertificate(svid.certificates[0] ?? '').checkPrivateKey(key)).toBe(true)
  const rows = await world.sql<{ text: string }>('select to_jsonb(s)::text as text from svid s')
  const entries = await world.sql<{ text: string }>(`select convert_from(data, 'UTF8') as text from entry`)
  for (const { text } of [...rows, ...entries]) expect(text).not.toContain(svid.private_key.slice(40, 80))
  const inHex = Buffer.from(svid.private_key, 'base64').toString('hex').slice(80, 120)
  for (const { text } of rows) expect(text).not.toContain(inHex)
})

test('Ed25519 and RSA keys are certified, weak and foreign ones are refused with the reason', async () => {
  const { caller } = await world.make.workload()
  const spki = (key: { export(options: { format: 'der'; type: 'spki' }): Buffer }) =>
    key.export({ format: 'der', type: 'spki' }).toString('base64')
  const good = [
    spki(generateKeyPairSync('ed25519').publicKey),
    spki(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
    spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey),
  ]
  const { bundle } = await fetchBundle(world)
  for (const publicKey of good) {
    const svid = await issueX509(caller, { public_key: publicKey })
    const leaf = svid.certificates[0]
    expect(readCertificate(leaf).publicKey.equals(publicKeyOf(publicKey))).toBe(true)
    expect(await verifyWithOpenssl({ leaf, roots: rootsOf(bundle) })).toMatchObject({ ok: true })
  }
  const offCurve = Buffer.from(makeWorkloadKey().spki, 'base64')
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1
  const bad = [
    spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
    spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
    offCurve.toString('base64'),
    Buffer.from('not a key').toString('base64'),
  ]
  for (const publicKey of bad) {
    const answer = await caller.ask({ method: 'POST', path: '/v1/svids/x509' }, { body: { public_key: publicKey } })
    expect(answer.status).toBe(400)
  }
})

test('an SVID never outlives its proof, its identity, or what policy allows', async () => {
  const { caller } = await world.make.workload()
  const seconds = ({ not_after: end }: { not_after: string }) => (Date.parse(end) - Date.now()) / 1000
  expect(seconds(await issueX509(caller, { ttl_seconds: 60 }))).toBeLessThanOrEqual(60)
  const usual = seconds(await issueX509(caller))
  // The proof is fresh for an hour.
  expect(usual).toBeLessThanOrEqual(3_600)
  expect(usual).toBeGreaterThan(3_500)
  expect(seconds(await issueX509(caller, { ttl_seconds: 86_400 }))).toBeLessThanOrEqual(3_600)
  const production = await world.make.workload({ environment: 'production' })
  expect(seconds(await issueX509(production.caller))).toBeLessThanOrEqual(900)
  const ending = await world.make.workload({ expires_at: new Date(Date.now() + 30_000).toISOString() })
  expect(seconds(await issueX509(ending.caller))).toBeLessThanOrEqual(30)
})

test('the row and the entry stand, with who asked, and the holder sees them', async () => {
  const { caller, identity } = await world.make.workload()
  const svid = await issueX509(caller)
  const rows = await world.sql<Record<string, unknown>>(
    `select s.*, e.action, convert_from(e.data, 'UTF8')::jsonb as entry from svid s
     join entry e on e.decision_id = s.decision_id and e.action = 'svid.issued'
     join decision d on d.decision_id = s.decision_id where s.serial_number = $1`,
    [svid.serial_number],
  )
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    kind: 'x509',
    state: 'live',
    spiffe_id: svid.spiffe_id,
    identity_id: identity.identity_id,
  })
  expect(rows[0]?.['entry']).toMatchObject({
    stream: 'issuance',
    body: { serial_number: svid.serial_number },
    rows: [{ table: 'svid' }],
  })
  expect(readCertificate(svid.certificates[0]).serialNumber.toLowerCase()).toBe(svid.serial_number)
  const holds = await caller.get<{ svid_count: number; svids: { serial_number: string }[] }>(
    'GET',
    `/v1/identities/${identity.name}/holds`,
  )
  expect(holds.svid_count).toBe(1)
  expect(holds.svids[0]?.serial_number).toBe(svid.serial_number)
  const listed = await caller.get<{ items: { serial_number: string }[] }>(
    'GET',
    `/v1/svids?identity=${identity.identity_id}`,
  )
  expect(listed.items.map((each) => each.serial_number)).toEqual([svid.serial_number])
})

test('many SVIDs of one proof rest on one decision, and share commits', async () => {
  const { caller } = await world.make.workload()
  const svids = await Promise.all(Array.from({ length: 40 }, () => issueX509(caller)))
  expect(new Set(svids.map((each) => each.serial_number)).size).toBe(40)
  const [counted] = await world.sql<{ svids: number; decisions: number; commits: number }>(
    `select count(*)::int as svids, count(distinct decision_id)::int as decisions, count(distinct xmin::text)::int as commits
     from svid where serial_number = any($1)`,
    [svids.map((each) => each.serial_number)],
  )
  expect(counted?.svids).toBe(40)
  expect(counted?.decisions).toBe(1)
  expect(counted?.commits).toBeLessThan(40)
})

test('a CRL lists what was revoked, from the moment of the revocation, and OpenSSL refuses it then', async () => {
  const { caller } = await world.make.workload()
  const [kept, ended] = [await issueX509(caller), await issueX509(caller)]
  const { key_id: keyId } = await activeAuthority(world)
  const { bundle } = await fetchBundle(world)
  const before = await readCrlText((await fetchCrl(world, keyId)).der)
  const revocation = await caller.get<{ revocation_id: string; svids: number; state: string }>(
    'POST',
    '/v1/revocations',
    { selector: { kind: 'svid', ref: ended.serial_number } },
  )
  const crl = (await fetchCrl(world, keyId)).der
  expect(revocation).toMatchObject({ svids: 1, state: 'complete' })
  const list = await readCrlText(crl)
  expect(list).toContain(ended.serial_number.toUpperCase())
  expect(list).not.toContain(kept.serial_number.toUpperCase())
  expect(before, 'control: it was not there before').not.toContain(ended.serial_number.toUpperCase())
  const verdictOf = (leaf: string) => verifyWithOpenssl({ leaf, roots: rootsOf(bundle), crl })
  expect(await verdictOf(kept.certificates[0])).toMatchObject({ ok: true })
  const refused = await verdictOf(ended.certificates[0])
  expect(refused.ok).toBe(false)
  expect(refused.text).toContain('certificate revoked')
})
