import { MayflyError } from '@mayfly/domain'
import mysql from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import {
  canLogIn,
  codeOf,
  type Issued,
  loginOf,
  noSignal,
  openSession,
  passwordOf,
  type Prepared,
  prepareMysql,
  revoke,
  startOwnServer,
} from './mysql-fixture.ts'
import { stallLogin } from './stall-login.ts'

const stateOf = async (prepared: Prepared, issued: Issued) => {
  const [seen] = await prepared.target.observe([issued.handle], noSignal)
  return `${seen?.state}, ${seen?.openSessions}`
}

/** A statement that runs until the session ends; how it ends is the test's business. */
function runUntilEnded(connection: mysql.Connection, sql: string): void {
  connection.query(sql).catch(() => undefined)
}

const waitUntilListed = (prepared: Prepared, what: string, condition: string) =>
  until(
    async () => (await prepared.sql(`select 1 from information_schema.PROCESSLIST where ${condition}`)).length > 0,
    {
      describe: what,
    },
  )

describe('what looks like an end and is none', () => {
  test('a lock leaves sessions open, DROP USER leaves them all their rights; revoke ends them', async () => {
    await using prepared = await prepareMysql()
    const [one, other] = [await prepared.issue(prepared.writers), await prepared.issue(prepared.writers)]
    const [session, orphan] = [await openSession(one.account), await openSession(other.account)]
    await prepared.sql(`alter user ${one.name} account lock`, `drop user ${other.name}`)
    for (const open of [session, orphan]) {
      await open.connection.query(`insert into orders select max(id) + 1, 'after the end' from orders`)
    }
    expect(await stateOf(prepared, one)).toBe('disabled, 1')
    expect(await stateOf(prepared, other), 'absent, and yet at work').toBe('absent, 1')

    const report = await revoke(prepared.target, one.handle, other.handle)
    expect(report.reasons).toEqual(new Map())
    expect(report.removedNames.toSorted()).toEqual([one.name, other.name].toSorted())
    expect([await session.isAlive(), await orphan.isAlive()]).toEqual([false, false])
    expect(await stateOf(prepared, other)).toBe('absent, 0')
  })

  test('KILL USER passes over a session inside a routine of another definer; revoke ends it', async () => {
    await using prepared = await prepareMysql()
    const { app } = prepared
    await prepared.sql(
      `create user owner_${app} identified by 'x'`,
      `grant all on ${app}.* to owner_${app}`,
      `create definer = owner_${app} procedure ${app}.nap() sql security definer begin do sleep(60); end`,
      `create definer = owner_${app} function ${app}.doze() returns integer sql security definer begin do sleep(60); return 1; end`,
      `create table ${app}.inbox (id integer)`,
      `create definer = owner_${app} trigger ${app}.waits before insert on ${app}.inbox for each row begin do sleep(60); end`,
    )
    for (const statement of [`call ${app}.nap()`, `select ${app}.doze()`, `insert into ${app}.inbox values (1)`]) {
      const issued = await prepared.issue(prepared.writers)
      const session = await openSession(issued.account)
      runUntilEnded(session.connection, statement)
      await waitUntilListed(
        prepared,
        'the session is listed under the definer',
        `user = 'owner_${app}' and state = 'User sleep'`,
      )
      await prepared.sql(`kill hard user ${issued.name}`)
      expect(
        await prepared.sql(`select user from information_schema.PROCESSLIST where user like '%_${app}'`),
        `control: during \`${statement}\` KILL USER ended nothing`,
      ).toHaveLength(1)
      expect(await stateOf(prepared, issued), 'the target is asked by who logged in').toBe('usable, 1')

      const report = await revoke(prepared.target, issued.handle)
      expect(report.reasons).toEqual(new Map())
      expect(report.removedNames).toEqual([issued.name])
      expect(await session.isAlive()).toBe(false)
      expect(await prepared.sql(`select user from information_schema.PROCESSLIST where user like '%_${app}'`)).toEqual(
        [],
      )
    }
    await prepared.sql(`drop user owner_${app}`)
  })

  test('a login under way gets in after the lock, and after DROP USER; revoke ends it', async () => {
    await using prepared = await prepareMysql()
    const place = prepared.access
    for (const end of [(name: string) => `alter user ${name} account lock`, (name: string) => `drop user ${name}`]) {
      const issued = await prepared.issue()
      const stalled = await stallLogin(place, { username: issued.name, password: passwordOf(issued.account) })
      await prepared.sql(end(issued.name))
      expect(await stalled.finish(), `control: ${end('…')} does not stop it`).toBe('in')
      expect(await stalled.query('select 1')).toBe(true)
      stalled.close()
      await revoke(prepared.target, issued.handle)
    }
    const issued = await prepared.issue()
    const stalled = await stallLogin(place, { username: issued.name, password: passwordOf(issued.account) })
    const report = await revoke(prepared.target, issued.handle)
    expect(report.cutNames).toEqual([issued.name])
    expect(await stalled.finish()).toBe('ended')
    stalled.close()
  })

  test('DROP USER without a host leaves other accounts of the name; revoke removes every one', async () => {
    await using prepared = await prepareMysql()
    const issued = await prepared.issue()
    const { name } = issued
    await prepared.sql(
      `create user ${name}@127.0.0.1 identified by 'planted'`,
      `grant ${prepared.readers} to ${name}@127.0.0.1`,
      `set default role ${prepared.readers} for ${name}@127.0.0.1`,
    )
    const tryPlanted = () => canLogIn(issued.account, { password: 'planted' })
    expect(await tryPlanted()).toBe(true)
    await prepared.sql(`drop user ${name}`)
    expect(await tryPlanted(), 'control: DROP USER left it').toBe(true)
    expect(await stateOf(prepared, issued)).toContain('usable')
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([name])
    expect(await tryPlanted()).toBe(false)
    expect(await prepared.sql(`select host from mysql.global_priv where user = '${name}'`)).toEqual([])
  })

  test('a list of DROP USER stops at nothing and says that it failed; revoke does not mind what is absent', async () => {
    await using prepared = await prepareMysql()
    const [one, other] = [await prepared.issue(), await prepared.issue()]
    const absent = prepared.plan()
    await expect(prepared.sql(`drop user ${absent.accountName}, ${one.name}`)).rejects.toThrow('DROP USER failed')
    expect(await stateOf(prepared, one), 'control: it failed, and dropped the other').toBe('absent, 0')
    const report = await revoke(prepared.target, absent, one.handle, other.handle)
    expect(report.removedNames).toHaveLength(3)
  })
})

