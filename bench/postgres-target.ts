/** A target for the benchmarks: an embedded PostgreSQL as durable as in production, with Mayfly's rights by the guide. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@mayfly/provider-kit'
import { functionsGuide, type PostgresSettings, type PostgresTarget, postgresProvider } from '@mayfly/provider-postgres'
import pg from 'pg'
import { startEmbeddedPostgres } from '../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'

export const targetVersions = [18, 15] as const
export const group = 'bench_readers'

export interface BenchTarget {
  readonly target: PostgresTarget
  /** Where a resource of it points to. */
  readonly place: {
    readonly host: string
    readonly port: number
    readonly database: string
    readonly login: { readonly username: string; readonly password: string }
  }
  readonly superuser: pg.ClientConfig
  close(): Promise<void>
}

export async function startBenchTarget(
  version: (typeof targetVersions)[number],
  over: Partial<PostgresSettings> = {},
): Promise<BenchTarget> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
  // Open to the user that PostgreSQL runs as where this runs as root; its data directory is closed in itself.
  await chmod(directory, 0o711)
  const superuserPassword = new Secret(randomBytes(24).toString('base64url'))
  const server = await startEmbeddedPostgres({
    dataDir: join(directory, 'data'),
    superuserPassword,
    version,
    settings: { max_connections: '400' },
  })
  const superuser = { connectionString: server.connectionUrl(server.superuser, superuserPassword, 'postgres') }
  const password = randomBytes(24).toString('base64url')
  const client = new pg.Client(superuser)
  await client.connect()
  await client.query(`create role ${group}`)
  await client.query(functionsGuide({ login: 'mayfly', groups: [group] }))
  await client.query(`alter role mayfly password '${password}'`)
  await client.end()
  const target = await postgresProvider.open({
    settings: {
      ...postgresProvider.settings.parse({
        host: server.host,
        port: server.port,
        database: 'postgres',
        tls: { mode: 'disabled_loopback_only' },
      }),
      ...over,
    },
    secret: { username: 'mayfly', password: new Secret(password) },
  })
  return {
    target,
    place: { host: server.host, port: server.port, database: 'postgres', login: { username: 'mayfly', password } },
    superuser,
    async close() {
      await target.close()
      await server.stop('fast')
      await rm(directory, { recursive: true })
    },
  }
}
