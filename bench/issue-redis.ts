/** How many users a second are made on Redis by the provider, guarded against late creates, against raw ACL SETUSER. */
import { aclRule } from '../packages/providers/redis/src/acl-rule.ts'
import { runRedis } from '../test/support/servers/run-redis.ts'
import { type Bench, rateResult } from './bench.ts'
import { measureRawIssue, openRawRedis } from './limits/redis-raw.ts'
import { type BenchRedis, inFlight, issueUsers, newHandles, permission, startBenchRedis } from './redis-target.ts'

const rounds = 7
const usersInRound = 1_000
const lanes = [inFlight, 32] as const

export const issueRedis: Bench = {
  name: 'issue-redis',
  about: `users made at Redis, ${lanes.join(' and ')} in flight, against raw ACL SETUSER with the same rule`,
  async run(say) {
    const bench = await startBenchRedis()
    const raw = await openRawRedis(bench.access, 'default', bench.access.password)
    const rule = aclRule(permission, {})
    try {
      const results = []
      for (const many of lanes) {
        const [ours, limit]: [number[], number[]] = [[], []]
        for (let round = 0; round <= rounds; round += 1) {
          const names = newHandles(usersInRound).map((handle) => handle.accountName)
          const bare = await measureRawIssue(raw, names, rule, many)
          await deleteAll(bench)
          const own = await measureOurs(bench, many)
          await deleteAll(bench)
          // The first round warms up.
          if (round === 0) continue
          limit.push(bare)
          ours.push(own)
          say(`${many} in flight: round ${round} of ${rounds}`)
        }
        const limitIs = `raw ACL SETUSER over one bare socket, ${many} in flight`
        results.push(rateResult('issue-redis', 'users/s', ours, limit, limitIs, { 'in flight': many }))
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
