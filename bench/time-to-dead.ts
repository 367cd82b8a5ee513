/**
 * How long a credential outlives the request to end it, kind by kind, measured at the target by clients of its own: until
 * no login, until no session, until the target says absent; for one credential and for 1,000 of one identity, and for
 * 1,000 of one identity across five kinds at once. The whole of Mayfly short of HTTP is on the way: the request, its
 * transaction, the workers, the provider.
 *
 * `--json` prints one line for each kind and number; `docs/reference/guarantees.md` is made from these lines.
 */
import type { Bench, DeadLine } from './bench.ts'
import { quantile, rounded } from './bench.ts'
import { type BenchLifecycle, benchTeam, startBenchCompany } from './lifecycle-store.ts'
import type { DeadTarget } from './time-to-dead/dead-target.ts'
import { type DeadTimes, measureEnd, type Place } from './time-to-dead/measure-end.ts'

const starts: Readonly<Record<string, () => Promise<DeadTarget>>> = {
  postgres: async () => (await import('./time-to-dead/dead-postgres.ts')).startDeadPostgres(),
  mysql: async () => (await import('./time-to-dead/dead-mysql.ts')).startDeadMysql(),
  redis: async () => (await import('./time-to-dead/dead-redis.ts')).startDeadRedis(),
  rabbitmq: async () => (await import('./time-to-dead/dead-rabbitmq.ts')).startDeadRabbitmq(),
  nats: async () => (await import('./time-to-dead/dead-nats.ts')).startDeadNats(),
  http: async () => (await import('./time-to-dead/dead-http.ts')).startDeadHttp(),
  ssh: async () => (await import('./time-to-dead/dead-ssh.ts')).startDeadSsh(),
  jwt: async () => (await import('./time-to-dead/dead-jwt.ts')).startDeadJwt(),
  x509: async () => (await import('./time-to-dead/dead-x509.ts')).startDeadX509(),
  static: async () => (await import('./time-to-dead/dead-static.ts')).startDeadStatic(),
}
/** Some kinds alone, e.g. `MAYFLY_BENCH_KINDS=ssh,http`; with fewer than five none at once. */
const chosen = process.env['MAYFLY_BENCH_KINDS']?.split(',')
/** At once: those that an identity's 1,000 credentials are spread over. */
const together = 5

const single = 40
const many = { count: 1_000, rounds: 3 } as const
/** Of those at once more: each target has a share of the watched. */
const roundsTogether = 8

export const timeToDead: Bench = {
  name: 'time-to-dead',
  about:
    'from the request until no login, no session, absent at the target; 1 and 1,000 credentials, kind by kind and five kinds at once',
  async run(say) {
    const targets = await startAll()
    const mayfly = await startBenchCompany(targets.flatMap(({ provider }) => provider ?? []))
    const lines: DeadLine[] = []
    try {
      for (const target of targets) await register(mayfly, target)
      for (const target of targets) {
        const one = await repeat(single, () => measureEnd(mayfly, [placeOf(target, 1)]))
        lines.push(lineOf(target.kind, 1, one.flat()))
        const all = await repeat(many.rounds, () => measureEnd(mayfly, [placeOf(target, many.count)]))
        lines.push(lineOf(target.kind, many.count, all.flat()))
        for (const { n, absent_ms: absent } of lines.slice(-2))
          say(`${target.kind}, ${n}: absent after ${absent?.p50} ms`)
      }
      if (targets.length < together) return lines
      const five = targets.slice(0, together)
      const places = five.map((target) => placeOf(target, many.count / together))
      const spread = await repeat(roundsTogether, () => measureEnd(mayfly, places))
      lines.push(lineOf(five.map(({ kind }) => kind).join('+'), many.count, spread.flat()))
      return lines
    } finally {
      await mayfly.close()
      for (const target of targets) await target.close()
    }
  },
}

async function startAll(): Promise<readonly DeadTarget[]> {
  const targets: DeadTarget[] = []
  try {
    for (const [kind, start] of Object.entries(starts)) {
      if (chosen === undefined || chosen.includes(kind)) targets.push(await start())
    }
    return targets
  } catch (error) {
    for (const target of targets) await target.close()
    throw error
  }
}

async function register({ life }: BenchLifecycle, target: DeadTarget): Promise<void> {
  const { kind, resource } = target
  const row = await life.makeTarget(`bench-${kind}`, benchTeam, {
    provider: kind,
    ...resource,
    role: 'user',
    maxLivePerIdentity: 100_000,
  })
  await target.attach?.(life, row.resource_id)
}

function placeOf(target: DeadTarget, count: number): Place {
  return { target, role: `bench-${target.kind}/user`, count }
}

/** The first one warms up. */
async function repeat<T>(times: number, work: () => Promise<T>): Promise<readonly T[]> {
  await work()
  const results: T[] = []
  for (let at = 0; at < times; at += 1) results.push(await work())
  return results
}

function lineOf(kind: string, n: number, times: readonly DeadTimes[]): DeadLine {
  const of = (which: keyof DeadTimes) => {
    const all = times.flatMap((one) => one[which])
    return all.length === 0 ? null : { p50: rounded(quantile(all, 0.5)), p99: rounded(quantile(all, 0.99)) }
  }
  return { kind, n, no_login_ms: of('noLoginMs'), no_session_ms: of('noSessionMs'), absent_ms: of('absentMs') }
}
