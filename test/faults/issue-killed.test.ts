import { expect, test } from 'vitest'
import { until } from '../support/index.ts'
import { withClient } from '../support/index.ts'
import { allGone, createFaultFixture, expectSound, type FaultFixture, startGate } from './fault-fixture.ts'

function requestedRow(fixture: FaultFixture) {
  return until(async () => (await fixture.credentials()).find((row) => row.state === 'requested'), {
    withinMs: 15_000,
    describe: 'the row stands before the account',
  })
}

test.each([18, 15] as const)(
  'killed between row and account: the row is ended, no account stays (PostgreSQL %i)',
  async (version) => {
    await using fixture = await createFaultFixture(version)
    const { life, place, group, call, identity } = fixture
    await using gate = await startGate(place)
    await life.makeResource('far-db', 'orders-team', { ...place, port: gate.port })
    await life.makeRole('far-db', 'readonly', group)
    gate.close()
    await using issuer = await fixture.startIssuer(call, { role: 'far-db/readonly' })
    const row = await requestedRow(fixture)
    await issuer.kill()
    expect(await fixture.exists(row), 'control: there is a row, and no account').toBe(false)
    gate.open()
    await using _server = await fixture.startServer()
    await allGone(fixture)
    const [gone] = await fixture.credentials()
    expect(gone).toMatchObject({ ended_unborn: true, identity_id: identity.identity_id })
    expect(gone?.removed_at?.getTime()).toBeGreaterThan(row.create_deadline_at.getTime())
    await expectSound(fixture)
  },
)

test.each([18, 15] as const)(
  'killed between account and activation: the account is found by its row and removed (PostgreSQL %i)',
  async (version) => {
    await using fixture = await createFaultFixture(version)
    const { call } = fixture
    await using hold = await fixture.holdAccounts()
    await using issuer = await fixture.startIssuer(call)
    const row = await requestedRow(fixture)
    await fixture.createIsWaiting()
    await withClient(fixture.store.superuserUrl, async (blocker) => {
      // The activation waits for this row.
      await blocker.query('begin')
      await blocker.query('select from mayfly.credential where credential_id = $1 for update', [row.credential_id])
      await hold.release()
      await until(() => fixture.exists(row), { describe: 'the account stands' })
      await issuer.kill()
      await blocker.query('rollback')
    })
    expect((await fixture.rowOf(row)).state, 'control: it was never activated').toBe('requested')
    await using _server = await fixture.startServer()
    await allGone(fixture)
    expect(await fixture.exists(row)).toBe(false)
    await expectSound(fixture)
  },
)

test.each([18, 15] as const)(
  'a create that takes effect after its creator died is removed all the same (PostgreSQL %i)',
  async (version) => {
    await using fixture = await createFaultFixture(version)
    const { call } = fixture
    await using _server = await fixture.startServer()
    await using hold = await fixture.holdAccounts()
    await using issuer = await fixture.startIssuer(call, { createTimeoutMs: 5_000 })
    const row = await requestedRow(fixture)
    await fixture.createIsWaiting()
    await issuer.kill()
    await fixture.revoke({ kind: 'credential', id: row.credential_id })
    await until(async () => (await fixture.rowOf(row)).attempts > 0, { describe: 'the removal has looked once' })
    expect((await fixture.rowOf(row)).state, 'absent once is not yet removed').toBe('revoking')
    await hold.release()
    await allGone(fixture)
    expect(await fixture.exists(row)).toBe(false)
    const gone = await fixture.rowOf(row)
    expect(gone.removed_at?.getTime()).toBeGreaterThan(row.create_deadline_at.getTime())
    await expectSound(fixture)
  },
)

test('a create that waits beyond its deadline never takes effect', async () => {
  await using fixture = await createFaultFixture(18)
  const { call } = fixture
  await using hold = await fixture.holdAccounts()
  await using issuer = await fixture.startIssuer(call, { createTimeoutMs: 2_000 })
  const row = await requestedRow(fixture)
  await fixture.createIsWaiting()
  await issuer.kill()
  await until(
    async () =>
      (await fixture.sql(`select from pg_stat_activity where usename = '${fixture.place.login.username}'`)).length ===
      0,
    { withinMs: 15_000, describe: 'the target itself has given up' },
  )
  await hold.release()
  expect(await fixture.exists(row)).toBe(false)
  await using _server = await fixture.startServer()
  await allGone(fixture)
  await expectSound(fixture)
})
