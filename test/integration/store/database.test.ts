/** What `openDatabase` promises where statements fail, connections break and servers restart. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { MayflyError, newId, type PersonId, type TenantId } from '@mayfly/domain'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type Tx } from '../../../packages/server/src/store/database.ts'
import { migrate } from '../../../packages/server/src/store/migrate.ts'
import { findFreePort, makeTempDir, startDurableCluster, until } from '../../support/index.ts'
import { type OpenTestStore, openTestStore } from './open-test-store.ts'

let store: OpenTestStore
const tenantId = newId<TenantId>()

beforeAll(async () => {
  store = await openTestStore({ poolSize: 4 })
  await store.addTenant(tenantId, 'one')
})
afterAll(() => store.close())

const inTenant = <T>(work: (tx: Tx) => Promise<T>) => store.database.transaction(tenantId, work)

async function addPerson(tx: Tx, name = 'Ada'): Promise<PersonId> {
  const personId = newId<PersonId>()
  await tx.query.insertInto('person').values({ person_id: personId, name }).execute()
  return personId
}

const isThere = async (name: string): Promise<boolean> =>
  (await store.bySuperuser('select from mayfly.person where name = $1', [name])).length > 0

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Resolves once `count` have come. */
function meeting(count: number): () => Promise<void> {
  let missing = count
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return () => {
    missing -= 1
    if (missing === 0) open()
    return opened
  }
}

const backends = (): Promise<{ pid: number; state: string }[]> =>
  store.bySuperuser(
    `select pid, state from pg_stat_activity where datname = current_database() and application_name = 'mayfly'`,
  )

describe('a transaction', () => {
  test('that deadlocks is tried again, and both get through', async () => {
    const [a, b] = await inTenant(async (tx) => [await addPerson(tx), await addPerson(tx)] as const)
    const runs = { one: 0, other: 0 }
    const both = meeting(2)
    const touch = (tx: Tx, id: PersonId) =>
      tx.query.updateTable('person').set({ email: null }).where('person_id', '=', id).execute()
    const cross = (who: keyof typeof runs, first: PersonId, second: PersonId) =>
      inTenant(async (tx) => {
        runs[who] += 1
        // The deadlock is found by the server's own timer; a short one keeps the test quick.
        await sql`select set_config('lock_timeout', '10s', true)`.execute(tx.query)
        await touch(tx, first)
        if (runs[who] === 1) await both()
        await touch(tx, second)
      })
    await Promise.all([cross('one', a, b), cross('other', b, a)])
    expect(runs.one + runs.other, 'one of them ran again').toBeGreaterThan(2)
  })

  test('that is refused by serialisation three times says that others change the same', async () => {
    let runs = 0
    const refused = inTenant(async (tx) => {
      runs += 1
      await sql`do $$ begin raise exception 'no' using errcode = 'serialization_failure'; end $$`.execute(tx.query)
    })
    await expect(refused).rejects.toMatchObject({ code: 'version_conflict' })
    expect(runs).toBe(3)
  })

  test('is tried again too where the work has given the refusal a name of its own', async () => {
    let runs = 0
    await inTenant(async (tx) => {
      runs += 1
      if (runs > 1) return
      try {
        await sql`do $$ begin raise exception 'no' using errcode = 'deadlock_detected'; end $$`.execute(tx.query)
      } catch (cause) {
        throw new MayflyError('internal', { cause })
      }
    })
    expect(runs).toBe(2)
  })

  test('whose failed statement was swallowed does not pass for committed', async () => {
    const told: string[] = []
    const error = await errorOf(
      inTenant(async (tx) => {
        tx.afterCommit(() => told.push('committed'))
        await addPerson(tx, 'Swallowed')
        await errorOf(sql`select 1 / 0`.execute(tx.query))
      }),
    )
    expect(error).toMatchObject({ code: 'internal', message: expect.stringContaining('was rolled back') })
    expect(told).toEqual([])
    expect(await isThere('Swallowed')).toBe(false)
  })

  test('tells after its commit, not after a rollback, and no listener can undo it', async () => {
    const told: string[] = []
    const before = store.errors.length
    await errorOf(
      inTenant(async (tx) => {
        tx.afterCommit(() => told.push('rolled back'))
        await Promise.reject(new Error('no'))
      }),
    )
    await inTenant(async (tx) => {
      tx.afterCommit(() => {
        throw new Error('a listener failed')
      })
      tx.afterCommit(() => told.push('committed'))
      await addPerson(tx, 'Committed')
    })
    expect(told).toEqual(['committed'])
    expect(await isThere('Committed')).toBe(true)
    expect(store.errors.slice(before).map(({ message }) => message)).toEqual(['a listener failed'])
  })

  test('whose commit goes along with its last statement is durable when it returns, and takes no more', async () => {
    await inTenant((tx) => {
      tx.commitWithNext()
      return addPerson(tx, 'Along')
    })
    expect(await isThere('Along')).toBe(true)
    const late = inTenant(async (tx) => {
      tx.commitWithNext()
      await addPerson(tx)
      await addPerson(tx, 'Late')
    })
    await expect(late).rejects.toMatchObject({ code: 'internal' })
    expect(await isThere('Late')).toBe(false)
  })

  test('whose last statement is refused takes nothing, although the commit went along', async () => {
    const personId = await inTenant((tx) => addPerson(tx))
    const refused = inTenant(async (tx) => {
      await addPerson(tx, 'Refused')
      tx.commitWithNext()
      await tx.query.insertInto('person').values({ person_id: personId, name: 'Twice' }).execute()
    })
    await expect(refused).rejects.toMatchObject({ code: '23505' })
    expect(await isThere('Refused')).toBe(false)
  })

  test('over a snapshot changes nothing and sees one moment', async () => {
    const write = store.database.snapshot(tenantId, (tx) => addPerson(tx))
    await expect(write).rejects.toMatchObject({ code: 'internal', options: { log: 'a snapshot was asked to write' } })
    const counts = await store.database.snapshot(tenantId, async (tx) => {
      const count = async () => (await tx.query.selectFrom('person').select('person_id').execute()).length
      const first = await count()
      await inTenant((other) => addPerson(other))
      return [first, await count()]
    })
    expect(counts[0]).toBe(counts[1])
  })
})

