/** Accounts and credentials, compared at the target: what nobody explains is found, and what is gone is not called live. */
import { type CredentialId, newId } from '@mayfly/domain'
import { redisProvider } from '@mayfly/provider-redis'
import { expect, test } from 'vitest'
import { listStandings } from '../../../packages/server/src/store/backlog-rows.ts'
import { getCredential } from '../../../packages/server/src/store/credential-rows.ts'
import { until } from '../../support/index.ts'
import { openRedisCompany, type RedisCompany } from './truth-fixture.ts'

const stateOf = async (company: RedisCompany, id: CredentialId) =>
  (await company.life.inTenant((tx) => getCredential(tx, id))).state

function revoke({ life }: RedisCompany, id: CredentialId) {
  return life.revoke({ kind: 'credential', id })
}

test('an account that no credential explains is reported, and removed only where the rule says so', async () => {
  await using company = await openRedisCompany()
  const live = await company.issue()
  const orphan = redisProvider.plan(newId()).accountName
  await company.run('ACL', 'SETUSER', orphan, 'on', '>whatever')
  await company.run('ACL', 'SETUSER', 'somebody', 'on', '>whatever')
  await company.sweep()
  expect(await company.users(), 'a report removes nothing').toEqual(expect.arrayContaining([orphan, live.name]))
  expect(await company.findings()).toMatchObject([
    {
      kind: 'account_orphaned',
      severity: 'high',
      closed_at: null,
      detail: expect.stringContaining('1 accounts') as string,
    },
  ])
  await company.sweep({ orphans: 'remove' })
  expect(await company.users(), 'control: one that is explained stays').toEqual([live.name])
  expect(await company.run('ACL', 'GETUSER', 'somebody'), 'control: one without our pattern is not ours').not.toBe('')
  expect(await company.said('resource.swept')).toMatchObject([
    { finding: 'account_orphaned', removed: 0 },
    { finding: 'account_orphaned', removed: 1, accounts: [{ account_name: orphan, removed: true }] },
  ])
  await company.sweep({}, 14_400_000)
  expect(
    (await company.findings()).map(({ closed_at: at }) => at !== null),
    'closed when none is left',
  ).toEqual([true])
})

test('one that was revoked and is there again is removed whatever the rule', async () => {
  await using company = await openRedisCompany()
  await company.life.startWorkers()
  const one = await company.issue()
  await revoke(company, one.row.credential_id)
  await until(async () => (await stateOf(company, one.row.credential_id)) === 'revoked', { describe: 'it is revoked' })
  await company.run('ACL', 'SETUSER', one.name, 'on', `>${one.password}`, '+@all')
  await company.sweep({ orphans: 'report' })
  expect(await company.users()).toEqual([])
  expect(await company.findings()).toMatchObject([{ kind: 'account_returned', severity: 'critical' }])
})

test('a live credential whose account is gone is seen twice, reported, and ended by the one path', async () => {
  await using company = await openRedisCompany()
  await company.life.startWorkers()
  const [lost, kept] = [await company.issue(), await company.issue()]
  // By the clock as it is: two hours later the credentials would be over, and the workers see the same clock.
  await company.sweep({}, 0)
  expect(await company.findings(), 'control: all is there').toEqual([])
  await company.run('ACL', 'DELUSER', lost.name)
  await company.sweep({}, 0)
  expect(await company.findings()).toMatchObject([{ kind: 'account_missing', severity: 'medium' }])
  await until(async () => (await stateOf(company, lost.row.credential_id)) === 'revoked', { describe: 'it is revoked' })
  expect(await stateOf(company, kept.row.credential_id)).toBe('active')
  const [ended] = await company.said('revocation.requested')
  expect(ended).toMatchObject({ cause: 'anomaly' })
})

test('more accounts than one batch are compared, and none is mistaken', async () => {
  await using company = await openRedisCompany()
  const orphans = Array.from({ length: 2_500 }, () => redisProvider.plan(newId()).accountName)
  const live = await company.issue()
  await Promise.all(orphans.map((name) => company.run('ACL', 'SETUSER', name)))
  await company.sweep({ orphans: 'remove' })
  expect(await company.users()).toEqual([live.name])
  const [said] = await company.said('resource.swept')
  expect(said).toMatchObject({ found: 2_500, removed: 2_500 })
  expect(said?.['accounts'], 'an entry names at most a hundred').toHaveLength(100)
})

test('a target that is away waits alone: what is due there is shown, kept, and done when it is back', async () => {
  await using company = await openRedisCompany()
  await company.life.startWorkers()
  const one = await company.issue()
  await company.server.stop()
  await revoke(company, one.row.credential_id)
  const standing = async () => {
    const [row] = await company.life.inTenant((tx) => listStandings(tx, [company.resource.resource_id]))
    return row
  }
  await until(async () => (await standing())?.last_error !== null, { withinMs: 20_000, describe: 'it says why' })
  expect(await standing()).toMatchObject({ waiting: 1, waiting_since: expect.any(Date) as Date })
  await company.sweep()
  expect((await standing())?.sweep_error, 'the sweep says that it could not look').toEqual(expect.any(String))
  await company.comeBack()
  await until(async () => (await stateOf(company, one.row.credential_id)) === 'revoked', {
    withinMs: 30_000,
    describe: 'nothing was lost',
  })
  expect(await standing()).toMatchObject({ waiting: 0, last_error: null })
  await company.sweep()
  expect(await standing()).toMatchObject({ sweep_error: null, swept_at: expect.any(Date) as Date })
})
