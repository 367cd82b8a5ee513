import { expect, test } from 'vitest'
import { claimDue } from '../../../packages/server/src/store/removal-rows.ts'
import { until, withClient } from '../../support/index.ts'
import { createFixture, movableClock } from './lifecycle-fixture.ts'

test('several who take the same work at once get different credentials, and none while a claim lasts', async () => {
  await using fixture = await createFixture()
  const { life, resource } = fixture
  await life.makeRole('orders-db', 'many', fixture.group, { maxLivePerIdentity: 100 })
  await fixture.issueMany(6, { role: 'orders-db/many' })
  await life.revoke({ kind: 'identity', id: fixture.identity.identity_id })
  const now = life.clock.now()
  const claimedUntil = new Date(now.getTime() + 6_000)
  const take = (at: Date) =>
    life.inTenant(async (tx) => {
      const rows = await claimDue(tx, { resourceId: resource.resource_id, now: at, claimedUntil, limit: 2 })
      return rows.map((row) => row.credential_id)
    })
  const taken = (await Promise.all([take(now), take(now), take(now)])).flat()
  expect(new Set(taken).size).toBe(6)
  expect(await take(now), 'all are in hand').toEqual([])
  expect(await take(new Date(claimedUntil.getTime() + 1)), 'whoever had them has died').toHaveLength(2)
})

test('nobody at the target waits for the record, which says when each moment was seen', async () => {
  const clock = movableClock()
  await using fixture = await createFixture(18, { clock })
  const { life } = fixture
  const { row } = await fixture.issue()
  await life.revoke({ kind: 'identity', id: fixture.identity.identity_id })
  await withClient(fixture.store.superuserUrl, async (blocker) => {
    // Whatever is written of the credential waits for this.
    await blocker.query('begin')
    await blocker.query('select from mayfly.credential where credential_id = $1 for update', [row.credential_id])
    await life.startWorkers()
    await until(async () => !(await fixture.exists(row)), { describe: 'the account is gone at the target' })
    expect((await fixture.rowOf(row)).removed_at, 'control: it is not yet recorded').toBeNull()
    clock.moveBySeconds(3)
    await blocker.query('commit')
  })
  const releasedAt = clock.now()
  const gone = await fixture.becomes(row, 'revoked')
  expect(gone.removed_at?.getTime()).toBeLessThan(releasedAt.getTime() - 2_000)
  expect(gone.cut_at?.getTime()).toBeLessThanOrEqual(gone.removed_at?.getTime() ?? 0)
  const revocation = await life.inTenant((tx) =>
    tx.query.selectFrom('revocation').selectAll().executeTakeFirstOrThrow(),
  )
  expect([revocation.cut_at, revocation.completed_at]).toEqual([gone.cut_at, gone.removed_at])
  const entries = (await life.entries()).filter(({ action }) => /^credential\.(cut|revoked)$/.test(action))
  expect(entries.map(({ action, content }) => [action, content['at']])).toEqual([
    ['credential.cut', gone.cut_at?.toISOString()],
    ['credential.revoked', gone.removed_at?.toISOString()],
  ])
})

test("what was recorded is in nobody's hand any more", async () => {
  await using fixture = await createFixture()
  const { life } = fixture
  const { row } = await fixture.issue()
  await life.revoke({ kind: 'identity', id: fixture.identity.identity_id })
  await life.startWorkers()
  await fixture.becomes(row, 'revoked')
  expect(await life.inTenant((tx) => tx.query.selectFrom('removal_claim').selectAll().execute())).toEqual([])
})