describe('an error keeps its meaning', () => {
  test.each([
    ['a policy', `insert into tenant (tenant_id, name) values (current_tenant(), 'connection')`, '42501'],
    ['a check', `insert into person (person_id, name) values (gen_random_uuid(), '')`, '23514'],
    ['a missing column', 'select connection_terminated', '42703'],
    [
      'a raised one that speaks of connections',
      `do $$ begin raise exception 'connection terminated, ECONNREFUSED'; end $$`,
      'P0001',
    ],
  ])('%s is not mistaken for a lost connection', async (_what, statement, code) => {
    const error = await errorOf(inTenant((tx) => sql.raw(statement).execute(tx.query)))
    expect(error).toMatchObject({ code })
    expect(error).not.toBeInstanceOf(MayflyError)
  })

  test('an error of the work that speaks of connections stays what it is', async () => {
    const own = new Error('connect ECONNREFUSED: the connection was terminated')
    expect(await errorOf(inTenant(() => Promise.reject(own)))).toBe(own)
  })

  test('a statement that takes too long is ended, and its connection used again', async () => {
    await using quick = await openTestStore({ poolSize: 1, statementTimeoutMs: 50, store })
    const pid = () =>
      quick.database.outsideTenants((query) => sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(query))
    const before = await pid()
    const slow = quick.database.transaction(tenantId, (tx) => sql`select pg_sleep(10)`.execute(tx.query))
    await expect(slow).rejects.toMatchObject({
      code: 'database_unavailable',
      options: { publicDetail: 'the database took too long' },
    })
    expect((await pid()).rows).toEqual(before.rows)
  })
})

