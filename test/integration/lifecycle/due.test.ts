import { expect, test } from 'vitest'
import { declareTask } from '../../../packages/server/src/application/task/declare-task.ts'
import { until } from '../../support/index.ts'
import { canLogIn, createFixture, movableClock } from './lifecycle-fixture.ts'

test('a credential ends when its time comes, by the one path, and others live on', async () => {
  const clock = movableClock()
  await using fixture = await createFixture(18, { clock })
  const { life } = fixture
  const brief = await fixture.issue({ ttlSeconds: 30 })
  const longer = await fixture.issue({ ttlSeconds: 3_000 })
  await life.startWorkers(50)
  expect(await canLogIn(brief), 'control: it lives before').toBe(true)
  clock.moveBySeconds(40)
  await fixture.becomes(brief.row, 'revoked')
  expect(await canLogIn(longer)).toBe(true)
  const revocations = await life.inTenant((tx) => tx.query.selectFrom('revocation').selectAll().execute())
  expect(revocations).toMatchObject([{ cause: 'expired', total: 1, state: 'complete' }])
})

test('a task ends at its deadline, and with it what was issued for it', async () => {
  const clock = movableClock()
  await using fixture = await createFixture(18, { clock })
  const { life, administrator } = fixture
  const { taskId } = await declareTask(life.deps, administrator, {
    identity: 'nightly-report',
    kind: 'declared',
    purpose: 'settle the orders of yesterday',
    roles: ['orders-db/readonly'],
    deadline: new Date(clock.now().getTime() + 50_000),
  })
  const issued = await fixture.issue({ taskId })
  await life.startWorkers(50)
  clock.moveBySeconds(51)
  await fixture.becomes(issued.row, 'revoked')
  const task = await life.inTenant((tx) =>
    tx.query.selectFrom('task').selectAll().where('task_id', '=', taskId).executeTakeFirstOrThrow(),
  )
  expect(task.state).toBe('expired')
})

test('a restart changes nothing: what fell due while nothing ran ends when something runs', async () => {
  const clock = movableClock()
  await using fixture = await createFixture(18, { clock })
  const { life } = fixture
  await life.startWorkers(50)
  const issued = await Promise.all(Array.from({ length: 5 }, () => fixture.issue({ ttlSeconds: 30 })))
  await life.stopWorkers()
  clock.moveBySeconds(31)
  for (const each of issued) expect((await fixture.rowOf(each.row)).state).toBe('active')
  await life.startWorkers(50)
  for (const each of issued) await fixture.becomes(each.row, 'revoked')
})

test('a request whose creator died is ended, and called removed only after its deadline', async () => {
  const clock = movableClock()
  await using fixture = await createFixture(18, { clock, limits: { createTimeoutMs: 3_000 } })
  const { life } = fixture
  const { row } = await fixture.issue()
  // As a creator would leave it that died after the account was made.
  await life.inTenant(async (tx) => {
    const { credential_id: _id, state: _state, active_at: _at, ...same } = row
    await tx.query
      .insertInto('credential')
      .values({
        ...same,
        credential_id: row.credential_id.replace(/^.{8}/, '00000000') as typeof row.credential_id,
        account_name: `${row.account_name.slice(0, -8)}00000000`,
        parameters: '{}',
        state: 'requested',
      })
      .execute()
  })
  await fixture.sql(`create role ${row.account_name.slice(0, -8)}00000000 login in role ${fixture.group}`)
  const orphan = await life.inTenant((tx) =>
    tx.query.selectFrom('credential').selectAll().where('state', '=', 'requested').executeTakeFirstOrThrow(),
  )
  await life.startWorkers(50)
  clock.moveBySeconds(4)
  const gone = await fixture.becomes(orphan, 'revoked')
  expect(gone.removed_at?.getTime()).toBeGreaterThan(gone.create_deadline_at.getTime())
  expect(await fixture.exists(orphan)).toBe(false)
  const causes = await life.inTenant((tx) => tx.query.selectFrom('revocation').select('cause').execute())
  expect(causes).toEqual([{ cause: 'issue_interrupted' }])
  await until(async () => (await fixture.accountsWithoutRow()).length === 0, { describe: 'no account is without row' })
})