describe('what keeps an account alive', () => {
  test('an account that holds up all changes of accounts is ended first, and does not hold up the others', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    await prepared.sql(`grant reload on *.* to ${prepared.readers}`)
    const stubborn = await prepared.issue()
    const others = await Promise.all(Array.from({ length: 20 }, () => prepared.issue()))
    const session = await openSession(stubborn.account)
    await session.connection.query('flush tables with read lock')
    await expect(
      prepared.sql(`set statement max_statement_time = 0.3 for alter user ${stubborn.name} account lock`),
      'control: while it holds the lock, nobody is locked',
    ).rejects.toThrow('max_statement_time exceeded')

    const startedAt = performance.now()
    const report = await revoke(prepared.target, ...others.map((one) => one.handle), stubborn.handle)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(report.reasons).toEqual(new Map())
    expect(report.removedNames).toHaveLength(21)
    expect(await session.isAlive()).toBe(false)
  })

  test('where somebody else holds up all changes, nothing is called cut, and it is said why', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    const issued = await prepared.issue()
    const session = await openSession(issued.account)
    const backup = await mysql.createConnection({ socketPath: server.access.socketPath, user: 'root' })
    await backup.query('flush tables with read lock')
    const report = await revoke(prepared.target, issued.handle)
    expect([report.cutNames, report.removedNames]).toEqual([[], []])
    expect(report.reasons.get(issued.name)).toContain('holds up all changes of accounts')
    expect(await session.isAlive(), 'its sessions are ended all the same').toBe(false)
    await backup.end()
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
  })

  test('transactions, locked tables, a statement that computes and a lock by name end with the session', async () => {
    await using prepared = await prepareMysql()
    const { app } = prepared
    const busy: { issued: Issued; session: Awaited<ReturnType<typeof openSession>> }[] = []
    for (const statements of [
      ['start transaction', `update orders set note = 'never committed' where id = 1`],
      ['start transaction', `update orders set note = 'never committed' where id = 1`, `select get_lock('${app}', 5)`],
      ['select benchmark(4e9, sha2(uuid(), 512))'],
      ['set autocommit = 0', `lock tables ${app}.orders write`],
    ]) {
      const issued = await prepared.issue(prepared.writers)
      const session = await openSession(issued.account)
      busy.push({ issued, session })
      for (const statement of statements) runUntilEnded(session.connection, statement)
    }
    await waitUntilListed(prepared, 'one computes', `user = '${busy[2]?.issued.name}' and command = 'Query'`)
    const report = await revoke(prepared.target, ...busy.map(({ issued }) => issued.handle))
    expect(report.reasons).toEqual(new Map())
    expect(report.removedNames).toHaveLength(busy.length)
    for (const { session } of busy) expect(await session.isAlive()).toBe(false)
    expect(await prepared.sql(`select note from ${app}.orders where id = 1`)).toEqual([{ note: 'first' }])
    expect(await prepared.sql(`select is_free_lock('${app}') as free`)).toEqual([{ free: 1 }])
  })

  test('a session that became another account by change of user is ended with that account', async () => {
    await using prepared = await prepareMysql()
    const [first, second] = [await prepared.issue(), await prepared.issue()]
    const session = await openSession(first.account)
    await session.connection.changeUser({
      user: second.name,
      password: passwordOf(second.account),
      database: prepared.app,
    })
    await revoke(prepared.target, first.handle)
    expect(await session.isAlive(), 'it is not of the first one any more').toBe(true)
    await revoke(prepared.target, second.handle)
    expect(await session.isAlive()).toBe(false)

    const [third, fourth] = [await prepared.issue(), await prepared.issue()]
    const other = await openSession(third.account)
    await prepared.sql(`alter user ${fourth.name} account lock`)
    await expect(
      other.connection.changeUser({ user: fourth.name, password: passwordOf(fourth.account) }),
      'a locked account cannot be changed into',
    ).rejects.toThrow(/locked/)
    await other.close()
    await revoke(prepared.target, third.handle, fourth.handle)
  })

  test('an account that changes its own password is ended like any other', async () => {
    await using prepared = await prepareMysql()
    const issued = await prepared.issue()
    const session = await openSession(issued.account)
    await session.connection.query(`set password = password('of its own')`)
    const tryOwn = () => canLogIn(issued.account, { password: 'of its own' })
    expect(await tryOwn(), 'control').toBe(true)
    await revoke(prepared.target, issued.handle)
    expect([await tryOwn(), await session.isAlive()]).toEqual([false, false])
  })
})

