import { randomBytes } from 'node:crypto'
import { mariadbGuide, mysqlProvider } from '@mayfly/provider-mysql'
import mysql from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import {
  canLogIn,
  codeOf,
  loginOf,
  noSignal,
  openSession,
  passwordOf,
  type Prepared,
  prepareMysql,
  requestFor,
  revoke,
  runClient,
  startOwnServer,
} from './mysql-fixture.ts'

const hash = `*${randomBytes(20).toString('hex').toUpperCase()}`

function connectAs(prepared: Prepared, user: string, password: string): Promise<mysql.Connection> {
  return mysql.createConnection({ host: prepared.access.host, port: prepared.access.port, user, password })
}

describe('a stolen Mayfly login', () => {
  test('can make, change and end no account but by the procedures', async () => {
    await using prepared = await prepareMysql()
    const { schema, readers, writers } = prepared
    const victim = await prepared.issue(writers)
    const session = await openSession(victim.account)
    const [me] = await prepared.sql(`select id from information_schema.PROCESSLIST where user = '${victim.name}'`)
    const thief = await connectAs(prepared, prepared.mayflyLogin.username, prepared.mayflyLogin.password)
    const refused = async (statement: string) =>
      expect(thief.query(statement), statement).rejects.toThrow(
        /denied|not owner|not of the form|not permitted|not listed|not an address|wanted|not one of|not said|Could not grant|unknown|doesn't exist|Invalid role|too long/i,
      )
    await refused(`create user mine identified by 'mine'`)
    await refused(`alter user root@localhost identified by 'mine'`)
    await refused(`drop user ${victim.name}`)
    await refused(`grant ${writers} to ${prepared.mayflyLogin.username}`)
    await refused(`set role ${writers}`)
    await refused(`kill ${Number(me?.['id'])}`)
    await refused(`select * from mysql.global_priv`)
    await refused(`select * from ${prepared.app}.orders`)
    await refused(`insert into ${schema}.rotatable_account values ('root', 'localhost')`)
    await refused(`create temporary table mysql.roles_mapping (x integer)`)
    await refused(`create temporary table ${schema}.rotatable_account (x integer)`)
    await refused(`drop procedure ${schema}.issue`)

    const issue = (over: Partial<Record<'name' | 'host' | 'hash' | 'role' | 'requires' | 'subject', string>>) => {
      const value = {
        name: prepared.plan().accountName,
        host: '%',
        hash,
        role: readers,
        requires: 'NONE',
        subject: '',
        ...over,
      }
      return thief.format(`call ${schema}.issue(?, ?, ?, ?, ?, '/CN=ca', ?, 1, utc_timestamp() + interval 1 minute)`, [
        value.name,
        value.host,
        value.hash,
        value.role,
        value.requires,
        value.subject,
      ])
    }
    for (const name of [
      'root',
      `x' identified by 'y`,
      `${prepared.plan().accountName}'@'%`,
      'MF_01J000000000000000000000ZZ',
    ]) {
      await refused(issue({ name }))
    }
    for (const host of ['', 'localhost', '10.%', `%' identified by 'x`, '10.0.0.1 ', '10.0.0.1\n', '% ', '%\n', 'h'])
      await refused(issue({ host }))
    for (const wrong of ['plain text', `*${'Z'.repeat(40)}`, `${hash}'`, '', `*${'A'.repeat(39)}`])
      await refused(issue({ hash: wrong }))
    for (const role of [
      'root',
      'public',
      'none',
      '',
      `${readers}\`, \`${writers}`,
      `${readers} `,
      readers.toUpperCase(),
    ]) {
      await refused(issue({ role }))
    }
    await refused(issue({ requires: 'SUBJECT' }))
    await refused(issue({ requires: `NONE' with grant option` }))
    for (const names of [
      `'["root"]'`,
      `'[null]'`,
      `'{}'`,
      `'x'`,
      `null`,
      `'["${victim.name}\\' or 1"]'`,
      `'["${victim.name}\\\\n"]'`,
    ]) {
      for (const call of ['lock_accounts', 'remove_accounts', 'observe'])
        await refused(`call ${schema}.${call}(${names})`)
      await refused(`call ${schema}.end_sessions(${names}, null)`)
    }
    await refused(`call ${schema}.rotate('root', 'localhost', '${hash}')`)
    await refused(`call ${schema}.end_rotated_sessions('root', 'localhost')`)
    await refused(`call ${schema}.keeps_hash('root', 'localhost', '${hash}')`)

    // What is open is nobody's to drop, and a session only with the name that it has.
    await thief.query(`call ${schema}.remove_accounts('["${victim.name}"]')`)
    await thief.query(
      `call ${schema}.cut_sessions('[[${Number(me?.['id'])}, "${prepared.plan().accountName}"], [1, "root"]]')`,
    )
    expect((await prepared.target.observe([victim.handle], noSignal))[0]).toMatchObject({
      state: 'usable',
      openSessions: 1,
    })
    expect(await session.isAlive()).toBe(true)

    // Control: the statements are right, and only the values were refused.
    const fresh = prepared.plan()
    await thief.query(issue({ name: fresh.accountName }))
    await thief.query(issue({ requires: 'SUBJECT', subject: `/CN=it's "quoted" \\ and \`more\`` }))
    await thief.end()
    await revoke(prepared.target, victim.handle, fresh)
  })

  test('has what CREATE USER alone would be worth: nothing of it', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    await prepared.sql(`create user weak identified by 'weak'`, 'grant create user on *.* to weak')
    const weak = await connectAs(prepared, 'weak', 'weak')
    await weak.query(`create user root@127.0.0.1 identified by 'x'`)
    await weak.query(`alter user root@localhost identified by 'mine'`)
    await weak.end()
    await expect(prepared.sql('select 1'), 'control: it took root over').rejects.toThrow(/denied/)
  })

  test('nobody logs in as the definer of the procedures', async () => {
    await using prepared = await prepareMysql()
    const name = `${prepared.schema}_definer`
    const asDefiner = (password: string) =>
      mysql.createConnection({ socketPath: prepared.access.socketPath, user: name, password })
    await expect(asDefiner('')).rejects.toThrow(/denied|locked/)
    await prepared.sql(`alter user ${prepared.definer} identified by 'known'`)
    await expect(asDefiner('known'), 'it is locked, too').rejects.toThrow(/locked/)
  })
})

