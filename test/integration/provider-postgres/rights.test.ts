import { describe, expect, test } from 'vitest'
import { Secret } from '@mayfly/provider-kit'
import { createroleGuide, functionsGuide, postgresProvider } from '@mayfly/provider-postgres'
import { createTargetDatabase, until, withClient } from '../../support/index.ts'
import {
  type OpenSession,
  codeOf,
  everyWay,
  makeStaticAccount,
  noSignal,
  openSession,
  preparePostgres,
  requestFor,
  revoke,
  urlOf,
  versions,
} from './postgres-fixture.ts'

async function pidOf(session: OpenSession): Promise<number> {
  const { rows } = await session.client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

describe.each(versions)('a stolen Mayfly login on PostgreSQL %s, by functions', (version) => {
  test('can make, change and drop no role but by the functions', async () => {
    await using prepared = await preparePostgres(version, 'functions')
    const victim = await prepared.issue(prepared.writers)
    const bystander = await openSession(victim.account)
    const { username, password } = prepared.mayflyLogin
    await withClient(prepared.url(username, password), async (client) => {
      const refused = async (statement: string) =>
        expect(client.query(statement)).rejects.toThrow(
          /permission denied|must (be|have)|not permitted|not of the form|attributes/,
        )
      await refused('create role mine login')
      await refused(`alter role ${victim.name} password 'mine'`)
      await refused(`drop role ${victim.name}`)
      await refused(`grant ${prepared.writers} to ${username}`)
      await refused(`insert into mayfly.permitted_group values ('${prepared.appOwner}')`)
      await refused(`select pg_terminate_backend(${await pidOf(bystander)})`)
      await refused('select * from app.orders')
      const verifier = `SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`
      const issue = (name: string, group: string, sealed = verifier) =>
        `select mayfly.issue('${name}', '${sealed}', array['${group}'], now() + '1 hour', now() + '1 minute', 1)`
      const fresh = prepared.plan().accountName
      await refused(issue('postgres', prepared.readers))
      await refused(issue(`${fresh}"; drop role x; --`, prepared.readers))
      await refused(issue(fresh, prepared.appOwner))
      await refused(issue(fresh, prepared.superuser))
      await expect(client.query(issue(fresh, prepared.readers, 'plain text'))).rejects.toThrow(
        'not a SCRAM-SHA-256 verifier',
      )
      for (const call of ['disable', 'adopt', 'strip', 'drop_owned', 'remove', 'list_prepared']) {
        await refused(`select mayfly.${call}(array['${prepared.superuser}'])`)
        await refused(`select mayfly.${call}(array[null])`)
      }
      await refused(`select mayfly.end_sessions(array['${prepared.superuser}'], null, false)`)
      await refused(`select mayfly.renew('${prepared.superuser}', now() + '1 hour')`)

      // A login that can still log in is nobody's to become, to empty or to drop.
      await client.query(`select mayfly.adopt(array['${victim.name}'])`)
      await refused(`set role ${victim.name}`)
      await client.query(`select mayfly.drop_owned(array['${victim.name}']), mayfly.remove(array['${victim.name}'])`)
    })
    expect((await prepared.target.observe([victim.handle], noSignal))[0]?.state).toBe('usable')
    await withClient(urlOf(victim.account), (client) => client.query('select from app.orders'))
    expect(await bystander.isAlive()).toBe(true)
    await revoke(prepared.target, victim.handle)
  })

  test('an issued login can call none of the functions, nor become its group from 16 on', async () => {
    await using prepared = await preparePostgres(version, 'functions')
    const issued = await prepared.issue(prepared.writers)
    await withClient(urlOf(issued.account), async (client) => {
      await expect(client.query('select mayfly.functions_version()')).rejects.toThrow('permission denied')
      const becoming = await client.query(`set role ${prepared.writers}`).then(
        () => 'allowed',
        () => 'refused',
      )
      expect(becoming).toBe(version >= 16 ? 'refused' : 'allowed')
      await client.query('reset role')
      await expect(client.query(`alter role ${issued.name} valid until 'infinity'`)).rejects.toThrow(
        /permission denied|must/,
      )
      await expect(client.query(`alter role ${issued.name} connection limit -1`)).rejects.toThrow(
        /permission denied|must/,
      )
    })
    await revoke(prepared.target, issued.handle)
  })

  test("a function of the caller's own does not take the place of one that ours call", async () => {
    await using prepared = await preparePostgres(version, 'functions')
    const { username, password } = prepared.mayflyLogin
    await prepared.sql(
      `create schema hostile; grant all on schema hostile to ${username}; grant temporary on database ${prepared.database} to ${username}`,
    )
    await withClient(prepared.url(username, password), async (client) => {
      await client
        .query(`
        create function hostile.format(text, variadic "any") returns text language sql as
          $$ select 'alter role ${username} superuser'::text $$`)
        .catch(() => undefined)
      await client.query(`
        create function hostile.clock_timestamp() returns timestamptz language sql as $$ select 'infinity'::timestamptz $$;
        create temporary table pg_roles as select '${prepared.superuser}'::name as rolname, true as rolcanlogin;
        set search_path = pg_temp, hostile, pg_catalog, mayfly`)
      const name = prepared.plan().accountName
      await client.query('select mayfly.disable($1), mayfly.remove($1)', [[name]])
      const { rows } = await client.query('select rolsuper from pg_catalog.pg_roles where rolname = $1', [username])
      expect(rows).toEqual([{ rolsuper: false }])
    })
    expect(await prepared.sql('select rolcanlogin from pg_roles where rolname = $1', [prepared.superuser])).toEqual([
      { rolcanlogin: true },
    ])
  })
})

describe.each(everyWay)('rights on PostgreSQL $version by $mode', ({ version, mode }) => {
  test('a superuser as admin login is refused before anything is done', async () => {
    await using prepared = await preparePostgres(version, mode)
    await prepared.sql(`alter role ${prepared.mayflyLogin.username} superuser`)
    expect(await codeOf(prepared.issue())).toBe('target_unsafe')
    await prepared.sql(`alter role ${prepared.mayflyLogin.username} nosuperuser`)
    const issued = await prepared.issue()
    await revoke(prepared.target, issued.handle)
  })

  test('a group whose own groups have attributes of an administrator is refused', async () => {
    await using prepared = await preparePostgres(version, mode)
    const strong = `strong_${prepared.database}`
    await prepared.sql(`create role ${strong} createdb; grant ${strong} to ${prepared.readers}`)
    expect(await codeOf(prepared.issue())).toBe('target_unsafe')
    await prepared.sql(`drop role ${strong}`)
    await revoke(prepared.target, (await prepared.issue()).handle)
  })

  test('a connection that the target ends in the middle is an error of that call alone', async () => {
    await using prepared = await preparePostgres(version, mode)
    const [mine, other] = [await prepared.issue(), await prepared.issue()]
    await withClient(prepared.superuserUrl, async (client) => {
      // A removal waits for this lock, at most 250 ms, so it is found waiting.
      await client.query(`begin; comment on role ${mine.name} is 'held'`)
      const revoking = codeOf(revoke(prepared.target, mine.handle))
      const waiting = `select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and wait_event_type = 'Lock'`
      await until(async () => (await prepared.sql(waiting, [prepared.mayflyLogin.username])).length > 0, {
        describe: "Mayfly's connection waits for a lock",
        everyMs: 2,
      })
      expect(await revoking).toBe('target_unreachable')
      await client.query('rollback')
    })
    expect((await revoke(prepared.target, mine.handle, other.handle)).removedNames).toHaveLength(2)
  })

  test('a database that is not there, a server that is not there and a wrong password are told apart', async () => {
    await using prepared = await preparePostgres(version, mode)
    const attempt = async (over: object, password = prepared.mayflyLogin.password) => {
      const target = await postgresProvider.open({
        settings: postgresProvider.settings.parse({ ...prepared.settings, ...over }),
        secret: postgresProvider.secret.parse({ ...prepared.mayflyLogin, password }),
      })
      const code = await codeOf(target.issue(prepared.plan(), requestFor(prepared.readers), noSignal))
      await target.close()
      return code
    }
    expect(await attempt({ port: 1 })).toBe('target_unreachable')
    expect(await attempt({ database: 'not_there' })).toBe('target_refused')
    expect(await attempt({}, 'wrong')).toBe('target_rights_missing')
  })
})

describe.each(versions)('the guides on PostgreSQL %s', (version) => {
  test('run as printed, twice, and survive hostile names', async () => {
    await using database = await createTargetDatabase(version)
    const hostile = `o'neill "x" $guide$ %I \\ ${database.database}`.slice(0, 60)
    const login = `${database.roleName('l')} "q' %s`
    await withClient(database.superuser.url, async (client) => {
      for (const sql of [
        functionsGuide({ login, groups: [hostile] }),
        functionsGuide({ login, groups: [hostile] }),
        createroleGuide({ login, groups: [], creatorRoles: [`${database.roleName('c')} "q' %s`] }),
        createroleGuide({ login, groups: [], creatorRoles: [`${database.roleName('c')} "q' %s`] }),
      ]) {
        await client.query(sql)
      }
      const { rows } = await client.query('select group_name from mayfly.permitted_group')
      expect(rows).toEqual([{ group_name: hostile }])
    })
  })

  test('the one for static secrets lets Mayfly change the listed accounts, no others, and no administrator', async () => {
    await using prepared = await preparePostgres(version, 'functions')
    const own = await makeStaticAccount(prepared)
    const next = new Secret('a-new-secret-of-more-than-16-characters')
    const rotate = (account: string) => prepared.target.rotate(account, next, noSignal)
    await rotate(own.account)
    expect(await own.canLogIn(next), 'control').toBe(true)
    const mark = own.account.slice(-8)
    await prepared.sql(`create role unlisted_${mark} login; create role admin_${mark} login createrole`)
    await prepared.sql(
      `insert into mayfly.rotatable_account values ('admin_${mark}'), ('${prepared.superuser}'), ('${prepared.mayflyLogin.username}')`,
    )
    for (const account of [
      `unlisted_${mark}`,
      `admin_${mark}`,
      prepared.superuser,
      prepared.mayflyLogin.username,
      `x"; drop role ${own.account}; --`,
    ]) {
      await expect(rotate(account), account).rejects.toMatchObject({ code: 'target_rights_missing' })
    }
    await prepared.sql(`drop role unlisted_${mark}; drop role admin_${mark}`)
    await own.drop()
  })

  test("refuse a schema that is someone else's", async () => {
    await using database = await createTargetDatabase(version)
    await withClient(database.admin.url, (client) => client.query('create schema mayfly'))
    await withClient(database.superuser.url, (client) =>
      expect(client.query(functionsGuide({ login: database.roleName('m'), groups: ['g'] }))).rejects.toThrow(
        'belongs to someone else',
      ),
    )
  })
})
