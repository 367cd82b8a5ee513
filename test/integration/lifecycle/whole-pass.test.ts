import { describe, expect, test } from 'vitest'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { actorRecord } from '../../../packages/server/src/application/context.ts'
import { declareTask } from '../../../packages/server/src/application/task/declare-task.ts'
import { endTask } from '../../../packages/server/src/application/task/end-task.ts'
import { until } from '../../support/index.ts'
import { canLogIn, createFixture, openSession } from './lifecycle-fixture.ts'

describe.each([18, 15] as const)('the whole pass on PostgreSQL %i', (version) => {
  test('a credential logs in until it is revoked, its open session ends, and the account is absent', async () => {
    await using fixture = await createFixture(version)
    const { life, call } = fixture
    await life.startWorkers()
    const issued = await fixture.issue()
    expect(issued.row.state).toBe('active')
    expect(await canLogIn(issued), 'an issued credential logs in').toBe(true)
    expect(await canLogIn(issued, 'not-the-password'), 'control: the target checks passwords').toBe(false)
    const session = await openSession(issued)
    expect(await session.works()).toBe(true)

    await life.inTenant((tx) =>
      requestRevocation(tx, {
        selector: { kind: 'credential', id: issued.row.credential_id },
        cause: 'requested_by_holder',
        requestedBy: actorRecord(call.actor),
        now: life.clock.now(),
      }),
    )
    const gone = await fixture.becomes(issued.row, 'revoked')
    expect(gone.cut_at).not.toBeNull()
    expect(await session.works(), 'the open session is dead').toBe(false)
    expect(await canLogIn(issued)).toBe(false)
    expect(await fixture.exists(issued.row)).toBe(false)
    await session.close()

    const actions = (await life.entries()).map((entry) => entry.action).filter((action) => /^(cred|revo)/.test(action))
    expect(actions).toEqual([
      'credential.requested',
      'credential.issued',
      'revocation.requested',
      'credential.cut',
      'credential.revoked',
      'revocation.completed',
    ])
  })

  test('the end of a task ends what was issued for it', async () => {
    await using fixture = await createFixture(version)
    const { life, call, administrator } = fixture
    await life.startWorkers()
    const { taskId } = await declareTask(life.deps, administrator, {
      identity: 'nightly-report',
      kind: 'declared',
      purpose: 'settle the orders of yesterday',
      roles: ['orders-db/readonly'],
      deadline: new Date(life.clock.now().getTime() + 600_000),
    })
    const [within, without] = await Promise.all([fixture.issue({ taskId }), fixture.issue()])
    const session = await openSession(within)
    const ended = await life.inTenant((tx) =>
      endTask(tx, call, { taskId, outcome: 'completed', note: 'all settled' }, life.clock.now()),
    )
    expect(ended.revocation?.total).toBe(1)
    await fixture.becomes(within.row, 'revoked')
    expect(await session.works()).toBe(false)
    await session.close()
    expect(await canLogIn(without), 'what was not issued for the task lives on').toBe(true)
    await expect(fixture.issue({ taskId }), 'nothing more is issued for an ended task').rejects.toMatchObject({
      code: 'policy_denied',
    })
    await until(async () => (await fixture.accountsWithoutRow()).length === 0, {
      describe: 'no account is without row',
    })
  })
})
