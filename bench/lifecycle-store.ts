/**
 * A whole Mayfly for the benchmarks, short of HTTP: a store as durable as in production, the default policies, the
 * workers, and an identity that may use one role of a target.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@mayfly/provider-kit'
import { startEmbeddedPostgres } from '../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import type { Logger } from '../packages/server/src/application/context.ts'
import type { Provider } from '../packages/server/src/adapters/targets/targets.ts'
import type { CallContext } from '../packages/server/src/application/credential/issue-deps.ts'
import { migrate } from '../packages/server/src/store/migrate.ts'
import { type Lifecycle, openLifecycle, type TargetPlace } from '../test/integration/lifecycle/open-lifecycle.ts'

/** What goes wrong is seen beside the figures, and not among them. */
const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (...said) => console.error('warning:', ...said),
  error: (...said) => console.error('error:', ...said),
}

export interface BenchLifecycle {
  readonly life: Lifecycle
  /** A fresh identity that has proven itself; what one round made does not weigh on the next. */
  newCaller(): Promise<CallContext>
  close(): Promise<void>
}

export const benchTeam = 'bench-team'
export const benchRole = 'bench-db/readers'

export async function startBenchLifecycle(place: TargetPlace, group: string): Promise<BenchLifecycle> {
  const company = await startBenchCompany([])
  await company.life.makeResource('bench-db', benchTeam, place)
  await company.life.makeRole('bench-db', 'readers', group, { maxLivePerIdentity: 100_000 })
  return company
}

/** Without a target: whoever measures registers its own, owned by `benchTeam`. @param providers beside that of PostgreSQL */
export async function startBenchCompany(providers: readonly Provider[]): Promise<BenchLifecycle> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
  // Open to the user that PostgreSQL runs as where this runs as root; its data directory is closed in itself.
  await chmod(directory, 0o711)
  const superuserPassword = new Secret(randomBytes(24).toString('base64url'))
  const server = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), superuserPassword })
  const { url } = await migrate(server.connectionUrl(server.superuser, superuserPassword, 'postgres'))
  const life = await openLifecycle(url, { limits: { issuesPerMinute: 1_000_000 }, poolSize: 16, providers, logger })
  await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner(benchTeam, 'ada@example.org')
  await life.startWorkers(1_000)
  // As the server does: what has been committed goes into the log once a second.
  let sequenced = Promise.resolve()
  const sequencing = setInterval(() => {
    sequenced = sequenced.then(() => life.sequence())
  }, 1_000)
  let callers = 0
  return {
    life,
    async newCaller() {
      callers += 1
      const identity = await life.makeIdentity(`caller-${callers}`, benchTeam)
      return life.callOf(identity.identity_id)
    },
    async close() {
      clearInterval(sequencing)
      await sequenced
      await life.close()
      await server.stop('fast')
      await rm(directory, { recursive: true })
    },
  }
}
