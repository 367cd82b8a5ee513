import { newId } from '@mayfly/domain'
import { redisProvider } from '@mayfly/provider-redis'
import { describe, expect, test } from 'vitest'
import {
  makeTempDir,
  type RedisAccess,
  type RedisServer,
  runRedis,
  startRedis,
  startRedisCluster,
  until,
} from '../../support/index.ts'
import { slotOf } from '../../../packages/providers/redis/src/cluster-shards.ts'
import {
  ask,
  canLogIn,
  codeOf,
  logIn,
  noSignal,
  prepareOn,
  readWrite,
  recordReport,
  requestFor,
  revoke,
  sessionOf,
} from './redis-fixture.ts'
import { runGuide } from './run-guide.ts'
import { startProxy } from './tcp-proxy.ts'

interface Pair extends AsyncDisposable {
  readonly primary: RedisServer
  readonly replica: RedisServer
  readonly both: readonly [RedisAccess, RedisAccess]
}

async function startPair(): Promise<Pair> {
  const dir = await makeTempDir('redis')
  const primary = await startRedis(dir, { withAclFile: true })
  const replica = await startRedis(dir, { withAclFile: true, replicaOf: primary.access })
  await until(async () => (await runRedis(primary.access, 'INFO', 'replication')).includes('state=online'), {
    withinMs: 20_000,
    describe: 'the replica follows',
  })
  return {
    primary,
    replica,
    both: [primary.access, replica.access],
    async [Symbol.asyncDispose]() {
      await Promise.all([primary.stop(), replica.stop()])
    },
  }
}

