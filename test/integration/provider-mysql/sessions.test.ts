import { newId } from '@mayfly/domain'
import { mysqlProvider } from '@mayfly/provider-mysql'
import { expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import { noSignal, openSession, prepareMysql, revoke, startOwnServer } from './mysql-fixture.ts'

test('sessions are listed by who logged in, from where, also inside a routine of another definer', async () => {
  await using server = await startOwnServer()
  await using prepared = await prepareMysql(server.access)
  const { app, target } = prepared
  await prepared.sql(
    `create user owner_${app} identified by 'x'`,
    `grant all on ${app}.* to owner_${app}`,
    `create definer = owner_${app} procedure ${app}.nap() sql security definer begin do sleep(60); end`,
  )
  const [one, two, idle] = [await prepared.issue(prepared.writers), await prepared.issue(), await prepared.issue()]
  const [hidden, plain] = [await openSession(one.account), await openSession(two.account)]
  hidden.connection.query(`call ${app}.nap()`).catch(() => undefined)
  await until(
    async () =>
      (await prepared.sql(`select 1 from information_schema.PROCESSLIST where user = 'owner_${app}'`)).length > 0,
    { describe: 'it is listed under the definer there (control)' },
  )
  const listed = await target.listSessions(noSignal)
  expect(listed.map(({ accountName }) => String(accountName)).toSorted()).toEqual([one.name, two.name].toSorted())
  expect(listed.map(({ sourceAddress }) => sourceAddress)).toEqual(['127.0.0.1', '127.0.0.1'])
  expect(
    listed.every(({ since }) => since === undefined),
    'the target does not say since when',
  ).toBe(true)

  const ofOne = listed.filter(({ accountName }) => accountName === one.name)
  // A number that belongs to another by now is not ended: the name must fit.
  const stale = listed.map((session) => ({ ...session, accountName: idle.name }))
  await target.cutSessions([...stale, { sessionId: 'x', accountName: two.name }], noSignal)
  expect(await plain.isAlive()).toBe(true)
  await target.cutSessions([...ofOne, ...ofOne, { sessionId: '4294967000', accountName: one.name }], noSignal)
  expect(await hidden.isAlive()).toBe(false)
  expect(await plain.isAlive()).toBe(true)
  expect((await target.observe([one.handle], noSignal))[0]?.state, 'the account itself stays').toBe('usable')
  await revoke(target, one.handle, two.handle, idle.handle)
  expect(await target.listSessions(noSignal)).toEqual([])
})

test('every account of the pattern is listed once, and back to its credential', async () => {
  await using server = await startOwnServer()
  await using prepared = await prepareMysql(server.access)
  const names = Array.from({ length: 5_020 }, () => mysqlProvider.plan(newId()).accountName)
  for (let at = 0; at < names.length; at += 500) {
    await prepared.sql(`create user ${names.slice(at, at + 500).join(', ')}`)
  }
  await prepared.sql(
    `create user ${names[0]}@127.0.0.1`,
    `create user mf_app, MF_APP, 'mf_0000000000000000000000000\n'`,
    `create role mf_01j00000000000000000000000`,
  )
  const found: string[] = []
  for await (const name of prepared.target.listAccounts(noSignal)) found.push(name)
  expect(found).toEqual(names.toSorted())
  expect(found.every((name) => mysqlProvider.credentialOf(name) !== undefined)).toBe(true)
})
