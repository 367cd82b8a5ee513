import { expect, test } from 'vitest'
import { migrate } from '../../../packages/server/src/store/migrate.ts'
import {
  canLogIn,
  createTargetDatabase,
  createTestDatabase,
  startDurableCluster,
  until,
  withClient,
} from '../../support/index.ts'

test('two test databases share nothing', async () => {
  await using first = await createTestDatabase()
  await using second = await createTestDatabase()
  await withClient(first.url, (client) => client.query('create table only_in_first ()'))
  const found = await withClient(second.url, (client) => client.query(`select to_regclass('only_in_first') as name`))
  expect(found.rows).toEqual([{ name: null }])
})

test('a test database is up to date', async () => {
  await using database = await createTestDatabase()
  expect((await migrate(database.url)).applied).toEqual([])
  await withClient(database.superuserUrl, (client) => client.query('drop schema mayfly cascade'))
  expect((await migrate(database.url)).applied, 'control').not.toEqual([])
})

test('the login of the store is no superuser', async () => {
  await using database = await createTestDatabase()
  const found = await withClient(database.url, (client) =>
    client.query('select rolsuper, rolcreaterole from pg_roles where rolname = current_user'),
  )
  expect(found.rows).toEqual([{ rolsuper: false, rolcreaterole: false }])
})

test.for([18, 15] as const)('a target of PostgreSQL %i makes logins', async (version) => {
  await using target = await createTargetDatabase(version)
  const { host, port, database } = target
  const user = target.roleName('someone')
  await withClient(target.admin.url, async (client) => {
    const found = await client.query(`select current_setting('server_version_num')::int / 10000 as major`)
    expect(found.rows).toEqual([{ major: version }])
    await client.query(`create role ${user} login password 'right'`)
  })
  expect(await canLogIn({ host, port, database, user, password: 'right' })).toBe(true)
  expect(await canLogIn({ host, port, database, user, password: 'wrong' }), 'control').toBe(false)
  await withClient(target.admin.url, (client) => client.query(`drop role ${user}`))
})

test('a server that is down is not one that refuses', async () => {
  await using target = await createTargetDatabase()
  const login = { host: target.host, port: 1, database: target.database, user: 'nobody', password: 'x' }
  await expect(canLogIn(login)).rejects.toThrow('ECONNREFUSED')
})

test('a durable cluster waits for the disk, and can be made to trust everyone', async () => {
  await using cluster = await startDurableCluster()
  const { host, port } = cluster.access
  const stranger = { host, port, database: 'postgres', user: 'postgres', password: 'wrong' }
  expect(await canLogIn(stranger)).toBe(false)
  await withClient(cluster.url('postgres'), async (client) => {
    expect((await client.query('show fsync')).rows).toEqual([{ fsync: 'on' }])
  })
  await cluster.useHostBasedAuthentication(['host all all 127.0.0.1/32 trust'])
  await until(() => canLogIn(stranger), { describe: 'the server trusts everyone' })
})

test('waiting in vain says what for', async () => {
  await expect(until(() => false, { withinMs: 20, describe: 'pigs fly' })).rejects.toThrow(
    'waited 20 ms until pigs fly',
  )
})