describe('an issued account', () => {
  test('has its role active from the start, and nothing else', async () => {
    await using prepared = await prepareMysql()
    const issued = await prepared.issue()
    const session = await openSession(issued.account)
    const [rows] = await session.connection.query('select current_role() as role, note from orders')
    expect(rows).toEqual([{ role: prepared.readers, note: 'first' }])
    await expect(session.connection.query(`insert into orders values (2, '')`)).rejects.toThrow(/denied/)
    await expect(session.connection.query(`set role ${prepared.writers}`)).rejects.toThrow(/Invalid role/)
    await expect(session.connection.query(`call ${prepared.schema}.self_check()`)).rejects.toThrow(/denied/)
    await expect(session.connection.query(`alter user ${issued.name} account unlock`)).rejects.toThrow(/denied/)
    expect(await prepared.sql(`show grants for ${issued.name}`)).toHaveLength(3)
    await revoke(prepared.target, issued.handle)
  })

  test('may hold as many sessions as its limit says', async () => {
    await using prepared = await prepareMysql()
    const issued = await prepared.issue(prepared.readers, {
      permission: { role: prepared.readers, connection_limit: 2 },
    })
    await Promise.all([openSession(issued.account), openSession(issued.account)])
    await expect(mysql.createConnection(loginOf(issued.account))).rejects.toThrow(/max_user_connections/)
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
  })
})

