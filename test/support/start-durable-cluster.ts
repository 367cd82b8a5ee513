import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clusterDirOf } from '../../packages/server/src/adapters/embedded-postgres/create-cluster.ts'
import type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  EmbeddedVersion,
} from '../../packages/server/src/adapters/embedded-postgres/embedded-postgres.ts'
import { chooseRunUser } from '../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { clusterUrl, withClient } from './cluster-access.ts'
import type { ClusterAccess } from './provided.ts'
import { makeTempDir } from './temp-dir.ts'
import { startTestCluster } from './test-cluster.ts'

export interface DurableCluster extends AsyncDisposable {
  readonly access: ClusterAccess
  readonly server: EmbeddedPostgres
  readonly dataDir: string
  /** A `postgres://` URL; default login: the superuser. */
  url(database: string, login?: { user: string; password: string }): string
  /** Replaces pg_hba.conf, e.g. by a line that trusts everyone, and makes the server read it. */
  useHostBasedAuthentication(lines: readonly string[]): Promise<void>
}

export type DurableClusterOptions = Partial<
  Pick<EmbeddedPostgresOptions, 'dataDir' | 'port' | 'settings' | 'listen' | 'logger'>
> & { version?: EmbeddedVersion }

/**
 * A server of the test's own, on disk, that waits for the disk as in production: for faults, and for settings that a
 * shared one cannot have. Start it again on the same `dataDir` and `port` to play a restart.
 */
export async function startDurableCluster(options: DurableClusterOptions = {}): Promise<DurableCluster> {
  const dataDir = options.dataDir ?? (await makeTempDir('durable', 'disk'))
  const version = options.version ?? 18
  const { server, access } = await startTestCluster({ ...options, version, dataDir, durable: true })
  const url: DurableCluster['url'] = (database, login) => clusterUrl(access, database, login)
  return {
    access,
    server,
    dataDir,
    url,
    async useHostBasedAuthentication(lines) {
      await writeFile(join(clusterDirOf(dataDir, version), 'pg_hba.conf'), `${lines.join('\n')}\n`)
      await withClient(url('postgres'), (client) => client.query('select pg_reload_conf()'))
    },
    [Symbol.asyncDispose]: () => server.stop('immediate'),
  }
}

/** Gives files to the user that test servers run as, e.g. a TLS key that the server has to read. */
export async function giveToServer(...paths: string[]): Promise<void> {
  const runUser = await chooseRunUser(process.env['MAYFLY_EMBEDDED_USER'])
  if (runUser === undefined) return
  for (const path of paths) await chown(path, runUser.uid, runUser.gid)
}
