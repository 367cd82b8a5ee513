/** Use, seen by looking at the target: each session once, with its source; strays are cut, and nobody else's are. */
import { type CredentialId, newId } from '@mayfly/domain'
import { redisProvider } from '@mayfly/provider-redis'
import { expect, test } from 'vitest'
import { getCredentialWithNames, listCredentials } from '../../../packages/server/src/store/credential-rows.ts'
import { until } from '../../support/index.ts'
import { openRedisCompany, type RedisCompany } from './truth-fixture.ts'

const readOf = (company: RedisCompany, credentialId: CredentialId) =>
  company.life.inTenant((tx) => getCredentialWithNames(tx, credentialId))

test('a session makes one entry when it began and one when it ended, however often it is looked at', async () => {
  await using company = await openRedisCompany()
  const used = await company.issue()
  const unused = await company.issue()
  const session = await company.connect(used.name, used.password)
  for (let look = 0; look < 3; look += 1) await company.sample()
  const [began, ...more] = await company.said('credential.used')
  expect(began).toMatchObject({ event: 'session_started', source_address: '127.0.0.1' })
  expect(more, 'one that goes on makes no entry').toEqual([])

  const row = await readOf(company, used.row.credential_id)
  expect(row).toMatchObject({ open_sessions: 1, outside_address: null })
  expect(row.first_used_at).toBeInstanceOf(Date)
  expect(await readOf(company, unused.row.credential_id), 'control: nobody used this one').toMatchObject({
    first_used_at: null,
    open_sessions: 0,
    sampled_at: expect.any(Date) as Date,
  })

  session.close()
  for (let look = 0; look < 2; look += 1) await company.sample()
  expect((await company.said('credential.used')).map(({ event }) => event)).toEqual([
    'session_started',
    'session_ended',
  ])
  expect(await readOf(company, used.row.credential_id)).toMatchObject({ open_sessions: 0 })
})

test('a use from an address that is not the attested one is marked, for good', async () => {
  await using company = await openRedisCompany()
  const at = await company.issue()
  await company.life.inTenant((tx) => tx.query.updateTable('attestation').set({ source_address: '10.9.8.7' }).execute())
  const session = await company.connect(at.name, at.password)
  await company.sample()
  expect(await readOf(company, at.row.credential_id)).toMatchObject({ outside_address: '127.0.0.1' })
  expect(await company.said('credential.used')).toMatchObject([{ outside_attested_address: true }])
  session.close()
  await company.sample()
  const [listed] = await company.life.inTenant((tx) => listCredentials(tx, {}, { limit: 10 }))
  expect(listed).toMatchObject({ outside_address: '127.0.0.1' })
})

test('a session whose credential has ended is cut and reported; the others go on', async () => {
  await using company = await openRedisCompany()
  const [ended, bystander] = [await company.issue(), await company.issue()]
  await company.life.startWorkers()
  const [stray, other] = [
    await company.connect(ended.name, ended.password),
    await company.connect(bystander.name, bystander.password),
  ]
  await callRevoked(company, ended.row.credential_id)
  // It is there again, as after a restored backup.
  await company.run('ACL', 'SETUSER', ended.name, 'on', `>${ended.password}`, '+@all', 'allkeys')
  const back = await company.connect(ended.name, ended.password)
  await company.sample()
  expect(await back.isAlive(), 'it belonged to no live credential').toBe(false)
  expect(await other.isAlive(), 'control').toBe(true)
  expect(await company.findings()).toContainEqual(
    expect.objectContaining({ kind: 'session_stray', severity: 'high', closed_at: null }),
  )
  expect(await company.said('resource.strays_seen')).toMatchObject([
    { seen: 1, ended: 1, sessions: [{ account_name: ended.name, ended: true }] },
  ])
  stray.close()
  other.close()
  back.close()
})

test('a session of an account that only looks like ours is left alone, and reported once', async () => {
  await using company = await openRedisCompany()
  const { accountName } = redisProvider.plan(newId())
  await company.run('ACL', 'SETUSER', accountName, 'on', '>a-password-of-theirs', '+@all', 'allkeys')
  const theirs = await company.connect(accountName, 'a-password-of-theirs')
  for (let look = 0; look < 3; look += 1) await company.sample()
  expect(await theirs.isAlive()).toBe(true)
  expect(await company.said('resource.strays_seen')).toMatchObject([{ seen: 1, ended: 0 }])
  await company.sample({ orphans: 'remove' })
  expect(await theirs.isAlive(), 'the rule says so').toBe(false)
  theirs.close()
})

test('two servers that look at once write each session down once', async () => {
  await using company = await openRedisCompany()
  const at = await company.issue()
  const session = await company.connect(at.name, at.password)
  await Promise.all([company.sample(), company.sample()])
  session.close()
  await Promise.all([company.sample(), company.sample()])
  expect((await company.said('credential.used')).map(({ event }) => event)).toEqual([
    'session_started',
    'session_ended',
  ])
  await company.life.sequence()
  const { findings } = await company.life.verify()
  expect(
    findings.filter(({ table }) => table === 'credential'),
    'the entries explain every row',
  ).toEqual([])
})

/** By the one path, and the target's own word that it is absent. */
async function callRevoked(company: RedisCompany, credentialId: CredentialId): Promise<void> {
  await company.life.revoke({ kind: 'credential', id: credentialId })
  await until(async () => (await readOf(company, credentialId)).state === 'revoked', { describe: 'it is revoked' })
  await company.life.stopWorkers()
}
