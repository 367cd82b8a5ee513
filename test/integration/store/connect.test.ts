/** `MAYFLY_DATABASE_URL`: every way in that is safe, and one clear sentence for every other. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { MayflyError } from '@mayfly/domain'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../../packages/server/src/store/database.ts'
import { migrate } from '../../../packages/server/src/store/migrate.ts'
import {
  type DurableCluster,
  findFreePort,
  giveToServer,
  makeTempDir,
  startDurableCluster,
  until,
  withClient,
} from '../../support/index.ts'
import { type CertificateFiles, makeCertificate } from '../provider-postgres/make-certificate.ts'

/** With what breaks in URLs, in SQL and in shells, and a mark that must turn up nowhere. */
const canary = 'c4nary-9d1e'
const password = `p@s:/w?r#d %'"\\[]&=+é ${canary}`

let cluster: DurableCluster
let caFile: string

const urlOf = (over: { host?: string; password?: string; database?: string; port?: number; query?: string } = {}) =>
  `postgres://app:${encodeURIComponent(over.password ?? password)}@${over.host ?? '127.0.0.1'}:${over.port ?? cluster.access.port}/${over.database ?? 'app'}${over.query ?? ''}`

beforeAll(async () => {
  cluster = await startDurableCluster()
  await withClient(cluster.url('postgres'), async (client) => {
    await client.query(`create role app login password ${client.escapeLiteral(password)}`)
    await client.query('create database app owner app')
    await client.query('create database closed')
    await client.query('revoke connect on database closed from public')
  })
  caFile = await turnOnTls(makeCertificate('127.0.0.1'))
})
afterAll(() => cluster[Symbol.asyncDispose]())

/** @returns the file of its CA */
async function turnOnTls(files: CertificateFiles): Promise<string> {
  const dir = await makeTempDir('store-tls')
  const [ca, certificate, key] = [join(dir, 'ca.pem'), join(dir, 'server.pem'), join(dir, 'server.key')]
  await writeFile(ca, files.caPem)
  await writeFile(certificate, files.certificatePem, { mode: 0o600 })
  await writeFile(key, files.keyPem, { mode: 0o600 })
  await giveToServer(certificate, key)
  await withClient(cluster.url('postgres'), async (client) => {
    await client.query(`alter system set ssl_cert_file = '${certificate}'`)
    await client.query(`alter system set ssl_key_file = '${key}'`)
    await client.query('alter system set ssl = on')
    await client.query('select pg_reload_conf()')
    await until(async () => (await client.query<{ ssl: string }>('show ssl')).rows[0]?.ssl === 'on', {
      describe: 'the server has its certificate',
    })
  })
  return ca
}

async function refusalOf(url: string): Promise<MayflyError> {
  const error = await migrate(url).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof MayflyError)) throw new Error('it was not refused', { cause: error })
  expect(inspect(error, { depth: 20, showHidden: true }), 'the password is nowhere in the error').not.toContain(canary)
  const { publicDetail, hint, log } = error.options
  expect([error.message, error.stack, publicDetail, hint, log].join(' ')).not.toContain(canary)
  return error
}

test('a password with every special character logs in', async () => {
  expect((await migrate(urlOf())).applied).toContain('0001_house.sql')
  const database = openDatabase({ url: urlOf() })
  const { rows } = await database.outsideTenants((query) =>
    sql<{ who: string }>`select current_user as who`.execute(query),
  )
  expect(rows).toEqual([{ who: 'app' }])
  expect(inspect(database, { depth: 20 })).not.toContain(canary)
  await database.close()
})

test('a server that listens on a unix socket only', async () => {
  await using socketOnly = await startDurableCluster({ listen: 'socket' })
  const { superuser, superuserPassword, port } = socketOnly.access
  const login = `postgres://${superuser}:${encodeURIComponent(superuserPassword)}@`
  const directory = encodeURIComponent(socketOnly.server.socketDir ?? '')
  const byParameter = await migrate(`${login}/postgres?host=${directory}&port=${port}`)
  expect(byParameter.applied).toContain('0001_house.sql')
  expect((await migrate(`${login}${directory}:${port}/postgres`)).applied, 'as the host').toEqual([])
  const database = openDatabase({ url: byParameter.url })
  const { rows } = await database.outsideTenants((query) =>
    sql<{ who: string }>`select current_user as who`.execute(query),
  )
  expect(rows).toEqual([{ who: 'mayfly_store' }])
  await database.close()
  const gone = await refusalOf(`${login}/postgres?host=${directory}&port=1`)
  expect(gone.options.publicDetail).toContain('has no unix socket there')
})