describe('a role by which an account could raise rights, or leave some behind, is refused', () => {
  test('also where another role that it holds is one', async () => {
    await using prepared = await prepareMysql()
    const { app, schema, readers } = prepared
    const tries: (readonly [string, string])[] = [
      [`grant create user on *.* to %r`, `revoke create user on *.* from %r`],
      [`grant execute on *.* to %r`, `revoke execute on *.* from %r`],
      [`grant insert on *.* to %r`, `revoke insert on *.* from %r`],
      [`grant file on *.* to %r`, `revoke file on *.* from %r`],
      [`grant set user on *.* to %r`, `revoke set user on *.* from %r`],
      [`grant connection admin on *.* to %r`, `revoke connection admin on *.* from %r`],
      [
        `grant select on ${app}.* to %r with grant option`,
        `revoke select on ${app}.* from %r; revoke grant option on ${app}.* from %r; grant select on ${app}.* to %r`,
      ],
      [
        `grant select on ${app}.orders to %r with grant option`,
        `revoke select on ${app}.orders from %r; revoke grant option on ${app}.orders from %r`,
      ],
      [`grant update on mysql.* to %r`, `revoke update on mysql.* from %r`],
      [`grant insert on mysql.global_priv to %r`, `revoke insert on mysql.global_priv from %r`],
      [`grant create on \`my%\`.* to %r`, `revoke create on \`my%\`.* from %r`],
      [`grant execute on ${schema}.* to %r`, `revoke execute on ${schema}.* from %r`],
      [`grant execute on procedure ${schema}.issue to %r`, `revoke execute on procedure ${schema}.issue from %r`],
    ]
    const held = `held_${app}`
    await prepared.sql(`create role ${held}`)
    for (const [give, take] of tries) {
      // A role is looked at again after a minute: here at once.
      const issue = async () => {
        await prepared.sql(`delete from ${schema}.judged_role`)
        return codeOf(prepared.issue())
      }
      await prepared.sql(give.replace('%r', readers))
      expect(await issue(), give).toBe('target_unsafe')
      await prepared.sql(...take.replaceAll('%r', readers).split('; '))
      expect(await issue(), `control, after: ${take}`).toBe('no error')
      await prepared.sql(give.replace('%r', held), `grant ${held} to ${readers}`)
      expect(await issue(), `held: ${give}`).toBe('target_unsafe')
      await prepared.sql(...take.replaceAll('%r', held).split('; '))
      expect(await issue(), `control, held, after: ${take}`).toBe('no error')
      await prepared.sql(`revoke ${held} from ${readers}`)
    }
    await prepared.sql(`grant ${held} to ${readers} with admin option`, `delete from ${schema}.judged_role`)
    expect(await codeOf(prepared.issue()), 'it may grant a role to others').toBe('target_unsafe')
    await prepared.sql(`drop role ${held}`)
    for (const harmless of [`select, reload, process, show databases, lock tables on *.*`, `select on mysql.*`]) {
      await prepared.sql(`grant ${harmless} to ${readers}`, `delete from ${schema}.judged_role`)
      expect(await codeOf(prepared.issue()), harmless).toBe('no error')
    }
  })

  test('a role that is there and was not permitted is refused by name of the cause', async () => {
    await using prepared = await prepareMysql()
    await prepared.sql(`create role other_${prepared.app}`)
    expect(await codeOf(prepared.issue(`other_${prepared.app}`))).toBe('target_rights_missing')
    await prepared.sql(`grant other_${prepared.app} to ${prepared.definer}`)
    expect(await codeOf(prepared.issue(`other_${prepared.app}`)), 'without admin option').toBe('target_rights_missing')

    expect(await codeOf(prepared.issue()), 'control: a role that is permitted, and was looked at').toBe('no error')
    await prepared.sql(`revoke admin option for ${prepared.readers} from ${prepared.definer}`)
    const handle = prepared.plan()
    const request = requestFor(prepared.readers)
    expect(await codeOf(prepared.target.issue(handle, request, noSignal)), 'and no longer is').toBe(
      'target_rights_missing',
    )
    expect((await prepared.target.observe([handle], noSignal))[0]?.state, 'what was begun is taken back').toBe('absent')
    await prepared.sql(`drop role other_${prepared.app}`)
  })
})

