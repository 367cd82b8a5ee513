/** How many users a second are made on Redis by the provider, guarded against late creates, against raw ACL SETUSER. */
import { aclRule } from '../packages/providers/redis/src/acl-rule.ts'
import { runRedis } from '../test/support/servers/run-redis.ts'
import { type Bench, median, rateResult } from './bench.ts'
import { measureGuardedIssue, measureRawIssue, openRawRedis } from './limits/redis-raw.ts'
import { type BenchRedis, inFlight, issueUsers, newHandles, permission, startBenchRedis } from './redis-target.ts'

const rounds = 7
const usersInRound = 3_000
/** Until both sides are compiled. */
const warmUps = 4
const lanes = [inFlight, 32] as const

export const issueRedis: Bench = {
  name: 'issue-redis',
  about: `users made at Redis, ${lanes.join(' and ')} in flight, against the same guarded transaction by hand`,
  async run(say) {
    const bench = await startBenchRedis()
    const raw = await openRawRedis(bench.access, 'default', bench.access.password)
    const rule = aclRule(permission, {})
    try {
      const results = []
      for (const many of lanes) {
        const [ours, guarded, unguarded]: [number[], number[], number[]] = [[], [], []]
        for (let round = 1 - warmUps; round <= rounds; round += 1) {
          const names = newHandles(usersInRound).map((handle) => handle.accountName)
          const bare = await measureRawIssue(raw, names, rule, many)
          await deleteAll(bench)
          const safe = await measureGuardedIssue(raw, names, rule, many)
          await deleteAll(bench)
          const own = await measureOurs(bench, many)
          await deleteAll(bench)
          if (round <= 0) continue
          guarded.push(safe)
          unguarded.push(bare)
          ours.push(own)
          say(`${many} in flight: round ${round} of ${rounds}`)
        }
        const limitIs = `${many} ACL SETUSER in a transaction under a guard with an end, over one bare socket`
        const beside = { 'in flight': many, 'without the guard': Math.round(median(unguarded)) }
        results.push(rateResult('issue-redis', 'users/s', ours, guarded, limitIs, beside))
      }
      // The headline is the one with few in flight.
      return results.toReversed()
    } finally {
      raw.close()
      await bench.close()
    }
  },
}

async function measureOurs(bench: BenchRedis, many: number): Promise<number> {
  const handles = newHandles(usersInRound)
  const startMs = performance.now()
  await issueUsers(bench.target, handles, many)
  return (usersInRound * 1_000) / (performance.now() - startMs)
}

/** So that every round begins with the same number of users. */
async function deleteAll({ access }: BenchRedis): Promise<void> {
  const users = (await runRedis(access, 'ACL', 'USERS')).split(',').filter((name) => name.startsWith('mf_'))
  await runRedis(access, 'ACL', 'DELUSER', ...users)
}