describe('a primary and its replica', () => {
  test('users are made and ended at both, with their sessions; they do not replicate', async () => {
    await using pair = await startPair()
    await using prepared = await prepareOn(pair.both)
    const issued = await prepared.issue()
    expect(issued.account.fields['nodes']).toBe(pair.both.map(({ host, port }) => `${host}:${port}`).join(','))
    await runRedis(pair.primary.access, 'SET', 'orders:1', 'x')
    const reader = await logIn(issued.account, pair.replica.access)
    expect(await ask(reader, 'GET', 'orders:1')).toBe('x')
    expect(await prepared.target.observe([issued.handle], noSignal)).toMatchObject([{ openSessions: 1 }])
    expect(await prepared.target.listSessions(noSignal)).toMatchObject([
      { accountName: issued.name, sourceAddress: '127.0.0.1' },
    ])

    await runRedis(pair.primary.access, 'ACL', 'DELUSER', issued.name)
    expect(await canLogIn(issued.account, pair.replica.access), 'control: DELUSER does not replicate').toBe(true)

    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
    expect(await canLogIn(issued.account, pair.replica.access)).toBe(false)
    expect(await sessionOf(reader).isAlive()).toBe(false)
  })

  test('both are found whichever of them is named, and a session at either can be ended alone', async () => {
    await using pair = await startPair()
    await using prepared = await prepareOn(pair.both.toReversed())
    const issued = await prepared.issue()
    const [atPrimary, atReplica] = [
      await logIn(issued.account, pair.both[0]),
      await logIn(issued.account, pair.both[1]),
    ]
    const replicaSessions = (await prepared.target.listSessions(noSignal)).filter(({ sessionId }) =>
      sessionId.includes(`:${pair.replica.access.port}#`),
    )
    expect(replicaSessions).toHaveLength(1)
    await prepared.target.cutSessions(replicaSessions, noSignal)
    expect(await sessionOf(atReplica).isAlive()).toBe(false)
    expect(await sessionOf(atPrimary).isAlive()).toBe(true)
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
    expect(await sessionOf(atPrimary).isAlive()).toBe(false)
  })

  test('a node that cannot be reached keeps the removal pending, is seen, and is caught up with', async () => {
    await using pair = await startPair()
    await using proxy = await startProxy(pair.replica.access.port)
    const listed = { mode: 'listed', others: [{ host: '127.0.0.1', port: proxy.port }] }
    await using prepared = await prepareOn(pair.both, { nodes: listed })
    const issued = await prepared.issue()
    const reader = await logIn(issued.account, pair.replica.access)
    await proxy.goDown()

    const report = await revoke(prepared.target, issued.handle)
    expect(report.cutNames).toEqual([])
    expect([...report.reasons.values()]).toEqual([
      'ended at 1 of 2 nodes of the target; not yet at 1: the target did not answer',
    ])
    expect(await canLogIn(issued.account, pair.primary.access), 'ended where it can be').toBe(false)
    expect(await canLogIn(issued.account, pair.replica.access), 'control: the other has it still').toBe(true)
    expect(await codeOf(prepared.target.observe([issued.handle], noSignal))).toBe('target_unreachable')
    const findings = await prepared.target.check({ newHandle: prepared.plan }, noSignal)
    expect(findings).toContainEqual(expect.objectContaining({ check: 'nodes', outcome: 'failed' }))
    const other = await prepared.issue()
    expect(await canLogIn(other.account), 'a replica that is down does not stop what is new').toBe(true)

    await proxy.comeUp()
    expect((await revoke(prepared.target, issued.handle, other.handle)).removedNames).toEqual([issued.name, other.name])
    expect(await canLogIn(issued.account, pair.replica.access)).toBe(false)
    expect(await sessionOf(reader).isAlive()).toBe(false)
  })

  test('a create that is held up on its way to the replica is refused there after its deadline', async () => {
    await using pair = await startPair()
    await using proxy = await startProxy(pair.replica.access.port)
    const listed = { mode: 'listed', others: [{ host: '127.0.0.1', port: proxy.port }] }
    await using prepared = await prepareOn(pair.both, { nodes: listed })
    await prepared.issue()
    const handle = prepared.plan()
    const arrived = proxy.holdAt('EXEC')
    const createDeadlineAt = new Date(Date.now() + 600)
    const issuing = codeOf(prepared.target.issue(handle, requestFor({ createDeadlineAt }), noSignal))
    await arrived
    expect(await issuing).toBe('target_timeout')
    await until(() => Date.now() > createDeadlineAt.getTime() + 20, { describe: 'the deadline has passed' })
    proxy.release()
    // Answered in order: what was held is done.
    const again = await prepared.issue()
    expect(await canLogIn(again.account, pair.replica.access)).toBe(true)
    expect(await runRedis(pair.replica.access, 'ACL', 'USERS')).not.toContain(handle.accountName)
    expect(await runRedis(pair.primary.access, 'ACL', 'USERS'), 'in time at the other').toContain(handle.accountName)
    expect((await revoke(prepared.target, handle)).removedNames).toEqual([handle.accountName])
  })

  test('after a failover work goes on at the new primary', async () => {
    await using pair = await startPair()
    await using prepared = await prepareOn(pair.both)
    const before = await prepared.issue()
    await runRedis(pair.replica.access, 'REPLICAOF', 'NO', 'ONE')
    await runRedis(pair.primary.access, 'REPLICAOF', pair.replica.access.host, String(pair.replica.access.port))
    const issued = await until(() => prepared.issue().catch(() => undefined), {
      withinMs: 20_000,
      everyMs: 50,
      describe: 'credentials are made again',
    })
    expect(await canLogIn(issued.account, pair.replica.access)).toBe(true)
    const report = await revoke(prepared.target, before.handle, issued.handle)
    expect(report.removedNames).toEqual([before.name, issued.name])
  })

  test('a node that does not know Mayfly’s login is named by the check; nothing is issued, the other ends', async () => {
    await using pair = await startPair()
    await using prepared = await prepareOn(pair.both)
    const issued = await prepared.issue()
    await runRedis(pair.replica.access, 'ACL', 'DELUSER', prepared.mayflyLogin.username)
    const fresh = await prepared.open()
    expect(await codeOf(fresh.issue(prepared.plan(), requestFor(), noSignal))).toBe('target_rights_missing')
    const report = recordReport()
    expect(await codeOf(fresh.revoke([issued.handle], report, noSignal))).toBe('target_rights_missing')
    expect(report.cutNames).toEqual([])
    expect(await canLogIn(issued.account, pair.primary.access), 'ended where it can be').toBe(false)
    await fresh.close()
  })

  test('the check names a replica that is not listed', async () => {
    await using pair = await startPair()
    await using prepared = await prepareOn(pair.both, { nodes: { mode: 'listed', others: [] } })
    const findings = await prepared.target.check({ permission: readWrite, newHandle: prepared.plan }, noSignal)
    const nodes = findings.find((one) => one.check === 'nodes')
    expect(nodes).toMatchObject({ outcome: 'failed' })
    expect(nodes?.detail).toContain('1 replicas')
  })
})

