/** Authorities and JWT keys change without a moment in which somebody cannot verify; a compromised one goes at once. */
import { X509Certificate } from 'node:crypto'
import { defaultTenantId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { readBundle, isBundleFault } from '../../../packages/server/src/adapters/spiffe/read-bundle.ts'
import { verifyState } from '../../../packages/server/src/application/audit/verify-state.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { ensureAuthorities } from '../../../packages/server/src/application/spiffe/ensure-authorities.ts'
import { keepAuthorities } from '../../../packages/server/src/application/spiffe/run-authority-upkeep.ts'
import { rotateAuthority } from '../../../packages/server/src/application/spiffe/rotate-authority.ts'
import { currentCrl } from '../../../packages/server/src/application/spiffe/sign-crl.ts'
import { getBundleDocument } from '../../../packages/server/src/application/spiffe/trust-bundle.ts'
import { trustChanges } from '../../../packages/server/src/application/spiffe/trust-changes.ts'
import { rotateSigningKey } from '../../../packages/server/src/application/proof/rotate-signing-key.ts'
import { keepKeys } from '../../../packages/server/src/application/proof/run-key-upkeep.ts'
import { readTrustState } from '../../../packages/server/src/store/host-event-rows.ts'
import { findSvid, findSvidBySerial } from '../../../packages/server/src/store/svid-rows.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import { withClient } from '../../support/index.ts'
import { verifyWithOpenssl } from './openssl.ts'
import { type SpiffeFixture, startSpiffe } from './spiffe-fixture.ts'

const admin = { kind: 'system', worker: 'test' } as const

function rotate(at: SpiffeFixture, compromised = false) {
  const change = { now: at.server.clock.now(), actor: admin, requestId: 'test-request', compromised }
  return at.inTenant((tx) => rotateAuthority(at.spiffe, tx, change))
}

async function roots(at: SpiffeFixture): Promise<string[]> {
  const { document } = await at.bundle()
  return document.keys.flatMap((key) => (key['use'] === 'x509-svid' ? (key['x5c'] as string[]) : []))
}

async function jwtKeyIds(at: SpiffeFixture): Promise<string[]> {
  const { document } = await at.bundle()
  return document.keys.flatMap((key) =>
    key['use'] === 'jwt-svid' && typeof key['kid'] === 'string' ? [key['kid']] : [],
  )
}

const base64 = (der: Uint8Array) => Buffer.from(der).toString('base64')

test('[F5] an authority is in the bundle three refresh hints before it signs, and signs when asked again then', async () => {
  await using at = await startSpiffe()
  const workload = await at.workload('orders')
  const [first = ''] = await roots(at)
  const { document: before } = await at.bundle()
  const prepared = await rotate(at)
  expect(prepared.authority.state).toBe('prepared')
  expect(await roots(at)).toHaveLength(2)
  expect((await at.bundle()).document.spiffe_sequence).toBe(before.spiffe_sequence + 1)

  at.server.clock.forward(3 * before.spiffe_refresh_hint - 5)
  expect((await rotate(at)).receipt, 'too early: nothing happens').toBeNull()
  const early = await at.x509(await workload.prove())
  expect(issuerOf(early.certificates)).toBe(new X509Certificate(Buffer.from(first, 'base64')).subject)

  at.server.clock.forward(10)
  const active = await rotate(at)
  expect(active.authority.state).toBe('active')
  expect(active.retired?.state).toBe('retired')
  const late = await at.x509(await workload.prove())
  expect(issuerOf(late.certificates)).toBe(new X509Certificate(active.authority.certificate ?? '').subject)
  // Both are verified by whoever has the bundle, the one signed before too.
  for (const { certificates } of [early, late]) {
    const [leaf] = certificates
    if (leaf === undefined) throw new Error('no leaf')
    const verdict = await verifyWithOpenssl({ leaf: base64(leaf), roots: await roots(at) }, [
      '-attime',
      String(Math.floor(at.server.clock.now().getTime() / 1000)),
    ])
    expect(verdict).toMatchObject({ ok: true })
  }
})

test('each authority has a subject and a key id of its own', async () => {
  await using at = await startSpiffe()
  await rotate(at)
  const certificates = (await roots(at)).map((der) => new X509Certificate(Buffer.from(der, 'base64')))
  expect(new Set(certificates.map((each) => each.subject)).size).toBe(2)
  const keyIds = certificates.map((each) => /serialNumber=([0-9a-f]{40})/.exec(each.subject)?.[1])
  expect(new Set(keyIds).size).toBe(2)
})

test('the upkeep prepares a successor at half its life, activates it, and takes the old one out when nothing lives under it', async () => {
  await using at = await startSpiffe()
  const days = 86_400
  await keepAuthorities(at.spiffe, defaultTenantId)
  expect(await roots(at), 'young').toHaveLength(1)
  at.server.clock.forward(15 * days + 60)
  await keepAuthorities(at.spiffe, defaultTenantId)
  expect(await roots(at)).toHaveLength(2)
  at.server.clock.forward(901)
  await keepAuthorities(at.spiffe, defaultTenantId)
  const states = await at.inTenant((tx) =>
    tx.query.selectFrom('x509_authority').select(['state', 'trusted_until']).orderBy('requested_at').execute(),
  )
  expect(states.map((row) => row.state)).toEqual(['retired', 'active'])
  at.server.clock.forward(86_400)
  await keepAuthorities(at.spiffe, defaultTenantId)
  expect(await roots(at), 'still within the longest life of an SVID, and a minute').toHaveLength(2)
  const { document: before } = await at.bundle()
  at.server.clock.forward(120)
  await keepAuthorities(at.spiffe, defaultTenantId)
  expect(await roots(at)).toHaveLength(1)
  expect((await at.bundle()).document.spiffe_sequence).toBe(before.spiffe_sequence + 1)
  await keepAuthorities(at.spiffe, defaultTenantId)
  expect((await at.bundle()).document.spiffe_sequence, 'nothing changed, and neither does it').toBe(
    before.spiffe_sequence + 1,
  )
})

test('a compromised authority leaves the bundle at once, what it signed is revoked, and hosts are told to fetch anew', async () => {
  await using at = await startSpiffe()
  const workload = await at.workload('orders')
  const ctx = await workload.prove()
  const held = await at.x509(ctx)
  const [compromised = ''] = await roots(at)
  const before = await at.inTenant(readTrustState)
  const { authority, retired } = await rotate(at, true)
  expect(authority.state).toBe('active')
  expect(await roots(at)).not.toContain(compromised)
  const row = await at.inTenant((tx) => findSvidBySerial(tx, held.serialNumber))
  expect(row).toMatchObject({ state: 'revoked' })
  const revocation = await at.inTenant((tx) =>
    tx.query.selectFrom('revocation').selectAll().where('svid_count', '>', 0).executeTakeFirstOrThrow(),
  )
  expect(revocation).toMatchObject({ cause: 'key_compromised', svid_count: 1, state: 'complete' })
  const after = await at.inTenant(readTrustState)
  expect(trustChanges(before, after).map((each) => each.event)).toEqual(['reissue', 'bundle_changed'])
  expect(
    await currentCrl(at.spiffe, defaultTenantId, retired?.key_id ?? ''),
    'its word is worth nothing',
  ).toBeUndefined()
  const next = await at.x509(ctx)
  const [leaf] = next.certificates
  expect(await verifyWithOpenssl({ leaf: base64(leaf ?? new Uint8Array()), roots: await roots(at) })).toMatchObject({
    ok: true,
  })
})

test('JWT keys are published with use and kid before they sign, and follow the same steps', async () => {
  await using at = await startSpiffe()
  const workload = await at.workload('orders')
  const change = (compromised = false) => ({
    purpose: 'jwt_svid' as const,
    now: at.server.clock.now(),
    actor: admin,
    requestId: 'test-request',
    compromised,
  })
  const [first = ''] = await jwtKeyIds(at)
  await at.inTenant((tx) => rotateSigningKey(at.spiffe, tx, change()))
  expect(await jwtKeyIds(at)).toHaveLength(2)
  expect(kidOf(await at.jwt(await workload.prove()))).toBe(first)
  at.server.clock.forward(901)
  await keepKeys(at.spiffe, defaultTenantId)
  const second = kidOf(await at.jwt(await workload.prove()))
  expect(second).not.toBe(first)
  expect(await jwtKeyIds(at), 'what the first signed is still verified').toContain(first)
  at.server.clock.forward(3_661)
  await keepAuthorities(at.spiffe, defaultTenantId)
  expect(await jwtKeyIds(at)).toEqual([second])

  const held = await at.jwt(await workload.prove())
  await at.inTenant((tx) => rotateSigningKey(at.spiffe, tx, change(true)))
  expect(await jwtKeyIds(at)).not.toContain(second)
  const jti = claimsOf(held.token.reveal())['jti'] as string
  expect(await at.inTenant((tx) => findSvidBySerial(tx, jti))).toMatchObject({ state: 'revoked' })
})

test('no row of the authority is there that no entry explains, whatever was done to it', async () => {
  await using at = await startSpiffe()
  const workload = await at.workload('orders')
  const ctx = await workload.prove()
  await at.x509(ctx)
  await at.jwt(ctx)
  await rotate(at)
  await rotate(at, true)
  const tables = ['x509_authority', 'svid', 'trust_bundle']
  const findings = async () => {
    const input = { tenantId: defaultTenantId, origin: 'test', verifiers: [], now: at.server.clock.now() }
    const report = await verifyState(at.spiffe.database, input)
    return report.findings.filter((each) => tables.includes(each.table))
  }
  expect(await findings()).toEqual([])
  const svidId = await at.inTenant(
    async (tx) => (await tx.query.selectFrom('svid').select('svid_id').executeTakeFirstOrThrow()).svid_id,
  )
  await withClient(at.server.store.superuserUrl, async (client) => {
    await client.query('set search_path = mayfly, pg_catalog')
    await client.query('alter table svid disable trigger user')
    await client.query(`update svid set state = 'live', revoked_at = null, revocation_id = null where svid_id = $1`, [
      svidId,
    ])
    await client.query('alter table svid enable trigger user')
  })
  expect(await findings(), 'control: one that came alive again').toEqual([
    expect.objectContaining({ kind: 'row_changed', table: 'svid', id: svidId }),
  ])
  expect(await at.inTenant((tx) => findSvid(tx, svidId))).toMatchObject({ state: 'live' })
})

test('another tenant has a trust domain, a bundle and an authority of its own', async () => {
  await using at = await startSpiffe()
  const tenantId = '00000000-0000-7000-8000-0000000000aa' as typeof defaultTenantId
  await at.spiffe.database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: tenantId, name: 'shop', created_at: at.server.clock.now() }),
  )
  await ensureKeys(at.spiffe, tenantId)
  await ensureAuthorities(at.spiffe, tenantId)
  const answer = await at.spiffe.database.transaction(tenantId, getBundleDocument)
  expect(answer.trustDomain).toBe('shop.example.org')
  const { document: ours } = await at.bundle()
  const shared = answer.document.keys.filter((key) => JSON.stringify(ours.keys).includes(JSON.stringify(key['x'])))
  expect(shared).toEqual([])
})

test('a trust domain that is configured otherwise later is refused', async () => {
  await using at = await startSpiffe()
  await expect(ensureAuthorities({ ...at.spiffe, trustDomain: 'elsewhere.org' }, defaultTenantId)).rejects.toThrow(
    'configuration_invalid',
  )
  await ensureAuthorities(at.spiffe, defaultTenantId)
})

test('our own bundle is read back by our reader, key by key', async () => {
  await using at = await startSpiffe()
  const { document } = await at.bundle()
  const read = readBundle(JSON.stringify(document))
  if (isBundleFault(read)) throw new Error(read.fault)
  expect(read.passedOver).toBe(0)
  expect(read.keys).toHaveLength(document.keys.length)
  expect(read.sequence).toBe(document.spiffe_sequence)
})

function issuerOf(certificates: readonly Uint8Array[]): string {
  return new X509Certificate(Buffer.from(certificates[0] ?? new Uint8Array())).issuer
}

function kidOf({ token }: { readonly token: { reveal(): string } }): string {
  const [header = ''] = token.reveal().split('.')
  return (JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { kid: string }).kid
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>
}
