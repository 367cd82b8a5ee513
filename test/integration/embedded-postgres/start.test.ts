import { execFileSync } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:net'
import { once } from 'node:events'
import { Secret } from '@mayfly/provider-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EmbeddedPostgres } from '../../../packages/server/src/adapters/embedded-postgres/embedded-postgres.ts'
import { chooseRunUser } from '../../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { startEmbeddedPostgres } from '../../../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { canLogIn, makeTempDir, until, withClient } from '../../support/index.ts'
import { asUser, makeCluster, start } from './make-cluster.ts'

const serverPassword = new Secret('canary-7f3a $1 "quoted" @/:?')

describe.for([18, 15] as const)('a fresh PostgreSQL %i', (version) => {
  let server: EmbeddedPostgres
  let dataDir: string
  const logged: string[] = []

  beforeAll(async () => {
    dataDir = await makeTempDir('start', 'disk')
    const log = (fields: object, message: string): void => void logged.push(`${JSON.stringify(fields)} ${message}`)
    const logger = { info: log, warn: log, error: log }
    server = await startEmbeddedPostgres({ dataDir, superuserPassword: serverPassword, version, logger, ...asUser })
  })
  afterAll(() => server.stop('fast'))

  const login = (password: Secret): Parameters<typeof canLogIn>[0] => ({
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: server.superuser,
    password: password.reveal(),
  })
  const query = <T>(text: string): Promise<T[]> =>
    withClient(server.connectionUrl(server.superuser, serverPassword, 'postgres'), async (client) => {
      const { rows } = await client.query(text)
      return rows as T[]
    })

  test('takes the right password and refuses a wrong one', async () => {
    expect(await canLogIn(login(serverPassword))).toBe(true)
    expect(await canLogIn(login(new Secret('wrong')))).toBe(false)
  })

  test('demands SCRAM on every way in, and keeps no other kind of password', async () => {
    const methods = await query<{ auth_method: string }>('select distinct auth_method from pg_hba_file_rules')
    expect(methods).toEqual([{ auth_method: 'scram-sha-256' }])
    const kept = await query<{ kind: string }>(
      `select left(rolpassword, 14) as kind from pg_authid where rolpassword is not null`,
    )
    expect(kept).toEqual([{ kind: 'SCRAM-SHA-256$' }])
  })

  test('speaks UTF-8, in the C locale, with checksums, on time in UTC', async () => {
    const found = await query(`
      select pg_encoding_to_char(encoding) as encoding, datcollate, datctype,
             current_setting('data_checksums') as checksums, current_setting('TimeZone') as timezone
        from pg_database where datname = 'template1'`)
    expect(found).toEqual([{ encoding: 'UTF8', datcollate: 'C', datctype: 'C', checksums: 'on', timezone: 'UTC' }])
  })

  test('waits for the disk at every commit', async () => {
    const found = await query(
      `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`,
    )
    expect(found.map((row) => Object.values(row as object).join('='))).toEqual([
      'fsync=on',
      'full_page_writes=on',
      'synchronous_commit=on',
    ])
  })

  test('listens on loopback and nowhere else', async () => {
    expect(await query(`show listen_addresses`)).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await query(`show unix_socket_directories`)).toEqual([{ unix_socket_directories: '' }])
    const elsewhere = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, scopeid }) => !internal && scopeid === undefined)
      .map(({ address }) => address)
    for (const host of ['127.0.0.2', ...elsewhere]) {
      await expect(once(connect({ host, port: server.port }), 'connect')).rejects.toThrow('ECONNREFUSED')
    }
  })

  test('runs as an ordinary user, and another than root where Mayfly is root', async () => {
    const runUser = await chooseRunUser(process.env['MAYFLY_EMBEDDED_USER'])
    const uid = Number(execFileSync('ps', ['-o', 'uid=', '-p', String(server.pid)], { encoding: 'utf8' }))
    expect(uid).not.toBe(0)
    expect(uid).toBe(runUser?.uid ?? process.getuid?.())
  })

  test('inherits nothing from the environment of Mayfly', async () => {
    if (process.platform !== 'linux') return
    const environ = await readFile(`/proc/${server.pid}/environ`, 'utf8')
    const names = environ.split('\0').flatMap((line) => line.split('=', 1))
    expect(names.filter((name) => !['', 'LC_ALL', 'PATH', 'PG_GRANDPARENT_PID', 'TZ'].includes(name))).toEqual([])
    expect(names, 'control').toContain('PATH')
  })

  test('logs no statement, not even one that fails with a password in it', async () => {
    const user = 'no_such_role'
    await expect(query(`alter role ${user} password 'canary-in-a-statement'`)).rejects.toThrow(user)
    await until(() => logged.some((line) => line.includes(user)), { describe: 'the failure is in the log' })
    expect(logged.join('\n')).not.toContain('canary')
  })

  test('has no password in any file', async () => {
    await query('checkpoint')
    const found = await readdir(dataDir, { recursive: true, withFileTypes: true })
    const files = found.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
    const listHolding = async (text: string): Promise<string[]> => {
      const holding: string[] = []
      for (const file of files) if ((await readFile(file)).includes(text)) holding.push(file)
      return holding
    }
    expect(await listHolding(serverPassword.reveal())).toEqual([])
    const [row] = await query<{ kept: string }>(`select rolpassword as kept from pg_authid where rolname = 'postgres'`)
    expect(await listHolding(row?.kept ?? 'nothing'), 'control: the search finds what is there').not.toEqual([])
  })
})