describe('a connection that breaks', () => {
  const kill = (pids: readonly number[]): Promise<unknown[]> =>
    store.bySuperuser('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [pids])
  const pidOf = async (tx: Tx): Promise<number> =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.query)).rows[0]?.pid ?? 0

  test('while nothing is asked of it is found at the next statement, and is not used again', async () => {
    let pid = 0
    const lost = inTenant(async (tx) => {
      pid = await pidOf(tx)
      await addPerson(tx, 'Lost')
      await kill([pid])
      await until(async () => (await backends()).every((backend) => backend.pid !== pid), { describe: 'it has gone' })
      await addPerson(tx)
    })
    await expect(lost).rejects.toMatchObject({ code: 'database_unavailable' })
    expect(await isThere('Lost')).toBe(false)
    expect(await inTenant(pidOf)).not.toBe(pid)
  })

  test('before the commit is sent: nothing took effect, and nobody is told otherwise', async () => {
    const lost = inTenant(async (tx) => {
      await addPerson(tx, 'Never')
      const pid = await pidOf(tx)
      const gone = until(async () => (await backends()).every((backend) => backend.pid !== pid), {
        describe: 'it has gone',
      })
      await kill([pid])
      await gone
    })
    await expect(lost).rejects.toMatchObject({ code: 'database_unavailable' })
    expect(await isThere('Never')).toBe(false)
  })

  test('while the commit is under way: the outcome is said to be unknown', async () => {
    // A constraint that is checked at the commit and takes its time.
    await store.bySuperuser(`create function mayfly.dawdle() returns trigger language plpgsql as $$
      begin perform pg_sleep(60); return new; end $$`)
    await store.bySuperuser(`create constraint trigger dawdle after insert on mayfly.person deferrable initially deferred
      for each row when (new.name = 'Dawdler') execute function mayfly.dawdle()`)
    const told: string[] = []
    let pid = 0
    const lost = errorOf(
      inTenant(async (tx) => {
        tx.afterCommit(() => told.push('committed'))
        pid = await pidOf(tx)
        await addPerson(tx, 'Dawdler')
      }),
    )
    await until(
      () =>
        store
          .bySuperuser(`select from pg_stat_activity where pid = $1 and query = 'commit' and wait_event = 'PgSleep'`, [
            pid,
          ])
          .then((rows) => rows.length === 1),
      { describe: 'the commit is under way' },
    )
    await kill([pid])
    expect(await lost).toMatchObject({
      code: 'database_unavailable',
      options: { publicDetail: expect.stringContaining('it is not known whether this took effect') },
    })
    expect(told).toEqual([])
    expect(await inTenant(pidOf)).not.toBe(pid)
    await store.bySuperuser('drop function mayfly.dawdle() cascade')
  })

  test('while the last statement is under way, the commit behind it: unknown too', async () => {
    let pid = 0
    const lost = errorOf(
      inTenant(async (tx) => {
        pid = await pidOf(tx)
        tx.commitWithNext()
        await sql`select pg_sleep(60)`.execute(tx.query)
      }),
    )
    await until(
      () =>
        store
          .bySuperuser(`select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`, [pid])
          .then((rows) => rows.length === 1),
      { describe: 'the statement is under way' },
    )
    await kill([pid])
    expect(await lost).toMatchObject({
      code: 'database_unavailable',
      options: { publicDetail: expect.stringContaining('it is not known whether this took effect') },
    })
  })

  test('outside tenants and as a raw client ends no process either', async () => {
    const breakWhile = (statement: () => Promise<number>): Promise<unknown> =>
      errorOf(
        statement().then(async (pid) => {
          await kill([pid])
          await until(async () => (await backends()).every((backend) => backend.pid !== pid), {
            describe: 'it has gone',
          })
          throw new Error('the work ends')
        }),
      )
    await store.database
      .outsideTenants((query) =>
        breakWhile(
          async () => (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(query)).rows[0]?.pid ?? 0,
        ),
      )
      .catch(() => undefined)
    await store.database
      .withClient((client) =>
        breakWhile(
          async () => (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0,
        ),
      )
      .catch(() => undefined)
    await expect(
      inTenant((tx) => addPerson(tx)),
      'the pool serves on',
    ).resolves.toBeTypeOf('string')
  })

  test('that sits in a transaction without asking is ended by the server: law 10', async () => {
    const settings = await inTenant((tx) =>
      sql<{ idle: string; statement: string }>`select current_setting('idle_in_transaction_session_timeout') as idle,
        current_setting('statement_timeout') as statement`.execute(tx.query),
    )
    expect(settings.rows).toEqual([{ idle: '30s', statement: '15s' }])
    const idle = inTenant(async (tx) => {
      await sql`set local idle_in_transaction_session_timeout = '20ms'`.execute(tx.query)
      const pid = await pidOf(tx)
      await until(async () => (await backends()).every((backend) => backend.pid !== pid), { describe: 'it was ended' })
      await addPerson(tx)
    })
    await expect(idle).rejects.toMatchObject({ code: 'database_unavailable' })
  })
})