describe('what an account leaves behind', () => {
  test('routines and events of an account run with no rights, and fail once it is gone', async () => {
    await using server = await startOwnServer(['--event-scheduler=ON'])
    await using prepared = await prepareMysql(server.access)
    const { app } = prepared
    const issued = await prepared.issue(prepared.writers)
    const session = await openSession(issued.account)
    const body = `insert into ${app}.orders select max(id) + 1, 'planted' from ${app}.orders`
    await session.connection.query(`create procedure ${app}.planted() sql security definer begin ${body}; end`)
    await session.connection.query(`create event ${app}.planted on schedule every 1 second do ${body}`)
    await prepared.sql(
      `create event ${app}.control on schedule every 1 second do insert into ${app}.orders select max(id) + 1, 'control' from ${app}.orders`,
    )
    const notes = async (note: string) =>
      (await prepared.sql(`select id from ${app}.orders where note = '${note}'`)).length
    await until(async () => (await notes('control')) >= 2, { describe: 'events run (control)' })
    await expect(
      prepared.sql(`call ${app}.planted()`),
      'an account has nothing but its role, and a definer no role',
    ).rejects.toThrow(/denied/)
    await revoke(prepared.target, issued.handle)
    await expect(prepared.sql(`call ${app}.planted()`)).rejects.toThrow('does not exist')
    const before = await notes('control')
    await until(async () => (await notes('control')) >= before + 2, { describe: 'more events run' })
    expect(await notes('planted')).toBe(0)
  })

  test('an event of an account that was given rights by others is ended with it, also while it runs', async () => {
    await using server = await startOwnServer(['--event-scheduler=ON'])
    await using prepared = await prepareMysql(server.access)
    const { app } = prepared
    const issued = await prepared.issue(prepared.writers)
    await prepared.sql(`grant all on ${app}.* to ${issued.name}`)
    const session = await openSession(issued.account)
    await session.connection.query(
      `create event ${app}.planted on schedule every 1 second do begin insert into ${app}.orders select max(id) + 1, 'planted' from ${app}.orders; do sleep(60); end`,
    )
    const notes = async () => (await prepared.sql(`select id from ${app}.orders where note = 'planted'`)).length
    await prepared.sql(`alter user ${issued.name} account lock`)
    const locked = await notes()
    await until(async () => (await notes()) > locked, { describe: 'control: the event of a locked account runs on' })

    const report = await revoke(prepared.target, issued.handle)
    expect(report.removedNames).toEqual([issued.name])
    expect(await stateOf(prepared, issued)).toBe('absent, 0')
    expect(
      await prepared.sql(`select id from information_schema.PROCESSLIST where user = '${issued.name}'`),
      'none runs',
    ).toEqual([])
  })
})

