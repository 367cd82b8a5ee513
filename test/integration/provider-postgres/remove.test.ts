import { describe, expect, test } from 'vitest'
import { withClient } from '../../support/index.ts'
import {
  type Issued,
  type Prepared,
  everyWay,
  codeOf,
  noSignal,
  preparePostgres,
  recordReport,
  requestFor,
  revoke,
  urlOf,
} from './postgres-fixture.ts'

/** Everything that a login of the writers can leave behind in its database. */
async function plant(issued: Issued): Promise<void> {
  await withClient(urlOf(issued.account), async (client) => {
    await client.query(`
      create table app.loot as select * from app.orders;
      create type app.kind as enum ('a', 'b');
      create view app.peep as select * from app.orders;
      create function app.read_orders() returns setof app.orders language sql security definer as 'select * from app.orders';
      create function app.on_order() returns trigger language plpgsql as
        $$ begin execute 'create table if not exists app.raised as select current_user as who'; return new; end $$;
      create trigger on_order after insert on app.orders for each row execute function app.on_order();
      alter table app.loot enable row level security;
      create policy everyone on app.loot to public using (true);
      grant execute on function app.read_orders() to public;
      grant select on app.loot to public;
      alter default privileges grant all on tables to public;
      alter default privileges in schema app grant execute on functions to public`)
    await client.query(`select lo_from_bytea(0, 'left behind')`)
    await client.query('begin')
    await client.query('create table app.prepared_loot (id integer)')
    await client.query(`prepare transaction 'left by ${issued.name}'`)
  })
}

async function ownedBy(prepared: Prepared, name: string): Promise<unknown[]> {
  return [
    ...(await prepared.sql(
      `select s.classid::regclass::text from pg_shdepend as s join pg_roles as r on r.oid = s.refobjid
        where s.refclassid = 'pg_authid'::regclass and r.rolname = $1`,
      [name],
    )),
  ]
}

