/** A target for the benchmarks: a MariaDB on disk as its makers configure it, with Mayfly's rights by the guide. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@mayfly/provider-kit'
import { mariadbGuide, mysqlProvider, type MysqlTarget } from '@mayfly/provider-mysql'
import type mysql from 'mysql2/promise'
import { startMysql } from '../test/support/servers/start-mysql.ts'

export const role = 'bench_readers'

export interface MysqlBenchTarget {
  readonly target: MysqlTarget
  readonly host: string
  readonly port: number
  /** Of Mayfly's own login. */
  readonly secret: { readonly username: string; readonly password: string }
  /** Of an administrator, over TCP as Mayfly: several statements in one message. */
  readonly administrator: mysql.ConnectionOptions
  close(): Promise<void>
}

export async function startMysqlTarget(poolSize: number): Promise<MysqlBenchTarget> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
  // Open to the user that the server runs as where this runs as root; its data directory is closed in itself.
  await chmod(directory, 0o711)
  const server = await startMysql(directory)
  const { host, port, socketPath } = server.access
  const password = randomBytes(24).toString('base64url')
  await runClient(socketPath, mariadbGuide({ login: 'mayfly', roles: [role], requireTls: false }))
  await runClient(
    socketPath,
    `set password for mayfly = password('${password}');
     create user administrator identified by '${password}'; grant all on *.* to administrator with grant option;
     grant ${role} to administrator with admin option;`,
  )
  const target = await mysqlProvider.open({
    settings: mysqlProvider.settings.parse({
      host,
      port,
      tls: { mode: 'disabled_loopback_only' },
      pool_size: poolSize,
    }),
    secret: { username: 'mayfly', password: new Secret(password) },
  })
  return {
    target,
    host,
    port,
    secret: { username: 'mayfly', password },
    administrator: { host, port, user: 'administrator', password, multipleStatements: true },
    async close() {
      await target.close()
      await server.stop()
      await rm(directory, { recursive: true })
    },
  }
}

function runClient(socketPath: string, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile('mariadb', ['--no-defaults', `--socket=${socketPath}`, '--user=root'], (error) =>
      error === null ? resolve() : reject(error),
    )
    child.stdin?.end(sql)
  })
}
