import { expect, test } from 'vitest'
import { until } from '../support/index.ts'
import { allGone, createFaultFixture, expectSound } from './fault-fixture.ts'

test.each([18, 15] as const)(
  'a server killed during a revocation is replaced, and no row is forgotten (PostgreSQL %i)',
  async (version) => {
    await using fixture = await createFaultFixture(version)
    const { life, identity } = fixture
    await life.makeRole('orders-db', 'many', fixture.group, { maxLivePerIdentity: 1_000 })
    await fixture.issueMany(60, { role: 'orders-db/many' })
    await using first = await fixture.startServer()
    await using hold = await fixture.holdAccounts()
    await fixture.revoke({ kind: 'identity', id: identity.identity_id })
    await until(async () => (await fixture.inHand()) === 60, { describe: 'the first server has them in hand' })
    await first.kill()
    await hold.release()
    expect(
      (await fixture.credentials()).some((row) => row.state === 'revoking'),
      'control: work is left',
    ).toBe(true)
    await using _second = await fixture.startServer()
    // The claim of the dead one runs out.
    await allGone(fixture)
    const revocations = await life.inTenant((tx) => tx.query.selectFrom('revocation').selectAll().execute())
    expect(revocations).toMatchObject([{ state: 'complete', total: 60, cut_count: 60, removed_count: 60 }])
    await expectSound(fixture)
  },
)

test('two servers on one database share the work: each moment is recorded once, whichever of them dies', async () => {
  await using fixture = await createFaultFixture(18)
  const { life, identity } = fixture
  await life.makeRole('orders-db', 'many', fixture.group, { maxLivePerIdentity: 1_000 })
  await fixture.issueMany(40, { role: 'orders-db/many' })
  await using first = await fixture.startServer()
  await using _second = await fixture.startServer()
  const rows = await fixture.credentials()
  await Promise.all(rows.slice(0, 20).map((row) => fixture.revoke({ kind: 'credential', id: row.credential_id })))
  await fixture.revoke({ kind: 'identity', id: identity.identity_id })
  await first.kill()
  await allGone(fixture)
  const entries = await life.entries()
  const count = (action: string) => entries.filter((entry) => entry.action === action).length
  expect([count('credential.cut'), count('credential.revoked')]).toEqual([40, 40])
  const running = await life.inTenant((tx) =>
    tx.query.selectFrom('revocation').select('state').where('state', '=', 'running').execute(),
  )
  expect(running).toEqual([])
  await expectSound(fixture)
})