describe('a cluster', () => {
  test('users are made and ended at every node; keys of both halves are reached', async () => {
    const cluster = await startRedisCluster(await makeTempDir('redis-cluster'))
    try {
      const every = [...cluster.primaries, cluster.replica].map((server) => server.access)
      await using prepared = await prepareOn(every)
      const issued = await prepared.issue()
      expect(String(issued.account.fields['nodes']).split(',')).toHaveLength(3)
      const sessions = await Promise.all(every.map((access) => logIn(issued.account, access)))
      const answers = await Promise.all(
        sessions.slice(0, 2).map((client) => ask(client, 'SET', 'orders:1', 'x').catch(String)),
      )
      expect(answers.toSorted()).toEqual([expect.stringContaining('MOVED'), 'OK'])
      expect(await prepared.target.observe([issued.handle], noSignal)).toMatchObject([{ openSessions: 3 }])

      for (const key of ['orders:1', '{a}b', 'foo{}{bar}', 'foo{{bar}}zap', 'x}{y}', 'mayfly:guard:1:{42}']) {
        expect(String(slotOf(key)), key).toBe(await prepared.run('CLUSTER', 'KEYSLOT', key))
      }

      const findings = await prepared.target.check({ permission: readWrite, newHandle: prepared.plan }, noSignal)
      expect(findings.filter((one) => one.outcome === 'failed')).toEqual([])

      expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
      for (const client of sessions) expect(await sessionOf(client).isAlive()).toBe(false)
      for (const access of every) expect(await canLogIn(issued.account, access)).toBe(false)

      await using listed = await prepareOn(every, { nodes: { mode: 'listed', others: [] } })
      expect(await codeOf(listed.issue()), 'a cluster says itself who is in it').toBe('target_refused')
    } finally {
      await cluster.stop()
    }
  })
})

test('nodes on other machines are refused where TLS is off', async () => {
  const server = await startRedis(await makeTempDir('redis'), {
    settings: ['replica-announce-ip 192.0.2.7'],
    withAclFile: true,
  })
  const replica = await startRedis(await makeTempDir('redis'), {
    settings: ['replica-announce-ip 192.0.2.7'],
    withAclFile: true,
    replicaOf: server.access,
  })
  try {
    await using prepared = await prepareOn([server.access])
    await until(async () => (await prepared.run('INFO', 'replication')).includes('192.0.2.7'), {
      withinMs: 20_000,
      describe: 'the primary names it',
    })
    expect(await codeOf(prepared.issue())).toBe('target_unsafe')
  } finally {
    await Promise.all([server.stop(), replica.stop()])
  }
})

test('the guide can be run at each node, and again', async () => {
  await using pair = await startPair()
  const login = { username: 'mayfly-at-work', password: 'a password with spaces and "quotes"' }
  for (const access of [...pair.both, ...pair.both]) await runGuide(redisProvider.guide(), access, login)
  const target = await redisProvider.open({
    settings: redisProvider.settings.parse({
      host: pair.primary.access.host,
      port: pair.primary.access.port,
      tls: { mode: 'disabled_loopback_only' },
    }),
    secret: redisProvider.secret.parse(login),
  })
  const handle = redisProvider.plan(newId())
  expect(await codeOf(target.issue(handle, requestFor(), noSignal))).toBe('no error')
  await target.close()
})
