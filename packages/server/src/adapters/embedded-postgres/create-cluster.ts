/**
 * The cluster: PostgreSQL's files for one server.
 *
 * Promise: it is whole or not there. It is made aside and renamed, so that a process killed half-way leaves nothing
 * that a later start takes for a cluster. Connections need SCRAM and come from this machine; text is UTF-8, compared
 * by bytes (locale C), so that an upgrade of the system's libraries never changes an index. Pages carry checksums.
 */
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '@mayfly/domain'
import type { EmbeddedVersion, LogSink, RunUser } from './embedded-postgres.ts'
import type { PostgresBinaries } from './find-binaries.ts'
import { readServerLog } from './server-log.ts'
import { spawnTied } from './spawn-tied.ts'

export const superuser = 'postgres'

/** Nothing else may connect: what no line matches is refused. No line for replication, which nothing here uses. */
const hostBasedAuthentication = [
  '# Written by Mayfly: passwords by SCRAM only, from this machine only.',
  'local  all  all                 scram-sha-256',
  'host   all  all  127.0.0.1/32   scram-sha-256',
  '',
].join('\n')

export interface ClusterPlan {
  readonly dataDir: string
  readonly version: EmbeddedVersion
  /** What the server stores for the superuser (scram-verifier.ts). */
  readonly superuserVerifier: string
  readonly runUser: RunUser | undefined
  /** False leaves out waiting for the disk. */
  readonly durable: boolean
}

export interface ClusterDeps {
  readonly binaries: PostgresBinaries
  readonly logger: LogSink
  readonly signal: AbortSignal
}

export function clusterDirOf(dataDir: string, version: EmbeddedVersion): string {
  return join(dataDir, `pg${version}`)
}

/**
 * Makes the cluster where there is none yet. The caller has claimed the data directory.
 *
 * @returns its directory
 * @throws MayflyError `configuration_invalid`: there is one that belongs to another user
 * @throws MayflyError `database_unavailable`: initdb failed
 */
export async function createClusterIfMissing(deps: ClusterDeps, plan: ClusterPlan): Promise<string> {
  const clusterDir = clusterDirOf(plan.dataDir, plan.version)
  if (await isThere(clusterDir, plan.runUser)) return clusterDir
  await removeUnfinished(plan.dataDir)
  const workshop = await mkdtemp(join(plan.dataDir, 'unfinished-'))
  try {
    const fresh = join(workshop, 'cluster')
    await mkdir(fresh, { mode: 0o700 })
    const verifierFile = join(workshop, 'verifier')
    await writeFile(verifierFile, plan.superuserVerifier, { mode: 0o600, flag: 'wx' })
    await giveTo(plan.runUser, verifierFile, fresh, workshop)
    await runInitdb(deps, plan, fresh, verifierFile)
    await writeAndSync(join(fresh, 'pg_hba.conf'), hostBasedAuthentication)
    await rename(fresh, clusterDir)
    await syncDirectory(plan.dataDir)
  } finally {
    await rm(workshop, removal)
  }
  return clusterDir
}

async function runInitdb(deps: ClusterDeps, plan: ClusterPlan, into: string, verifierFile: string): Promise<void> {
  const args = [
    `--pgdata=${into}`,
    `--username=${superuser}`,
    `--pwfile=${verifierFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--data-checksums',
    '--no-instructions',
    ...(plan.durable ? [] : ['--no-sync']),
  ]
  const { process: child } = await spawnTied(deps.binaries.initdb, args, { runUser: plan.runUser })
  const abort = (): void => void child.kill('SIGTERM')
  deps.signal.addEventListener('abort', abort)
  try {
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
    const quiet: LogSink = { info() {}, warn() {}, error() {} }
    const log = readServerLog(streams, quiet, () => {})
    const [code] = (await once(child, 'exit')) as [number | null]
    await log.ended
    deps.signal.throwIfAborted()
    if (code !== 0) throw initdbFailed(log.tail())
  } finally {
    deps.signal.removeEventListener('abort', abort)
  }
}

function initdbFailed(log: string): MayflyError {
  return new MayflyError('database_unavailable', {
    publicDetail: 'the embedded database could not be created',
    hint: 'the log says what initdb met; often the disk is full or the data directory cannot be written to',
    log,
  })
}

async function isThere(clusterDir: string, runUser: RunUser | undefined): Promise<boolean> {
  let ownerUid: number
  try {
    ownerUid = (await stat(clusterDir)).uid
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
  const expectedUid = runUser?.uid ?? process.getuid?.() ?? ownerUid
  if (ownerUid === expectedUid) return true
  throw new MayflyError('configuration_invalid', {
    publicDetail: `the embedded database belongs to user id ${ownerUid}, and would run as ${runUser ? `\`${runUser.name}\`` : `user id ${expectedUid}`}`,
    hint: 'start Mayfly as before, or name its user in `MAYFLY_EMBEDDED_USER`',
    log: clusterDir,
  })
}

const removal = { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }

async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    // Again and again: the initdb of a process killed just now may still be writing, until its own end reaches it.
    if (name.startsWith('unfinished-')) await rm(join(dataDir, name), removal)
  }
}

async function giveTo(runUser: RunUser | undefined, ...paths: string[]): Promise<void> {
  if (runUser === undefined) return
  for (const path of paths) await chown(path, runUser.uid, runUser.gid)
}

async function writeAndSync(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o600)
  await file.writeFile(text)
  await file.sync()
}

/** A rename is on disk only when its directory is. Windows cannot open directories, and needs no such step. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await using directory = await open(path, 'r')
  await directory.sync()
}