test('a server that is gone without a word is given up, and the next connection serves', async () => {
  const sockets = new Set<Socket>()
  let silent = false
  const target = new URL(store.url)
  // Between the two: takes what comes and, once silent, passes nothing on and hangs up on nobody.
  const between = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    const isSilent = silent
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
    near.on('data', (bytes) => (silent && !isSilent ? undefined : far.write(bytes)))
    far.on('data', (bytes) => (silent && !isSilent ? undefined : near.write(bytes)))
    near.on('close', () => far.destroy())
  })
  between.listen(0, '127.0.0.1')
  await once(between, 'listening')
  const address = between.address()
  const url = new URL(store.url)
  url.port = String(typeof address === 'object' ? address?.port : '')
  const database = openDatabase({ url: url.href, poolSize: 1, statementTimeoutMs: 200 })
  await database.transaction(tenantId, (tx) => addPerson(tx))
  silent = true
  const lost = await errorOf(database.transaction(tenantId, (tx) => addPerson(tx)))
  expect(lost).toMatchObject({ code: 'database_unavailable' })
  await expect(database.transaction(tenantId, (tx) => addPerson(tx))).resolves.toBeTypeOf('string')
  await database.close()
  for (const socket of sockets) socket.destroy()
  between.close()
})

test('a standby refuses writes: its connections are given up, so that the next look for the primary', async () => {
  // What a server says after it was demoted, said by one that is set so.
  await using own = await openTestStore({ poolSize: 1 })
  await own.addTenant(tenantId, 'one')
  const name = (await own.bySuperuser<{ name: string }>('select current_database() as name'))[0]?.name ?? ''
  await own.bySuperuser(`alter database ${name} set default_transaction_read_only = on`)
  await using standby = await openTestStore({ poolSize: 1, store: own })
  const refused = await errorOf(standby.database.transaction(tenantId, (tx) => addPerson(tx)))
  expect(refused).toMatchObject({ code: 'database_unavailable', options: { log: expect.stringContaining('standby') } })
  await own.bySuperuser(`begin read write; alter database ${name} reset default_transaction_read_only; commit`)
  await standby.database.transaction(tenantId, (tx) => addPerson(tx))
})

describe('the pool', () => {
  test('that is exhausted refuses after its time, says so, and serves again', async () => {
    await using narrow = await openTestStore({ poolSize: 1, connectTimeoutMs: 100, store })
    const gate = meeting(2)
    const holder = narrow.database.transaction(tenantId, gate)
    const refused = await errorOf(narrow.database.transaction(tenantId, addPerson))
    expect(refused).toMatchObject({
      code: 'database_unavailable',
      options: {
        publicDetail: 'every connection to the database is in use',
        hint: expect.stringContaining('MAYFLY_DATABASE_POOL_SIZE'),
      },
    })
    await gate()
    await holder
    await narrow.database.transaction(tenantId, addPerson)
  })

  test('closes all that it has, its listeners too, and may be closed again', async () => {
    const own = await openTestStore()
    const { database } = own
    const notices: string[] = []
    await database.listen('some_channel', (payload) => notices.push(payload))
    await Promise.all(
      [1, 2, 3].map(() => database.outsideTenants((query) => sql`select pg_sleep(0.01)`.execute(query))),
    )
    const open = () =>
      own.bySuperuser(`select from pg_stat_activity where datname = current_database() and application_name = 'mayfly'`)
    expect((await open()).length, 'control').toBeGreaterThan(1)
    await Promise.all([database.close(), database.close()])
    await until(async () => (await open()).length === 0, { describe: 'every session has ended' })
    await expect(database.transaction(tenantId, addPerson)).rejects.toMatchObject({ code: 'database_unavailable' })
    await own.close()
  })

  test('adds no listeners to a connection, however often it is used', async () => {
    await using narrow = await openTestStore({ poolSize: 1, store })
    const listeners = () => narrow.database.withClient((client) => Promise.resolve(client.listenerCount('error')))
    const before = await listeners()
    for (let round = 0; round < 30; round++) await narrow.database.transaction(tenantId, () => Promise.resolve())
    expect(await listeners()).toBe(before)
  })
})

