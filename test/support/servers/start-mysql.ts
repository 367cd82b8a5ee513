import { execFile } from 'node:child_process'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import mysql from 'mysql2/promise'
import { findFreePort } from '../../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
import { chooseRunUser } from '../../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { findProgram } from './find-program.ts'
import type { SharedServer } from './shared-servers.ts'
import { spawnServer } from './spawn-server.ts'

export interface MysqlAccess extends Readonly<Record<string, unknown>> {
  readonly host: string
  readonly port: number
  /** `root` comes in by it without a password; whoever is not this machine's user of the run does not reach it. */
  readonly socketPath: string
}

export interface MysqlServer extends SharedServer<MysqlAccess> {
  /** Ends it and starts it again on the same files and port, with these options beside. */
  restart(more: readonly string[]): Promise<void>
}

const run = promisify(execFile)

/**
 * A MariaDB of its own, in `dir`, on a free port, over loopback without TLS; `root` without a password on its socket alone.
 * It has performance_schema as the guide recommends it, unless `settings` say otherwise.
 *
 * @param settings further options of the server, e.g. `--performance-schema=OFF`; a later one wins
 */
export async function startMysql(dir: string, settings: readonly string[] = []): Promise<MysqlServer> {
  const debianPackage = 'mariadb-server'
  const program = await findProgram({ names: ['mariadbd'], debianPackage })
  const installer = await findProgram({ names: ['mariadb-install-db'], debianPackage })
  await findProgram({ names: ['mariadb'], debianPackage: 'mariadb-client' })
  const runAs = await chooseRunUser()
  const dataDir = join(dir, 'data')
  // A server that starts removes the temporary tables of all others from where they share it.
  const tempDir = join(dir, 'tmp')
  for (const path of [dataDir, tempDir]) await mkdir(path, { recursive: true, mode: 0o700 })
  if (runAs !== undefined) for (const path of [dir, dataDir, tempDir]) await chown(path, runAs.uid, runAs.gid)
  await run(installer, [
    '--no-defaults',
    `--datadir=${dataDir}`,
    `--tmpdir=${tempDir}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...(runAs === undefined ? [] : [`--user=${runAs.name}`]),
  ])
  const access = { host: '127.0.0.1', port: await findFreePort(), socketPath: join(dir, 'mariadb.sock') }
  const start = (more: readonly string[]) =>
    spawnServer({
      command: program,
      args: [
        '--no-defaults',
        `--datadir=${dataDir}`,
        `--tmpdir=${tempDir}`,
        `--socket=${access.socketPath}`,
        `--bind-address=${access.host}`,
        `--port=${access.port}`,
        `--pid-file=${join(dir, 'mariadb.pid')}`,
        '--skip-name-resolve',
        '--max-connections=1500',
        '--performance-schema=ON',
        '--performance-schema-instrument=%=OFF',
        ...settings,
        ...more,
      ],
      cwd: dir,
      runAs,
      ready: () => answers(access),
    })
  let server = await start([])
  await dropOtherAccounts(access)
  return {
    access,
    async stop() {
      const endedByItself = !server.isRunning()
      await server.stop('SIGKILL')
      if (endedByItself) throw new Error(`mariadbd ended by itself:\n${server.output()}`)
    },
    async restart(more) {
      await server.stop()
      server = await start(more)
    },
  }
}

async function answers({ socketPath }: MysqlAccess): Promise<boolean> {
  try {
    const connection = await mysql.createConnection({ socketPath, user: 'root' })
    await connection.query('select 1')
    await connection.end()
    return true
  } catch {
    return false
  }
}

/** The installer also makes accounts of root that come in over the network without a password. */
async function dropOtherAccounts({ socketPath }: MysqlAccess): Promise<void> {
  const root = await mysql.createConnection({ socketPath, user: 'root' })
  const [rows] = await root.query<mysql.RowDataPacket[]>(
    `select User as user, Host as host from mysql.global_priv where User in ('root', '') and Host <> 'localhost'`,
  )
  for (const { user, host } of rows) await root.query('drop user ?@?', [user, host])
  await root.end()
}
