/** One static secret at a Redis, which all of an identity's credentials have read: a revocation ends the version that was read. */
import { randomBytes } from 'node:crypto'
import { redisProvider } from '@mayfly/provider-redis'
import { staticProvider } from '@mayfly/provider-static'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { activatePolicy } from '../../packages/server/src/application/decision/activate-policy.ts'
import { draftPolicy } from '../../packages/server/src/application/decision/draft-policy.ts'
import { runRedis } from '../../test/support/servers/run-redis.ts'
import { logsInRaw, openRawRedis } from '../limits/redis-raw.ts'
import { type BenchRedis, startBenchRedis } from '../redis-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

/** Whose secret it is. */
export const account = 'reporting'
const signal = new AbortController().signal
const bridge = `@id("bridge")
@until("2099-12-31")
permit (principal is Identity, action == Action::"credential.issue", resource) when { resource.provider == "static" };`

export async function makeAccount(access: BenchRedis['access'], password: string): Promise<void> {
  await runRedis(access, 'ACL', 'SETUSER', account, 'reset', 'on', `>${password}`, '~reports:*', '+@read')
}

export async function startDeadStatic(): Promise<DeadTarget> {
  // A new password must outlast a restart of the target.
  const bench = await startBenchRedis({ withAclFile: true })
  const current = randomBytes(18).toString('base64url')
  await makeAccount(bench.access, current)
  const readers = new Map<string, string>()
  const isTaken = (password: string) => logsInRaw(bench.access, account, password)
  return {
    kind: 'static',
    provider: staticProvider([redisProvider]) as unknown as Provider,
    resource: {
      settings: { system: 'redis', settings: bench.place.settings, accounts: [account], overlap_seconds: 60 },
      secret: { login: bench.place.secret, current },
      permission: { read: true },
    },
    async attach(life, resourceId) {
      // Who has the first version is not known, so it would be given notice first.
      await life.useTarget(resourceId, async (way) => way.upkeep?.({ rotate: 'on_demand', endNow: true }, signal))

      const administrator = await life.makePerson('grace@example.org', 'administrator')
      const { policy_text: text } = await life.inTenant((tx) =>
        tx.query
          .selectFrom('policy_version')
          .select('policy_text')
          .where('state', '=', 'active')
          .executeTakeFirstOrThrow(),
      )
      const { row } = await draftPolicy(life.deps, administrator, { text: `${text}\n${bridge}` })
      await activatePolicy(life.deps, administrator, { policyVersionId: row.policy_version_id })
    },
    learn: ({ accountName }, fields: Fields) => void readers.set(accountName, textOf(fields, 'password')),
    logIn: (fields) => isTaken(textOf(fields, 'password')),
    async hold(fields) {
      const session = await openRawRedis(bench.access, account, textOf(fields, 'password'))
      return { ended: session.ended, close: () => session.close() }
    },
    async present(handles) {
      const taken = new Map<string, boolean>()
      const present = new Set<string>()
      for (const { accountName } of handles) {
        const password = readers.get(accountName)
        if (password === undefined) throw new Error('a reader that nobody was told of')
        const still = taken.get(password) ?? (await isTaken(password))
        taken.set(password, still)
        if (still) present.add(accountName)
      }
      return present
    },
    close: () => bench.close(),
  }
}
