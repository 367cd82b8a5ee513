/** A Mayfly with a PostgreSQL and a Redis target, and as many live credentials on each as are wanted, issued the whole way. */
import { issueCredential } from '../../packages/server/src/application/credential/issue-credential.ts'
import { type BenchLifecycle, benchTeam, startBenchCompany } from '../lifecycle-store.ts'
import { inLanes } from '../limits/http-calls.ts'
import type { DeadTarget, Fields } from '../time-to-dead/dead-target.ts'
import type { RedisAccess } from '../../test/support/servers/start-redis.ts'
import { startDeadPostgres } from '../time-to-dead/dead-postgres.ts'
import { startDeadRedis } from '../time-to-dead/dead-redis.ts'

export interface FilledTargets {
  readonly mayfly: BenchLifecycle
  readonly targets: readonly DeadTarget[]
  /** Whoever may do everything at the PostgreSQL, as a URL. */
  readonly superuser: string
  readonly redis: RedisAccess
  /** One that was issued on each, in the order of the targets. */
  readonly samples: readonly Fields[]
  close(): Promise<void>
}

const inFlight = 12
/** Each identity holds so many of each target. */
const perIdentity = 500

/** @param each credentials on each target */
export async function fillTargets(each: number, say: (line: string) => void): Promise<FilledTargets> {
  const [postgres, redis] = [await startDeadPostgres(), await startDeadRedis()]
  const targets: readonly DeadTarget[] = [postgres, redis]
  const mayfly = await startBenchCompany(targets.flatMap(({ provider }) => provider ?? []))
  const { life } = mayfly
  for (const { kind, resource } of targets) {
    await life.makeTarget(`bench-${kind}`, benchTeam, {
      provider: kind,
      ...resource,
      role: 'user',
      maxLivePerIdentity: perIdentity,
    })
  }
  const samples: Fields[] = []
  for (let made = 0; made < each; made += perIdentity) {
    const call = await mayfly.newCaller()
    const roles = targets.flatMap(({ kind }) =>
      Array.from({ length: Math.min(perIdentity, each - made) }, () => `bench-${kind}/user`),
    )
    const last = new Map<string, Fields>()
    await inLanes(inFlight, roles, async (role) => {
      const { fields } = await issueCredential(life.deps, call, { role })
      if (fields !== undefined) last.set(role, fields)
    })
    samples.splice(0, samples.length, ...last.values())
    if (made % (perIdentity * 10) === 0) say(`${(made + perIdentity) * targets.length} credentials issued`)
  }
  return {
    mayfly,
    targets,
    superuser: postgres.superuser,
    redis: redis.access,
    samples,
    async close() {
      await mayfly.close()
      for (const target of targets) await target.close()
    },
  }
}

/** How many credentials in all: 100,000, or what `MAYFLY_BENCH_CREDENTIALS` says. */
export function wantedCredentials(usual: number): number {
  const text = process.env['MAYFLY_BENCH_CREDENTIALS']
  return text === undefined ? usual : Number(text)
}