test('a server on a socket is not on the network', async () => {
  const cluster = await makeCluster('sock')
  const server = await start(cluster, { listen: 'socket' })
  try {
    expect(server.host).toBe(join(cluster.dataDir, 'socket'))
    const url = server.connectionUrl(server.superuser, cluster.password, 'postgres')
    await withClient(url, async (client) => {
      expect((await client.query('show listen_addresses')).rows).toEqual([{ listen_addresses: '' }])
    })
    const wrong = server.connectionUrl(server.superuser, new Secret('wrong'), 'postgres')
    await expect(withClient(wrong, () => Promise.resolve())).rejects.toThrow('password authentication failed')
    await expect(once(connect({ host: '127.0.0.1', port: server.port }), 'connect')).rejects.toThrow('ECONNREFUSED')
  } finally {
    await server.stop('fast')
  }
})

test('a start that is called off leaves nothing running and nothing half-made', async () => {
  const dataDir = await makeTempDir('abort', 'disk')
  const stopping = new AbortController()
  const callOff = async (): Promise<void> => {
    await until(async () => (await readdir(dataDir)).some((name) => name.startsWith('unfinished-')), {
      describe: 'initdb is at work',
    })
    stopping.abort(new Error('enough'))
  }
  const [started] = await Promise.allSettled([
    start({ dataDir, password: serverPassword }, { signal: stopping.signal }),
    callOff(),
  ])
  expect(started).toEqual({ status: 'rejected', reason: new Error('enough') })
  expect(await readdir(dataDir)).toEqual(['owner.1.json'])
})

test('another password does not open an existing cluster, and the refusal says so', async () => {
  const cluster = await makeCluster('password')
  await expect(start({ ...cluster, password: new Secret('another') })).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining('the superuser password does not open the embedded database') as string,
  })
  const server = await start(cluster)
  await server.stop('fast')
})

test('a taken port is said to be taken', async () => {
  const first = await start(await makeCluster('port'))
  try {
    await expect(start(await makeCluster('port'), { port: first.port })).rejects.toThrow(
      `the port ${first.port} of the embedded database is taken`,
    )
  } finally {
    await first.stop('fast')
  }
})

test('stopping twice is stopping once, and a harder mode overrides a softer', async () => {
  const cluster = await makeCluster('stop')
  const server = await start(cluster)
  await withClient(server.connectionUrl(server.superuser, cluster.password, 'postgres'), async (client) => {
    const smart = server.stop('smart')
    expect((await client.query('select 1 as still_open')).rows).toEqual([{ still_open: 1 }])
    await Promise.all([smart, server.stop('fast'), server.stop('fast')])
  })
  expect(await server.exited).toEqual({ code: 0, signal: null })
  await server.stop('immediate')
})
