/**
 * Clusters for tests: started in a tenth of a second, because their files are copied from a cluster that was made
 * once. Fast ones keep their files in memory and wait for no disk: what they hold is worth nothing.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Secret } from '@mayfly/provider-kit'
import { clusterDirOf } from '../../packages/server/src/adapters/embedded-postgres/create-cluster.ts'
import type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  EmbeddedVersion,
} from '../../packages/server/src/adapters/embedded-postgres/embedded-postgres.ts'
import { findBinaries } from '../../packages/server/src/adapters/embedded-postgres/find-binaries.ts'
import { chooseRunUser } from '../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { startEmbeddedPostgres } from '../../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import type { ClusterAccess } from './provided.ts'

const run = promisify(execFile)
const cacheDir = fileURLToPath(new URL('../../node_modules/.cache/mayfly-test/', import.meta.url))
const runAs = process.env['MAYFLY_EMBEDDED_USER']

/** What every fast cluster has. No shared memory outside the data directory, where a kill would leave it. */
const fast = {
  max_connections: '300',
  autovacuum: 'off',
  jit: 'off',
  checkpoint_timeout: '1h',
  dynamic_shared_memory_type: 'mmap',
}

export const fastStoreSettings = { ...fast, wal_level: 'minimal', max_wal_senders: '0' }

/** A target has to have what revocation must cope with: prepared transactions and replication slots. */
export const fastTargetSettings = {
  ...fast,
  wal_level: 'logical',
  max_prepared_transactions: '50',
  max_replication_slots: '20',
}

export interface TestCluster {
  readonly server: EmbeddedPostgres
  readonly access: ClusterAccess
}

export type TestClusterOptions = Omit<EmbeddedPostgresOptions, 'superuserPassword'> & { version: EmbeddedVersion }

/** Starts a cluster in `dataDir`: what lies there already, or a copy of the one made once. */
export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const superuserPassword = await placeClusterFiles(options.dataDir, options.version)
  const server = await startEmbeddedPostgres({
    ...options,
    ...(runAs !== undefined && { runAs }),
    superuserPassword: new Secret(superuserPassword),
  })
  const { host, port, superuser } = server
  return { server, access: { version: options.version, host, port, superuser, superuserPassword } }
}

/**
 * Puts a fresh cluster into `dataDir`, unless one lies there.
 *
 * @returns the superuser's password, which all copies share
 */
export async function placeClusterFiles(dataDir: string, version: EmbeddedVersion): Promise<string> {
  const template = await findOrMakeTemplate(dataDir, version)
  const clusterDir = clusterDirOf(dataDir, version)
  await mkdir(dataDir, { recursive: true, mode: 0o711 })
  if (!(await isThere(clusterDir))) await copy(join(template, 'cluster'), clusterDir)
  return readFile(join(template, 'password'), 'utf8')
}

async function findOrMakeTemplate(scratchDir: string, version: EmbeddedVersion): Promise<string> {
  const runUser = await chooseRunUser(runAs)
  const { packageVersion } = await findBinaries({ version, runUser })
  const template = join(cacheDir, `cluster-${packageVersion}-${runUser?.name ?? `uid${process.getuid?.()}`}`)
  if (await isThere(template)) return template
  const password = randomBytes(24).toString('base64url')
  const scratch = `${scratchDir}.template`
  const server = await startEmbeddedPostgres({
    dataDir: scratch,
    version,
    durable: false,
    ...(runAs !== undefined && { runAs }),
    superuserPassword: new Secret(password),
  })
  await server.stop('fast')
  await mkdir(cacheDir, { recursive: true, mode: 0o700 })
  const unfinished = await mkdtemp(`${template}.new-`)
  try {
    await writeFile(join(unfinished, 'password'), password, { mode: 0o600 })
    await copy(clusterDirOf(scratch, version), join(unfinished, 'cluster'))
    await rename(unfinished, template)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Another run was first.
    if (!(await isThere(template))) throw error
  }
  await rm(scratch, { recursive: true })
  return template
}

/** With owners and modes: the server refuses files of another user. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-Rp', from, to])
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
