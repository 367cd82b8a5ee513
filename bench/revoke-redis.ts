/**
 * How long it takes to end users of Redis with open sessions, against the best raw procedure.
 *
 * `revoke-redis` is 1,000 users with 200 sessions, by the provider at the target; beside it one user with one session,
 * and 10,000 without sessions, as when many end at once.
 */
import { type AccountHandle, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { type Bench, type BenchResult, median, quantile, rounded, timeResult } from './bench.ts'
import { measureRawRevoke, openRawRedis, type RawRedis, type RevokeTimes } from './limits/redis-raw.ts'
import { type BenchRedis, issueUsers, newHandles, startBenchRedis } from './redis-target.ts'

const rounds = 7
const signal = new AbortController().signal

const sizes = [
  { users: 10_000, sessions: 0 },
  { users: 1, sessions: 1 },
  { users: 1_000, sessions: 200 },
] as const

export const revokeRedis: Bench = {
  name: 'revoke-redis',
  about: '1,000 users with 200 open sessions, ended at Redis, against raw ACL DELUSER; and 1 and 10,000',
  async run(say) {
    const bench = await startBenchRedis()
    const raw = await openRawRedis(bench.access, 'default', bench.access.password)
    try {
      const results: BenchResult[] = []
      for (const { users, sessions } of sizes) {
        const [ours, limit]: [RevokeTimes[], RevokeTimes[]] = [[], []]
        for (let round = 0; round <= rounds; round += 1) {
          const bare = await withUsers(bench, users, sessions, (handles) => measureRawRevoke(raw, namesOf(handles)))
          const own = await withUsers(bench, users, sessions, (handles) => revokeOurs(bench, raw, handles))
          // The first round warms up.
          if (round === 0) continue
          limit.push(bare)
          ours.push(own)
          say(`${users} users, ${sessions} sessions: round ${round} of ${rounds}`)
        }
        results.push(resultOf(users, sessions, ours, limit))
      }
      return results
    } finally {
      raw.close()
      await bench.close()
    }
  },
}

function resultOf(
  users: number,
  sessions: number,
  ours: readonly RevokeTimes[],
  limit: readonly RevokeTimes[],
): BenchResult {
  const of = (times: readonly RevokeTimes[], which: keyof RevokeTimes) => times.map((time) => time[which])
  return timeResult(
    'revoke-redis',
    'ms until absent',
    of(ours, 'absentMs'),
    of(limit, 'absentMs'),
    'ACL DELUSER with all names, and once more to see that none is left, over one bare socket',
    {
      users,
      sessions,
      'ms until cut': rounded(median(of(ours, 'cutMs'))),
      'slowest cut': rounded(quantile(of(ours, 'cutMs'), 1)),
      'limit until cut': rounded(median(of(limit, 'cutMs'))),
    },
  )
}

/** Sessions are bare sockets, so that their ends cost this process as little as can be. */
async function withUsers(
  bench: BenchRedis,
  users: number,
  sessions: number,
  measure: (handles: readonly AccountHandle[]) => Promise<RevokeTimes>,
): Promise<RevokeTimes> {
  const handles = newHandles(users)
  const issued = await issueUsers(bench.target, handles, 64)
  const open = await Promise.all(issued.slice(0, sessions).map((account) => openSession(bench, account)))
  const times = await measure(handles)
  for (const session of open) {
    if (await session.isAlive()) throw new Error('a session lives on')
  }
  return times
}

async function openSession({ access }: BenchRedis, { fields }: IssuedAccount) {
  const { username, password } = fields
  return openRawRedis(access, String(username), password instanceof Secret ? password.reveal() : '')
}

async function revokeOurs(bench: BenchRedis, raw: RawRedis, handles: readonly AccountHandle[]): Promise<RevokeTimes> {
  const startMs = performance.now()
  let [cutMs, absentMs, removed] = [0, 0, 0]
  await bench.target.revoke(
    handles,
    {
      cut: async () => {
        cutMs = performance.now() - startMs
      },
      removed: async (some) => {
        removed += some.length
        absentMs = performance.now() - startMs
      },
      pending: async (_handle, reason) => {
        throw new Error(reason)
      },
    },
    signal,
  )
  if (removed !== handles.length) throw new Error('a user is left')
  if ((await raw.send(['ACL', 'DELUSER', ...namesOf(handles)])) !== ':0')
    throw new Error('a user is left at the target')
  return { cutMs, absentMs }
}

function namesOf(handles: readonly AccountHandle[]): readonly string[] {
  return handles.map((handle) => handle.accountName)
}