describe('TLS', () => {
  const verified = (over: Parameters<typeof urlOf>[0] = {}) =>
    urlOf({ ...over, query: `?sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}` })

  test('with a CA of one’s own is taken, and is really there', async () => {
    const { url } = await migrate(verified())
    const database = openDatabase({ url })
    const { rows } = await database.outsideTenants((query) =>
      sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(query),
    )
    expect(rows).toEqual([{ ssl: true }])
    await database.close()
  })

  test('of another CA, of no CA that is known, or for another name is refused', async () => {
    const other = join(await makeTempDir('other-ca'), 'ca.pem')
    await writeFile(other, makeCertificate('127.0.0.1').caPem)
    const otherCa = await refusalOf(urlOf({ query: `?sslmode=verify-full&sslrootcert=${encodeURIComponent(other)}` }))
    expect(otherCa.options.publicDetail).toContain('shows a certificate that no trusted CA has signed')
    expect(otherCa.options.hint).toContain('sslrootcert=FILE')
    const system = await refusalOf(urlOf({ query: '?sslmode=verify-full' }))
    expect(system.options.publicDetail).toContain('no trusted CA')
    const name = await refusalOf(verified({ host: 'localhost' }))
    expect(name.options.publicDetail).toContain('shows the certificate of another host')
    expect((await migrate(verified())).applied, 'control').toEqual([])
  })

  test('a certificate for `localhost` does not pass for an address', async () => {
    const before = caFile
    caFile = await turnOnTls(makeCertificate('localhost'))
    try {
      expect((await refusalOf(verified())).options.publicDetail).toContain('the certificate of another host')
      expect((await migrate(verified({ host: 'localhost' }))).applied, 'control').toEqual([])
    } finally {
      caFile = await turnOnTls(makeCertificate('127.0.0.1'))
    }
    expect(caFile).not.toBe(before)
  })

  test('a server without it is refused where it is wanted', async () => {
    await using bare = await startDurableCluster()
    const refused = await refusalOf(`${bare.url('postgres')}?sslmode=verify-full`)
    expect(refused.options.publicDetail).toContain('offers no TLS')
    expect(refused.options.hint).toContain('ssl = on')
  })
})

describe('one clear sentence', () => {
  test.each<[string, () => string | Promise<string>, string, string]>([
    ['a wrong password', () => urlOf({ password: `wrong ${canary}` }), 'refuses the login', 'check user and password'],
    [
      'no password',
      () => `postgres://app@127.0.0.1:${cluster.access.port}/app`,
      'asks for a password',
      'user:password@',
    ],
    ['a missing database', () => urlOf({ database: 'no-such' }), 'does not exist on its server', 'create database'],
    ['no right to connect', () => urlOf({ database: 'closed' }), 'does not let this login connect', 'grant connect'],
    ['no server', async () => urlOf({ port: await findFreePort() }), 'cannot be reached', 'check host and port'],
    [
      'no such host',
      () => urlOf({ host: 'no-such-host.invalid', query: '?sslmode=verify-full' }),
      'host name',
      'check the',
    ],
  ])('%s', async (_what, url, detail, hint) => {
    const refused = await refusalOf(await url())
    expect(refused.code).toBe('database_unavailable')
    expect(refused.options.publicDetail).toContain(`the database at \`MAYFLY_DATABASE_URL\``)
    expect(refused.options.publicDetail).toContain(detail)
    expect(refused.options.hint).toContain(hint)
  })

  test('an address that pg_hba.conf does not let in', async () => {
    await using strict = await startDurableCluster()
    const { superuser } = strict.access
    await strict.useHostBasedAuthentication([`host postgres ${superuser} 127.0.0.1/32 scram-sha-256`])
    const refused = await refusalOf(strict.url('template1'))
    expect(refused.options.publicDetail).toContain('does not let this login in from here')
    expect(refused.options.hint).toContain('pg_hba.conf')
  })
})

test('what fails leaves no socket behind', async () => {
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe/.test(name)).length
  const before = sockets()
  for (let round = 0; round < 3; round++) {
    await refusalOf(urlOf({ password: 'wrong' }))
    await refusalOf(urlOf({ query: '?sslmode=verify-full' }))
    await refusalOf(urlOf({ database: 'no-such' }))
  }
  const closed = until(() => sockets() <= before, { describe: 'the sockets are closed' })
  await expect(closed).resolves.toBe(true)
})
