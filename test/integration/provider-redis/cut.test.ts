import { MayflyError } from '@mayfly/domain'
import { redisProvider } from '@mayfly/provider-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTempDir, startRedis, until } from '../../support/index.ts'
import {
  canLogIn,
  type Client,
  codeOf,
  logIn,
  noSignal,
  type Prepared,
  prepareOn,
  prepareRedis,
  recordReport,
  revoke,
  sessionOf,
} from './redis-fixture.ts'

const everything = redisProvider.permission.parse({
  categories: ['read', 'write', 'pubsub', 'transaction', 'scripting'],
  keys: ['orders:*'],
  channels: ['news.*'],
})

/** Settles when the server has closed it, with the time that it took. */
function closed(client: Client): Promise<number> {
  const startMs = performance.now()
  return new Promise((resolve) => {
    client.once('terminated', () => resolve(performance.now() - startMs))
  })
}

/** A connection in each state that keeps one open: idle, subscribed, blocked, in the middle of a transaction. */
async function everyKind(prepared: Prepared) {
  const issued = await prepared.issue({ permission: everything })
  const clients = await Promise.all(Array.from({ length: 4 }, () => logIn(issued.account)))
  const [, subscriber, blocked, transaction] = clients
  await subscriber?.subscribe('news.today', () => undefined)
  const popping = blocked?.sendCommand(['BLPOP', 'orders:queue', '0']).catch(String)
  await transaction?.sendCommand(['MULTI'])
  await transaction?.sendCommand(['SET', 'orders:half', 'done'])
  await until(async () => (await prepared.run('CLIENT', 'LIST')).includes('cmd=blpop'), { describe: 'it waits' })
  return { issued, clients, popping }
}

describe('the cut on Redis', () => {
  let prepared: Prepared
  beforeAll(async () => {
    prepared = await prepareRedis()
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  test('idle, subscribed and blocked connections end, and an open transaction does nothing', async () => {
    const { issued, clients, popping } = await everyKind(prepared)
    const ends = Promise.all(clients.map(closed))
    const report = await revoke(prepared.target, issued.handle)
    expect(report.removedNames).toEqual([issued.name])
    for (const tookMs of await ends) expect(tookMs).toBeLessThan(2_000)
    expect(await popping).toMatch(/closed/i)
    expect(await prepared.run('EXISTS', 'orders:half')).toBe('0')
    expect(await canLogIn(issued.account)).toBe(false)
  })

  test('control: `off`, and taking away every right, end none of them', async () => {
    const { issued, clients } = await everyKind(prepared)
    const [idle, subscriber] = clients
    await prepared.run('ACL', 'SETUSER', issued.name, 'off')
    expect(await canLogIn(issued.account), 'no new login').toBe(false)
    expect(await idle?.sendCommand(['SET', 'orders:1', 'x']), 'the open one goes on').toBe('OK')
    // What a user of ours may do stands in a selector. Without its channel a subscriber would be ended.
    await prepared.run('ACL', 'SETUSER', issued.name, 'clearselectors', '(&news.* -@all)')
    await expect(idle?.sendCommand(['SET', 'orders:1', 'x'])).rejects.toThrow('NOPERM')
    expect(subscriber?.isReady, 'the subscriber is still there').toBe(true)
    expect(await prepared.run('CLIENT', 'LIST')).toContain('cmd=blpop')
    const [seen] = await prepared.target.observe([issued.handle], noSignal)
    expect(seen).toMatchObject({ state: 'disabled', openSessions: 4 })
    await revoke(prepared.target, issued.handle)
  })

  test('what a session has sent before its end, and not been answered, is not done after it', async () => {
    const issued = await prepared.issue({ permission: everything })
    const client = await logIn(issued.account)
    const writing = Array.from({ length: 20_000 }, () => client.sendCommand(['INCR', 'orders:count']).catch(() => ''))
    await revoke(prepared.target, issued.handle)
    const atCut = await prepared.run('GET', 'orders:count')
    await Promise.all(writing)
    expect(await prepared.run('GET', 'orders:count')).toBe(atCut)
  })

  test('a script that runs is finished first, and its session ends then', async () => {
    const issued = await prepared.issue({ permission: everything })
    const client = await logIn(issued.account)
    const script = `local t = redis.call('TIME') local e = t[1] * 1000 + t[2] / 1000 + 1000
      repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > e
      redis.call('SET', KEYS[1], 'finished') return 1`
    // TIME is in no category of a role.
    await prepared.run('ACL', 'SETUSER', issued.name, '+time')
    const running = client.sendCommand(['EVAL', script, '1', 'orders:script']).catch(String)
    const startMs = performance.now()
    const report = await revoke(prepared.target, issued.handle)
    expect(report.removedNames).toEqual([issued.name])
    expect(performance.now() - startMs).toBeGreaterThan(700)
    await running
    expect(await prepared.run('GET', 'orders:script')).toBe('finished')
    expect(await sessionOf(client).isAlive()).toBe(false)
  })

  test('1,000 users with 200 connections end at once, one of them absent, and hardly anybody waits', async () => {
    const issued = await Promise.all(Array.from({ length: 1_000 }, () => prepared.issue()))
    const sessions = await Promise.all(issued.slice(0, 200).map(async ({ account }) => sessionOf(await logIn(account))))
    const bystander = await logIn((await prepared.issue()).account)
    const absent = prepared.plan()
    const handles = issued.map(({ handle }) => handle).toSpliced(500, 0, absent)
    let longestMs = 0
    const watching = new AbortController()
    const watch = (async () => {
      while (!watching.signal.aborted) {
        const startMs = performance.now()
        await bystander.sendCommand(['PING'])
        longestMs = Math.max(longestMs, performance.now() - startMs)
      }
    })()
    const report = await revoke(prepared.target, ...handles)
    watching.abort()
    await watch
    expect(report.reasons).toEqual(new Map())
    expect(report.removedNames).toHaveLength(1_001)
    expect(longestMs).toBeLessThan(1_000)
    for (const session of sessions) expect(await session.isAlive()).toBe(false)
    const seen = await prepared.target.observe(handles, noSignal)
    expect(new Set(seen.map((one) => one.state))).toEqual(new Set(['absent']))
    expect(await sessionOf(bystander).isAlive()).toBe(true)
    bystander.destroy()
  })

  test('only names of credentials are ever deleted: `default` stays', async () => {
    const handle = { ...prepared.plan(), accountName: 'default' }
    await expect(prepared.target.revoke([handle], recordReport(), noSignal)).rejects.toThrow(MayflyError)
    expect(await prepared.run('ACL', 'WHOAMI')).toBe('default')
  })
})

describe('a script without end', () => {
  test('nothing is called cut while it runs, and everything when it was killed', async () => {
    const server = await startRedis(await makeTempDir('redis'), { settings: ['busy-reply-threshold 100'] })
    await using prepared = await prepareOn([server.access])
    try {
      const issued = await prepared.issue({ permission: everything })
      const client = await logIn(issued.account)
      const running = client.sendCommand(['EVAL', 'while true do end', '0']).catch(String)
      // The server says so in answer to anything, once the threshold has passed.
      await until(async () => (await prepared.run('PING').catch(String)).includes('BUSY'), { describe: 'it is busy' })
      const report = recordReport()
      expect(await codeOf(prepared.target.revoke([issued.handle], report, noSignal))).toBe('target_timeout')
      expect(report.cutNames).toEqual([])
      await prepared.run('SCRIPT', 'KILL')
      expect(await running).toContain('killed')
      expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
      expect(await sessionOf(client).isAlive()).toBe(false)
    } finally {
      await server.stop()
    }
  })
})