describe('without performance_schema', () => {
  test('an account is not called cut while its session may hide in a routine of another definer', async () => {
    await using server = await startOwnServer(['--performance-schema=OFF'])
    await using prepared = await prepareMysql(server.access)
    const { app } = prepared
    await prepared.sql(
      `create user owner_${app} identified by 'x'`,
      `grant all on ${app}.* to owner_${app}`,
      `create definer = owner_${app} procedure ${app}.nap() sql security definer begin do sleep(60); end`,
    )
    const [hidden, plain] = [await prepared.issue(prepared.writers), await prepared.issue()]
    const session = await openSession(hidden.account)
    runUntilEnded(session.connection, `call ${app}.nap()`)
    await waitUntilListed(prepared, 'the session is listed under the definer', `user = 'owner_${app}'`)
    expect(await stateOf(prepared, hidden), 'control: the target itself does not see it').toBe('usable, 0')

    const report = await revoke(prepared.target, hidden.handle, plain.handle)
    expect([report.cutNames, report.removedNames]).toEqual([[], []])
    expect(report.reasons.get(hidden.name)).toContain('turn on performance_schema')
    expect(await canLogIn(hidden.account), 'it is locked all the same').toBe(false)

    const [row] = await prepared.sql(`select id from information_schema.PROCESSLIST where user = 'owner_${app}'`)
    await prepared.sql(`kill query ${Number(row?.['id'])}`)
    const again = await revoke(prepared.target, hidden.handle, plain.handle)
    expect(again.removedNames).toHaveLength(2)
    expect(await session.isAlive()).toBe(false)
  })

  test('a long statement of somebody else, seen as itself, holds up nothing', async () => {
    await using server = await startOwnServer(['--performance-schema=OFF'])
    await using prepared = await prepareMysql(server.access)
    const [busy, ended] = [await prepared.issue(), await prepared.issue()]
    const session = await openSession(busy.account)
    runUntilEnded(session.connection, 'select sleep(60)')
    await waitUntilListed(prepared, 'it works', `user = '${busy.name}' and state = 'User sleep'`)
    expect((await revoke(prepared.target, ended.handle)).removedNames).toEqual([ended.name])
    expect(await stateOf(prepared, busy)).toBe('usable, 1')
  })
})