describe('listening', () => {
  test('hears a notice, and a listener that throws ends nothing', async () => {
    await using own = await openTestStore({ store })
    const heard: string[] = []
    await own.database.listen('news', (payload) => {
      heard.push(payload)
      throw new Error('the listener failed')
    })
    await store.bySuperuser(`select pg_notify('news', 'one'), pg_notify('news', 'two')`)
    await until(() => heard.length === 2, { describe: 'both were heard' })
    expect(heard).toEqual(['one', 'two'])
    expect(own.errors.map(({ message }) => message)).toEqual(['the listener failed', 'the listener failed'])
  })

  test('goes on after its connection was killed, and says that notices may have been missed', async () => {
    await using own = await openTestStore({ store })
    const heard: string[] = []
    const listening = await own.database.listen('news', (payload) => heard.push(payload))
    await store.bySuperuser(`select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen "news"'`)
    await until(() => heard.includes(''), { describe: 'it is back' })
    await store.bySuperuser(`select pg_notify('news', 'after')`)
    await until(() => heard.includes('after'), { describe: 'it hears again' })
    await listening.close()
    const left = await store.bySuperuser(`select from pg_stat_activity where query = 'listen "news"'`)
    expect(left).toEqual([])
  })

  test('that cannot begin is refused', async () => {
    const port = await findFreePort()
    const nowhere = openDatabase({ url: `postgres://nobody@127.0.0.1:${port}/none` })
    await expect(nowhere.listen('news', () => undefined)).rejects.toMatchObject({ code: 'database_unavailable' })
    await nowhere.close()
  })
})

test('a restart under load: nothing committed is lost, the process lives, work and listeners come back', async () => {
  const dataDir = await makeTempDir('restart', 'disk')
  const port = await findFreePort()
  const first = await startDurableCluster({ dataDir, port })
  const { url } = await migrate(first.url('postgres'))
  const errors: Error[] = []
  const database = openDatabase({ url, poolSize: 8, onError: (error) => errors.push(error) })
  await database.outsideTenants((query) =>
    query.insertInto('tenant').values({ tenant_id: tenantId, name: 'one' }).execute(),
  )
  const heard: string[] = []
  await database.listen('news', (payload) => heard.push(payload))

  const committed = new Set<string>()
  const unknown = new Set<string>()
  const codes = new Set<string>()
  const enough = new AbortController()
  async function load(): Promise<void> {
    while (!enough.signal.aborted) {
      const personId = newId<PersonId>()
      try {
        await database.transaction(tenantId, (tx) =>
          tx.query.insertInto('person').values({ person_id: personId, name: 'Load' }).execute(),
        )
        committed.add(personId)
      } catch (error) {
        codes.add(error instanceof MayflyError ? error.code : String(error))
        if (error instanceof MayflyError && error.options.publicDetail?.includes('not known')) unknown.add(personId)
      }
    }
  }
  const workers = Array.from({ length: 12 }, load)
  await until(() => committed.size > 200, { describe: 'the load is on' })
  await first.server.stop('immediate')
  await until(() => codes.size > 0, { describe: 'requests fail' })
  await using second = await startDurableCluster({ dataDir, port })
  const before = committed.size
  await until(() => committed.size > before + 200, { withinMs: 15_000, describe: 'the load is back' })
  await until(() => heard.includes(''), { withinMs: 15_000, describe: 'the listener is back' })
  enough.abort()
  await Promise.all(workers)
  expect([...codes]).toEqual(['database_unavailable'])
  const rows = await database.transaction(tenantId, (tx) => tx.query.selectFrom('person').select('person_id').execute())
  const stored = new Set<string>(rows.map((row) => row.person_id))
  expect(
    [...committed].filter((id) => !stored.has(id)),
    'what was called committed is there',
  ).toEqual([])
  const unexplained = [...stored].filter((id) => !committed.has(id) && !unknown.has(id))
  expect(unexplained, 'what was called failed is not there').toEqual([])
  expect(second.access.port).toBe(port)
  await database.close()
}, 60_000)
