import { expect, test } from 'vitest'
import { movableClock } from '../integration/lifecycle/lifecycle-fixture.ts'
import { until, withClient } from '../support/index.ts'
import { createFaultFixture, expectSound } from './fault-fixture.ts'

test('a clock that jumps ahead ends early and for good; one that jumps back revives nothing', async () => {
  const clock = movableClock()
  await using fixture = await createFaultFixture(18, { clock })
  const { life } = fixture
  await life.startWorkers(50)
  const issued = await Promise.all(Array.from({ length: 5 }, () => fixture.issue()))
  clock.moveBySeconds(7_200)
  for (const { row } of issued) await fixture.becomes(row, 'revoked')
  clock.moveBySeconds(-14_400)
  for (const { row } of issued) {
    expect((await fixture.rowOf(row)).state).toBe('revoked')
    expect(await fixture.exists(row)).toBe(false)
  }
  clock.moveBySeconds(7_200)
  await expectSound(fixture)
})

test('a clock that jumps while a removal is under way loses no lease and records each moment once', async () => {
  const clock = movableClock()
  await using fixture = await createFaultFixture(18, { clock })
  const { life, identity } = fixture
  await fixture.issueMany(30)
  await life.startWorkers(50)
  await fixture.revoke({ kind: 'identity', id: identity.identity_id })
  clock.moveBySeconds(3_600)
  await until(async () => (await fixture.credentials()).every((row) => row.state === 'revoked'), {
    withinMs: 20_000,
    describe: 'all are revoked',
  })
  const entries = await life.entries()
  expect(entries.filter((entry) => entry.action === 'credential.revoked')).toHaveLength(30)
  await expectSound(fixture)
})

test('a sequencer that is starved stops minting within a minute, never revoking, and catches up', async () => {
  const clock = movableClock()
  await using fixture = await createFaultFixture(18, { clock })
  const { life } = fixture
  await life.startWorkers(50)
  const issued = await fixture.issue()
  // Nobody sequences; a minute passes.
  clock.moveBySeconds(61)
  await expect(fixture.issue()).rejects.toMatchObject({ code: 'issuance_paused' })
  await fixture.revoke({ kind: 'credential', id: issued.row.credential_id })
  await fixture.becomes(issued.row, 'revoked')
  await life.sequence()
  expect((await fixture.issue()).row.state).toBe('active')
  await expectSound(fixture)
})

test('a sequencer killed under load leaves a log that the next one continues', async () => {
  await using fixture = await createFaultFixture(18, { limits: { issuesPerMinute: 100_000 } })
  const { life } = fixture
  await life.makeRole('orders-db', 'many', fixture.group, { maxLivePerIdentity: 10_000 })
  const checkpoints = () =>
    withClient(fixture.store.superuserUrl, async (client) => {
      const { rows } = await client.query<{ size: number }>('select max(size)::int as size from mayfly.log_checkpoint')
      return rows[0]?.size ?? 0
    })
  const loading = new AbortController()
  const load = async () => {
    while (!loading.signal.aborted) await fixture.issue({ role: 'orders-db/many' })
  }
  const loaders = [load(), load()]
  for (let round = 0; round < 3; round++) {
    const before = await checkpoints()
    await using server = await fixture.startServer()
    await until(async () => (await checkpoints()) > before, { withinMs: 20_000, describe: 'the log has grown' })
    await server.kill()
  }
  loading.abort()
  await Promise.all(loaders)
  await expectSound(fixture)
  expect(await checkpoints(), 'signed to the end').toBe((await life.entries()).length)
})