describe('rights that look like success where they are missing', () => {
  test('without CONNECTION ADMIN a kill says OK and ends nothing; revoke says that the right is missing', async () => {
    await using prepared = await prepareMysql()
    const issued = await prepared.issue()
    const session = await openSession(issued.account)
    const weak = `weak_${prepared.app}`
    await prepared.sql(`create user ${weak} identified by 'x'`)
    const control = await mysql.createConnection({
      ...loginOf(issued.account),
      database: '',
      user: weak,
      password: 'x',
    })
    await control.query(`kill hard user ${issued.name}`)
    const [listed] = await control.query('select * from information_schema.PROCESSLIST')
    await control.end()
    expect(listed, 'control: nor does it see anybody but itself').toHaveLength(1)
    expect(await session.isAlive(), 'control: it said OK').toBe(true)

    for (const right of ['connection admin', 'process']) {
      await prepared.sql(`revoke ${right} on *.* from ${prepared.definer}`)
      const cut: string[] = []
      const revoking = prepared.target.revoke(
        [issued.handle],
        {
          cut: async (handles) => void cut.push(...handles.map((handle) => handle.accountName)),
          removed: async () => undefined,
          pending: async () => undefined,
        },
        noSignal,
      )
      expect(await codeOf(revoking), `without ${right}`).toBe('target_rights_missing')
      expect(cut).toEqual([])
      expect(await codeOf(prepared.target.observe([issued.handle], noSignal))).toBe('target_rights_missing')
      await prepared.sql(`grant ${right} on *.* to ${prepared.definer}`)
    }
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
    expect(await session.isAlive()).toBe(false)
    await prepared.sql(`drop user ${weak}`)
  })
})

describe('many at once', () => {
  test('1,000 accounts with 100 sessions end together, and what is another’s goes on', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    const issued: Issued[] = []
    const waiting = Array.from({ length: 1_000 }).values()
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (const _one of waiting) issued.push(await prepared.issue())
      }),
    )
    const bystander = await prepared.issue()
    const [watch, ...sessions] = await Promise.all(
      [bystander, ...issued.slice(0, 100)].map(({ account }) => openSession(account)),
    )
    const report = await revoke(prepared.target, ...issued.map((one) => one.handle))
    expect(report.reasons).toEqual(new Map())
    expect([report.cutNames.length, report.removedNames.length]).toEqual([1_000, 1_000])
    expect(new Set(report.cutNames).size, 'each is told once').toBe(1_000)
    expect(await prepared.sql(`select user from mysql.global_priv where user like 'mf\\_%'`)).toEqual([
      { user: bystander.name },
    ])
    expect(await Promise.all(sessions.map((session) => session.isAlive()))).toEqual(sessions.map(() => false))
    expect(await watch?.isAlive()).toBe(true)
    await watch?.close()
  })
})

test('an abort in the middle of a revoke is an error, and the next one finishes', async () => {
  await using server = await startOwnServer()
  await using prepared = await prepareMysql(server.access)
  const issued = await prepared.issue()
  const holder = await mysql.createConnection({ socketPath: server.access.socketPath, user: 'root' })
  await holder.query('flush tables with read lock')
  const silent = { cut: async () => undefined, removed: async () => undefined, pending: async () => undefined }
  const startedAt = performance.now()
  const failed = await prepared.target
    .revoke([issued.handle], silent, AbortSignal.timeout(300))
    .catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(MayflyError)
  expect(performance.now() - startedAt).toBeLessThan(1_500)
  await until(
    async () => {
      const [rows] = await holder.query<mysql.RowDataPacket[]>(
        `select id from information_schema.PROCESSLIST where state = 'Waiting for backup lock'`,
      )
      return rows.length === 0
    },
    { describe: 'the target has given the call up' },
  )
  await holder.end()
  expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
})