describe.each(everyWay)('removal on PostgreSQL $version by $mode', ({ version, mode }) => {
  test('nothing that a login planted stays, and a later login gains nothing', async () => {
    await using prepared = await preparePostgres(version, mode)
    const planter = await prepared.issue(prepared.writers)
    await plant(planter)
    expect((await ownedBy(prepared, planter.name)).length, 'control: it owns things').toBeGreaterThan(5)
    expect(await prepared.sql('select tgname from pg_trigger where tgname = $1', ['on_order'])).toHaveLength(1)

    const report = await revoke(prepared.target, planter.handle)
    expect(report.reasons).toEqual(new Map())
    expect(report.removedNames).toEqual([planter.name])

    const left = await prepared.sql(
      `select 'relation' as kind, relname::text as name from pg_class where relname in ('loot', 'peep', 'prepared_loot', 'raised')
       union all select 'function', proname from pg_proc where proname in ('read_orders', 'on_order')
       union all select 'type', typname from pg_type where typname = 'kind'
       union all select 'trigger', tgname from pg_trigger where tgname = 'on_order'
       union all select 'policy', polname from pg_policy
       union all select 'default privileges', defaclobjtype::text from pg_default_acl
       union all select 'large object', oid::text from pg_largeobject_metadata
       union all select 'prepared', gid from pg_prepared_xacts where database = current_database()
       union all select 'membership', roleid::text from pg_auth_members as m where not exists (select from pg_roles where oid = m.member)`,
    )
    expect(left).toEqual([])
    expect(await prepared.sql('select * from app.orders'), 'what was there before stays').toEqual([
      { id: 1, note: 'first' },
    ])

    const later = await prepared.issue(prepared.readers)
    await withClient(urlOf(later.account), async (client) => {
      await expect(client.query('select * from app.read_orders()')).rejects.toThrow('does not exist')
      await expect(client.query('insert into app.orders values (2, $1)', ['x'])).rejects.toThrow('permission denied')
    })
    // The owner writes: nothing of the planter's runs with the owner's rights.
    await prepared.sql(`insert into app.orders values (3, 'by its owner')`)
    expect(await prepared.sql(`select from pg_class where relname = 'raised'`)).toEqual([])
    await revoke(prepared.target, later.handle)
  })

  test('what it made in another database goes too', async () => {
    await using prepared = await preparePostgres(version, mode)
    const other = `other_${prepared.database}`
    await prepared.sql(`create database ${other}`)
    try {
      const superuserThere = prepared.superuserUrl.replace(/[^/]*$/, other)
      await withClient(superuserThere, (client) =>
        client.query(`create schema open; grant all on schema open to ${prepared.writers}`),
      )
      const issued = await prepared.issue(prepared.writers)
      await withClient(urlOf(issued.account).replace(`/${prepared.database}?`, `/${other}?`), (client) =>
        client.query('create table open.loot (id integer); select lo_create(0)'),
      )
      const report = await revoke(prepared.target, issued.handle)
      expect(report.reasons).toEqual(new Map())
      expect(report.removedNames).toEqual([issued.name])
      await withClient(superuserThere, async (client) => {
        expect((await client.query(`select from pg_class where relname = 'loot'`)).rowCount).toBe(0)
      })
    } finally {
      await prepared.sql(`drop database ${other} with (force)`)
    }
  })

  test('where others built on what it made, it stays due, without rights, and says what is in the way', async () => {
    await using prepared = await preparePostgres(version, mode)
    const issued = await prepared.issue(prepared.writers)
    const innocent = await prepared.issue(prepared.readers)
    await withClient(urlOf(issued.account), (client) =>
      client.query(`
        create function app.read_orders() returns setof app.orders language sql security definer as 'select * from app.orders';
        create table app.base (id integer); grant select on app.base to public`),
    )
    await prepared.sql('create view app.built_on_it as select * from app.base')
    expect(await prepared.sql('select * from app.read_orders()'), 'control: the planted function works').toHaveLength(1)

    const report = await revoke(prepared.target, issued.handle, innocent.handle)
    expect(report.cutNames.toSorted()).toEqual([issued.name, innocent.name].toSorted())
    expect(report.removedNames, 'the other one is not held up').toEqual([innocent.name])
    const reason = report.reasons.get(issued.name) ?? ''
    expect(reason).toContain('built_on_it')
    expect(reason).not.toMatch(/select|drop owned|127\.0\.0\.1/i)
    await expect(prepared.sql('select * from app.read_orders()'), 'it has no rights left').rejects.toThrow(
      'permission denied',
    )

    await prepared.sql('drop view app.built_on_it')
    expect((await revoke(prepared.target, issued.handle)).removedNames, 'then it goes').toEqual([issued.name])
  })

  test('what an administrator granted to the login itself is named where it is in the way', async () => {
    await using prepared = await preparePostgres(version, mode)
    const issued = await prepared.issue()
    await prepared.sql(
      `grant select on app.orders to ${issued.name}; grant create on database ${prepared.database} to ${issued.name}`,
    )
    const report = await revoke(prepared.target, issued.handle)
    expect(report.cutNames).toEqual([issued.name])
    // The owner of the functions may take away what anyone granted; a CREATEROLE admin may not, and says so.
    const blocked = mode === 'createrole'
    expect(report.removedNames).toEqual(blocked ? [] : [issued.name])
    expect(report.reasons.get(issued.name) ?? '').toMatch(blocked ? /privileges for/ : /^$/)
    if (blocked) {
      await prepared.sql(
        `revoke select on app.orders from ${issued.name}; revoke create on database ${prepared.database} from ${issued.name}`,
      )
    }
    await revoke(prepared.target, issued.handle)
    expect((await prepared.target.observe([issued.handle], noSignal))[0]?.state).toBe('absent')
  })

  test('a login can make no replication slot; one that was raised to it is not dropped unseen', async () => {
    await using prepared = await preparePostgres(version, mode)
    const issued = await prepared.issue()
    const slot = `slot_${prepared.database}`
    await withClient(urlOf(issued.account), (client) =>
      expect(client.query('select pg_create_physical_replication_slot($1)', [slot])).rejects.toThrow(
        /permission denied|must be/,
      ),
    )
    await prepared.sql(`alter role ${prepared.writers} replication`)
    expect(await codeOf(prepared.issue(prepared.writers)), 'nor by way of a group').toBe('target_unsafe')
    await prepared.sql(`alter role ${prepared.writers} noreplication`)

    await prepared.sql(`alter role ${issued.name} replication`)
    await withClient(urlOf(issued.account), (client) =>
      client.query('select pg_create_physical_replication_slot($1)', [slot]),
    )
    const report = await revoke(prepared.target, issued.handle)
    // On 16 and later a CREATEROLE admin may not even cut a login that somebody gave REPLICATION.
    expect(report.removedNames).toEqual([])
    expect(report.reasons.get(issued.name)).toMatch(/attributes of an administrator|no right over/)
    await prepared.sql(`select pg_drop_replication_slot('${slot}')`)
    await prepared.sql(`alter role ${issued.name} noreplication`)
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
  })

  test('a prepared transaction under the name of its group goes with the login', async () => {
    await using prepared = await preparePostgres(version, mode)
    const issued = await prepared.issue(prepared.writers)
    let owner = ''
    await withClient(urlOf(issued.account), async (client) => {
      await client.query('begin; create table app.loot (id integer)')
      // From 16 on the login may not become its group, and the transaction stays its own.
      if (version < 16) await client.query(`set role ${prepared.writers}`)
      await client.query(`prepare transaction 'as the group ${issued.name}'`)
      owner = version < 16 ? prepared.writers : issued.name
    })
    expect(await prepared.sql('select owner::text from pg_prepared_xacts where database = current_database()')).toEqual(
      [{ owner }],
    )
    const report = await revoke(prepared.target, issued.handle)
    expect(report.reasons).toEqual(new Map())
    expect(await prepared.sql('select from pg_prepared_xacts where database = current_database()')).toEqual([])
  })

  test('an open transaction of someone else that holds the account makes it wait, not the others', async () => {
    await using prepared = await preparePostgres(version, mode)
    const [held, free] = [await prepared.issue(prepared.writers), await prepared.issue(prepared.writers)]
    for (const [at, one] of [held, free].entries()) {
      await withClient(urlOf(one.account), (client) => client.query(`create table app.loot_${at} (id integer)`))
    }
    await withClient(prepared.superuserUrl, async (client) => {
      // Takes the lock that dropping the role needs, and from 16 on the one that becoming it needs.
      await client.query(`begin; comment on role ${held.name} is 'held'; grant select on app.orders to ${held.name}`)
      const report = await revoke(prepared.target, held.handle, free.handle)
      expect(report.cutNames.toSorted()).toEqual([held.name, free.name].toSorted())
      expect(report.removedNames).toEqual([free.name])
      expect(report.reasons.get(held.name)).toContain('holds the account')
      await client.query('rollback')
    })
    expect((await revoke(prepared.target, held.handle)).removedNames).toEqual([held.name])
  })

  test('an account that comes to be during the removal of another name is not touched', async () => {
    await using prepared = await preparePostgres(version, mode)
    const absent = prepared.plan()
    const report = recordReport()
    await prepared.target.revoke([absent], report, noSignal)
    expect(report.removedNames).toEqual([absent.accountName])
    await prepared.target.issue(absent, requestFor(prepared.readers), noSignal)
    expect((await prepared.target.observe([absent], noSignal))[0]?.state, 'revoke is a look at now, not a ban').toBe(
      'usable',
    )
    await revoke(prepared.target, absent)
  })
})
