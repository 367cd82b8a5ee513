/** A company whose identity uses a Redis of the test's own, where nobody else has accounts; and looks at it, when told to. */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { adminKeys, adminRights, redisProvider } from '@mayfly/provider-redis'
import { issueCredential } from '../../../packages/server/src/application/credential/issue-credential.ts'
import { defaultLooks, type LookSettings } from '../../../packages/server/src/application/inventory/look-deps.ts'
import { sampleSessions } from '../../../packages/server/src/application/inventory/sample-sessions.ts'
import { sweepTargets } from '../../../packages/server/src/application/inventory/sweep-target.ts'
import { newRedisClient, runRedis } from '../../support/servers/run-redis.ts'
import { createTestDatabase, makeTempDir, startRedis } from '../../support/index.ts'
import { openLifecycle, tenantId } from '../lifecycle/open-lifecycle.ts'

export type RedisCompany = Awaited<ReturnType<typeof openRedisCompany>>

const signal = new AbortController().signal

export async function openRedisCompany() {
  const [store, server] = await Promise.all([createTestDatabase(), makeTempDir('redis').then((dir) => startRedis(dir))])
  const secret = { username: 'mayfly', password: randomBytes(24).toString('base64url') }
  const run = (...command: readonly string[]) => runRedis(server.access, ...command)
  const makeLogin = () =>
    run('ACL', 'SETUSER', secret.username, 'reset', 'on', `>${secret.password}`, adminKeys, ...adminRights)
  await makeLogin()
  let aheadMs = 0
  const clock = { now: () => new Date(Date.now() + aheadMs) }
  const life = await openLifecycle(store.url, { providers: [redisProvider], clock })
  await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner('orders-team', 'ada@example.org')
  const identity = await life.makeIdentity('nightly-report', 'orders-team')
  const resource = await life.makeTarget('orders-cache', 'orders-team', {
    provider: 'redis',
    settings: {
      host: server.access.host,
      port: server.access.port,
      tls: { mode: 'disabled_loopback_only' },
      connect_timeout_ms: 1_000,
      command_timeout_ms: 1_000,
    },
    secret,
    role: 'reader',
    permission: { categories: ['read'], keys: ['orders:*'] },
  })
  const call = await life.callOf(identity.identity_id)
  const look = async (over: Partial<LookSettings>, work: typeof sampleSessions, byMs = 7_200_000) => {
    const deps = { ...life.deps, looks: { ...defaultLooks, ...over } }
    // Whatever was put off is due then.
    aheadMs += byMs
    while ((await work(deps, tenantId, signal)) === 'more');
    aheadMs -= byMs
    // A look is due again from then on only: the row says when by this clock.
    await life.inTenant((tx) =>
      tx.query
        .updateTable('target_look')
        .set({ next_at: new Date(0) })
        .execute(),
    )
  }
  return {
    life,
    server,
    run,
    /** The users of this server are gone with it: Mayfly's own is made again. */
    async comeBack() {
      await server.start()
      await makeLogin()
    },
    identity,
    resource,
    call,
    async issue() {
      const { row, fields } = await issueCredential(life.deps, call, { role: 'orders-cache/reader' })
      const password = fields?.['password']
      if (typeof password !== 'object') throw new Error('what was issued has a password')
      return { row, name: row.account_name, password: password.reveal() }
    },
    /** A session that is held; `ended` tells whether the server has ended it. */
    async connect(name: string, password: string) {
      const client = newRedisClient(server.access, name, password)
      await client.connect()
      return {
        isAlive: async () => {
          // The server closes it before its next turn.
          await pause(50)
          return (
            client.isOpen &&
            client.ping().then(
              () => true,
              () => false,
            )
          )
        },
        close: () => {
          if (client.isOpen) client.destroy()
        },
      }
    },
    sample: (over: Partial<LookSettings> = {}) => look(over, sampleSessions),
    /** @param byMs how much later than now, by Mayfly's clock */
    sweep: (over: Partial<LookSettings> = {}, byMs?: number) => look(over, sweepTargets, byMs),
    users: async () => (await run('ACL', 'USERS')).split(',').filter((name) => name.startsWith('mf_')),
    findings: () =>
      life.inTenant((tx) =>
        tx.query.selectFrom('finding').select(['kind', 'severity', 'detail', 'closed_at']).execute(),
      ),
    /** What the entries of these actions say, oldest first. */
    async said(...actions: readonly string[]) {
      const entries = await life.entries()
      return entries
        .filter(({ action }) => actions.includes(action))
        .map(({ content }) => content['body'] as Readonly<Record<string, unknown>>)
    },
    async [Symbol.asyncDispose]() {
      await life.close()
      await server.stop()
      await store.drop()
    },
  }
}
