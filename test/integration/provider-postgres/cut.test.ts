import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startDurableCluster, until, withClient } from '../../support/index.ts'
import {
  type Prepared,
  canLogIn,
  everyWay,
  noSignal,
  openSession,
  preparePostgres,
  recordReport,
  revoke,
  urlOf,
} from './postgres-fixture.ts'
import { stallScram } from './scram-stall.ts'

/** Logs in, or says why not. */
async function logIn(url: string): Promise<{ client?: pg.Client; refused?: string }> {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  try {
    await client.connect()
    return { client }
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) }
  }
}

/** A login that has passed its check and waits for the lock of its database: until then no list shows it. */
async function holdUpLogin(prepared: Prepared) {
  await prepared.sql('create database elsewhere')
  const issued = await prepared.issue(prepared.readers, {
    permission: { member_of: [prepared.readers], database: 'elsewhere' },
  })
  const holder = new pg.Client(prepared.superuserUrl)
  await holder.connect()
  await holder.query('begin; alter database elsewhere rename to renamed')
  const waiting = logIn(urlOf(issued.account))
  const heldUp = `select from pg_locks where not granted and locktype = 'object' and classid = 'pg_database'::regclass`
  await until(async () => (await prepared.sql(heldUp)).length > 0, { describe: 'the login waits for its database' })
  const release = async () => {
    await holder.query('rollback')
    await holder.end()
  }
  return { issued, release, waiting }
}

describe.each(everyWay)('the cut on PostgreSQL $version by $mode', ({ version, mode }) => {
  test('a login that locks its own row to stay alive is cut, and does not hold up the others', async () => {
    await using prepared = await preparePostgres(version, mode)
    const stubborn = await prepared.issue()
    const others = await Promise.all(Array.from({ length: 20 }, () => prepared.issue()))
    const session = await openSession(stubborn.account)
    await session.client.query('begin')
    await session.client.query(`alter role ${stubborn.name} password 'a-password-of-its-own'`)

    const startedAt = performance.now()
    const report = await revoke(prepared.target, stubborn.handle, ...others.map((one) => one.handle))
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(report.reasons).toEqual(new Map())
    expect(report.removedNames).toHaveLength(21)
    expect(await session.isAlive()).toBe(false)
    expect(await canLogIn(stubborn.account)).toBe(false)
  })

  test('a prepared transaction that locks the row of its own login does not keep it alive', async () => {
    await using prepared = await preparePostgres(version, mode)
    const stubborn = await prepared.issue()
    await withClient(urlOf(stubborn.account), async (client) => {
      await client.query(`begin; alter role ${stubborn.name} password 'a-password-of-its-own'`)
      await client.query(`prepare transaction 'it''s "mine" \\ ${stubborn.name}'`)
    })
    const report = await revoke(prepared.target, stubborn.handle)
    expect(report.reasons).toEqual(new Map())
    expect(report.removedNames).toEqual([stubborn.name])
    expect(await prepared.sql('select gid from pg_prepared_xacts where owner = $1', [stubborn.name])).toEqual([])
  })

  test('sessions in a query, in a transaction and under another role all end', async () => {
    await using prepared = await preparePostgres(version, mode)
    const issued = await prepared.issue()
    const sessions = await Promise.all(Array.from({ length: 4 }, () => openSession(issued.account)))
    const [busy, idle, holding] = sessions
    const running = busy?.client.query('select count(*) from generate_series(1, 1000000000)').catch(String)
    await idle?.client.query('begin; select 1')
    await holding?.client.query('begin; lock table app.orders in access share mode')
    const report = await revoke(prepared.target, issued.handle)
    expect(report.removedNames).toEqual([issued.name])
    expect(await running).toContain('terminating connection')
    for (const session of sessions) expect(await session.isAlive()).toBe(false)
  })
})

// A cluster of their own: what belongs to nobody yet, or no more, is seen by every cut on the same server.
describe.each(everyWay)('logins of nobody during the cut on PostgreSQL $version by $mode', ({ version, mode }) => {
  test('an open session of a login that someone else dropped is ended too', async () => {
    await using cluster = await startDurableCluster({ version })
    await using prepared = await preparePostgres(version, mode, cluster.access)
    if (mode === 'createrole') {
      // Only this right reaches a session that belongs to no role any more.
      const membership = version >= 16 ? 'with inherit true' : ''
      await prepared.sql(`grant pg_signal_backend to ${prepared.mayflyLogin.username} ${membership}`)
    }
    const issued = await prepared.issue()
    const session = await openSession(issued.account)
    await prepared.sql(`drop role ${issued.name}`)
    expect(await session.isAlive(), 'control: DROP ROLE ends no session').toBe(true)
    const report = await revoke(prepared.target, issued.handle)
    expect(report.removedNames).toEqual([issued.name])
    expect(await session.isAlive()).toBe(false)
  })

  test('past its check but not listed yet, it becomes no session', async () => {
    await using cluster = await startDurableCluster({ version })
    await using prepared = await preparePostgres(version, mode, cluster.access)
    const { issued, release, waiting } = await holdUpLogin(prepared)
    const report = recordReport()
    const revoking = prepared.target.revoke([issued.handle], report, noSignal)
    await until(async () => (await prepared.target.observe([issued.handle], noSignal))[0]?.state === 'disabled', {
      describe: 'the login can no longer log in',
    })
    expect(report.cutNames, 'not called cut while a login is under way').toEqual([])
    // Let go before Mayfly loses patience: the login comes through, is seen, and is ended before the cut is reported.
    await release()
    await revoking
    expect(report.removedNames).toEqual([issued.name])
    const { client } = await waiting
    await expect(client?.query('select 1'), 'it came through, and was ended').rejects.toThrow(
      /terminat|connection error/,
    )
  })

  test('held up for longer than Mayfly waits, it is ended', async () => {
    await using cluster = await startDurableCluster({ version })
    await using prepared = await preparePostgres(version, mode, cluster.access)
    const { issued, release, waiting } = await holdUpLogin(prepared)
    const report = await revoke(prepared.target, issued.handle)
    expect(report.removedNames).toEqual([issued.name])
    await release()
    const { client, refused } = await waiting
    expect(client).toBe(undefined)
    expect(refused).toMatch(/terminat/)
  })

  test('stalled in the middle of SCRAM, it does not get in', async () => {
    await using cluster = await startDurableCluster({ version })
    await using prepared = await preparePostgres(version, mode, cluster.access)
    const attempt = async (cut: boolean) => {
      const issued = await prepared.issue()
      await using proxy = await stallScram(cluster.access.port)
      const waiting = logIn(urlOf(issued.account).replace(`:${cluster.access.port}/`, `:${proxy.port}/`))
      await proxy.stalled
      const startedAt = performance.now()
      const removed = cut ? (await revoke(prepared.target, issued.handle)).removedNames : []
      const cutMs = performance.now() - startedAt
      proxy.release()
      const { client, refused } = await waiting
      await client?.end()
      return { in: client !== undefined, refused, cutMs, removed: removed.length }
    }
    expect((await attempt(false)).in, 'control: without a cut it gets in').toBe(true)
    const stalled = await attempt(true)
    expect(stalled).toMatchObject({ in: false, removed: 1 })
    // A stalled client must not be able to put off the cut: 18 knows it for harmless, others end it.
    expect(stalled.cutMs).toBeLessThan(4_000)
  })
})
