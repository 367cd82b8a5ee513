/** Rows of SVIDs do not stay for ever: they are removed when nothing needs them, and the log tells that they were. */
import { defaultTenantId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { forgetSvids } from '../../../packages/server/src/application/spiffe/forget-svids.ts'
import { currentCrl, signCrls } from '../../../packages/server/src/application/spiffe/sign-crl.ts'
import { findSvidBySerial, listSvids } from '../../../packages/server/src/store/svid-rows.ts'
import { withClient } from '../../support/index.ts'
import { verifyLog } from '../tokens/tokens-fixture.ts'
import { readCrlText } from './openssl.ts'
import { type SpiffeFixture, startSpiffe } from './spiffe-fixture.ts'

const never = new AbortController().signal
const day = 86_400

async function serials(at: SpiffeFixture): Promise<readonly string[]> {
  const rows = await at.inTenant((tx) => listSvids(tx, {}, { limit: 100 }))
  return rows.map((row) => row.serial_number)
}

test('a row goes a day after its end, a revoked one once a later CRL has named it; the log explains the rest', async () => {
  await using at = await startSpiffe({ daysAgo: 3 })
  const orders = await at.workload('orders')
  const ctx = await orders.prove()
  const [kept, revoked] = [await at.x509(ctx, { ttlSeconds: 600 }), await at.x509(ctx, { ttlSeconds: 600 })]
  await at.jwt(ctx)
  await at.inTenant(async (tx) => {
    const row = await findSvidBySerial(tx, revoked.serialNumber)
    const selector = { kind: 'svid', id: row?.svid_id ?? '' } as const
    const requestedBy = { kind: 'system', id: 'test' }
    await requestRevocation(tx, { selector, cause: 'requested_by_operator', requestedBy, now: at.server.clock.now() })
  })
  await signCrls(at.spiffe, defaultTenantId, never)
  at.server.clock.forward(day)
  expect(await forgetSvids(at.spiffe, defaultTenantId, never)).toBe('idle')
  expect(await serials(at), 'their end is not a day past').toHaveLength(3)

  at.server.clock.forward(2 * day)
  const young = await at.x509(await orders.prove())
  await forgetSvids(at.spiffe, defaultTenantId, never)
  expect(await serials(at), 'no list from after its end has named it').toEqual([
    revoked.serialNumber,
    young.serialNumber,
  ])
  expect(await serials(at)).not.toContain(kept.serialNumber)
  await signCrls(at.spiffe, defaultTenantId, never)
  const [authority] = await at.inTenant((tx) => tx.query.selectFrom('x509_authority').select('key_id').execute())
  const crl = await currentCrl(at.spiffe, defaultTenantId, authority?.key_id ?? '')
  expect(await readCrlText(crl?.der ?? new Uint8Array())).toContain(revoked.serialNumber.toUpperCase())
  await forgetSvids(at.spiffe, defaultTenantId, never)
  expect(await serials(at), 'control: what is alive').toEqual([young.serialNumber])

  const told = (await at.server.entries()).filter(({ action }) => action === 'svid.forgotten')
  expect(told.map((entry) => (entry['rows'] as unknown[]).length)).toEqual([2, 1])
  expect((await verifyLog(at.server)).findings).toEqual([])
  await withClient(at.server.store.superuserUrl, async (client) => {
    await client.query('set search_path = mayfly, pg_catalog')
    await expect(client.query('delete from svid'), 'the database refuses to forget sooner').rejects.toThrow(
      'a row of svid is not removed before 1 day past its end',
    )
  })
})

test('what is due to be listed by an authority that signs no list any more is forgotten with its rows', async () => {
  await using at = await startSpiffe({ daysAgo: 3 })
  const orders = await at.workload('orders')
  await at.x509(await orders.prove(), { ttlSeconds: 600 })
  const [authority] = await at.inTenant((tx) => tx.query.selectFrom('x509_authority').selectAll().execute())
  await at.inTenant((tx) =>
    requestRevocation(tx, {
      selector: { kind: 'svid_authority', id: authority?.key_id ?? '' },
      cause: 'key_compromised',
      requestedBy: { kind: 'system', id: 'test' },
      now: at.server.clock.now(),
    }),
  )
  const due = () => at.inTenant((tx) => tx.query.selectFrom('crl_due').select('svid_id').execute())
  at.server.clock.forward(3 * day)
  await forgetSvids(at.spiffe, defaultTenantId, never)
  expect(
    [await serials(at), await due()].map((rows) => rows.length),
    'control: it still signs',
  ).toEqual([1, 1])
  await at.inTenant((tx) =>
    tx.query.updateTable('x509_authority').set({ state: 'retired', retired_at: at.server.clock.now() }).execute(),
  )
  await forgetSvids(at.spiffe, defaultTenantId, never)
  expect([await serials(at), await due()].map((rows) => rows.length)).toEqual([0, 0])
})

test('many are removed in batches of a bounded size, oldest first', async () => {
  await using at = await startSpiffe({ daysAgo: 3 })
  const orders = await at.workload('orders')
  await at.jwt(await orders.prove())
  await withClient(at.server.store.superuserUrl, async (client) => {
    await client.query('set search_path = mayfly, pg_catalog')
    await client.query(
      `insert into svid (tenant_id, svid_id, kind, serial_number, identity_id, attestation_id, decision_id, spiffe_id,
         issuing_key_id, issued_at, expires_at)
       select tenant_id, gen_random_uuid(), 'jwt', replace(gen_random_uuid()::text, '-', ''), identity_id, attestation_id,
         decision_id, spiffe_id, issuing_key_id, issued_at, expires_at + n * interval '1 ms' from svid, generate_series(1, 1500) n`,
    )
  })
  const count = () =>
    at.inTenant(async (tx) => {
      const row = await tx.query
        .selectFrom('svid')
        .select((of) => [of.fn.countAll<string>().as('n'), of.fn.min('expires_at').as('first')])
        .executeTakeFirstOrThrow()
      return { n: Number(row.n), first: row.first }
    })
  at.server.clock.forward(3 * day)
  const before = await count()
  expect(await forgetSvids(at.spiffe, defaultTenantId, never)).toBe('more')
  const between = await count()
  expect([before.n, between.n]).toEqual([1501, 501])
  expect(between.first.getTime()).toBe(before.first.getTime() + 1000)
  expect(await forgetSvids(at.spiffe, defaultTenantId, never)).toBe('idle')
  expect((await count()).n).toBe(0)
})