describe('the target and what it says', () => {
  test('an administrator as Mayfly’s login is refused before anything is done', async () => {
    await using prepared = await prepareMysql()
    const login = `'${prepared.mayflyLogin.username}'@'%'`
    await prepared.sql(`grant create user on *.* to ${login}`)
    await using other = await openOther(prepared)
    expect(await codeOf(other.issue(prepared.plan(), requestFor(prepared.readers), noSignal))).toBe('target_unsafe')
    await prepared.sql(`revoke create user on *.* from ${login}`)
    await using again = await openOther(prepared)
    const handle = prepared.plan()
    expect(await codeOf(again.issue(handle, requestFor(prepared.readers), noSignal)), 'control').toBe('no error')
    await revoke(prepared.target, handle)
  })

  test('a server that is not there, a wrong password and missing procedures are told apart', async () => {
    await using prepared = await prepareMysql()
    const attempt = async (over: object, password = prepared.mayflyLogin.password) => {
      await using target = await openOther(prepared, over, password)
      return await codeOf(target.issue(prepared.plan(), requestFor(prepared.readers), noSignal))
    }
    expect(await attempt({ port: 1 })).toBe('target_unreachable')
    expect(await attempt({ schema: 'not_there' })).toBe('target_rights_missing')
    expect(await attempt({}, 'wrong')).toBe('target_rights_missing')
  })

  test('a target that dies in the middle is an error of that call, and works again when it is back', async () => {
    await using prepared = await prepareMysql()
    const issued = await prepared.issue()
    const kill = async () =>
      prepared.sql(
        `begin not atomic for p in (select id from information_schema.PROCESSLIST where user = '${prepared.schema}_definer') do kill p.id; end for; end`,
      )
    const holder = await mysql.createConnection({ socketPath: prepared.access.socketPath, user: 'root' })
    await holder.query(`lock tables ${prepared.schema}.rotatable_account write`)
    // It waits for that table, so it is found waiting.
    const waiting = codeOf(prepared.target.rotate('someone', passwordSecret(), noSignal))
    await until(
      async () =>
        (await prepared.sql(`select 1 from information_schema.PROCESSLIST where state like 'Waiting for table%'`))
          .length > 0,
      { describe: 'Mayfly’s call waits' },
    )
    await kill()
    expect(await waiting).toBe('target_unreachable')
    await holder.end()
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
  })

  test('a read-only target, and one that takes no hashes, say so', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    await prepared.sql(`install soname 'simple_password_check'`)
    const detail = async () => {
      const error = await prepared.issue().catch((thrown: unknown) => thrown)
      return JSON.stringify((error as { options?: unknown }).options)
    }
    expect(await detail(), 'a password rule of the server').toContain('strict_password_validation')
    await prepared.sql('set global strict_password_validation = off', 'set global read_only = on')
    expect(await detail()).toContain('read-only')
    await prepared.sql('set global read_only = off')
    expect(await codeOf(prepared.issue()), 'control').toBe('no error')
  })

  test('an issued password stands in no log of the target', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    await prepared.sql(`set global log_output = 'TABLE'`, 'set global general_log = on')
    const issued = await prepared.issue()
    await prepared.target.rotate('nobody', passwordSecret(), noSignal).catch(() => undefined)
    const lines = (await prepared.sql('select convert(argument using utf8mb4) as line from mysql.general_log')).map(
      (row) => String(row['line']),
    )
    expect(lines.join('\n'), 'control: the log has what was called').toContain(issued.name)
    for (const line of lines) {
      expect(line).not.toContain(passwordOf(issued.account))
      expect(line).not.toContain(canary)
    }
    expect(await canLogIn(issued.account)).toBe(true)
  })
})

describe('the guide', () => {
  test('runs as printed, twice, and survives hostile names', async () => {
    await using server = await startOwnServer()
    const hostile = {
      login: `o'neill "x" \\ \`y`,
      roles: [`role 'q' \`z\` \\ "w"`],
      schema: 'mayfly_x',
      requireTls: false,
    }
    for (const text of [mysqlProvider.guide(), mysqlProvider.guide(), mariadbGuide(hostile), mariadbGuide(hostile)]) {
      await runClient(server.access, text)
    }
    const mapped = await runClient(
      server.access,
      `select Role from mysql.roles_mapping where User = 'mayfly_x_definer'`,
    )
    expect(mapped).toContain(`role 'q' \`z\` \\\\ "w"`)
    await using prepared = await prepareMysql(server.access)
    expect(await codeOf(prepared.issue())).toBe('no error')
  })
})

const canary = 'canary-of-a-rotated-password'

function passwordSecret() {
  return mysqlProvider.secret.parse({ username: 'x', password: canary }).password
}

async function openOther(prepared: Prepared, over: object = {}, password = prepared.mayflyLogin.password) {
  const target = await mysqlProvider.open({
    settings: mysqlProvider.settings.parse({ ...prepared.settings, ...over }),
    secret: mysqlProvider.secret.parse({ ...prepared.mayflyLogin, password }),
  })
  return { ...target, [Symbol.asyncDispose]: () => target.close() }
}
