import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import { canLogIn, codeOf, noSignal, type Prepared, prepareRedis, requestFor } from './redis-fixture.ts'
import { startProxy } from './tcp-proxy.ts'

const past = async (deadlineAt: Date) =>
  until(() => Date.now() > deadlineAt.getTime() + 20, { describe: 'the deadline has passed' })

describe('a create that is held up on its way to Redis', () => {
  let prepared: Prepared
  beforeAll(async () => {
    prepared = await prepareRedis()
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  const users = () => prepared.run('ACL', 'USERS')

  test.for([
    ['the transaction itself', 'EXEC', 'exec'],
    ['its guard', 'PXAT', 'watch'],
  ] as const)('is refused by the target after its deadline: %s', async ([, piece, seenAs]) => {
    await using proxy = await startProxy(prepared.access.port)
    const target = await prepared.open({ port: proxy.port })
    // So that its connections are there already; with so little time left the next one needs a guard of its own.
    const first = prepared.plan()
    await target.issue(first, requestFor(), noSignal)
    expect(await users(), 'control: through the same way, in time').toContain(first.accountName)

    const handle = prepared.plan()
    const arrived = proxy.holdAt(piece)
    const createDeadlineAt = new Date(Date.now() + 500)
    const issuing = codeOf(target.issue(handle, requestFor({ createDeadlineAt }), noSignal))
    await arrived
    expect(await issuing).toBe('target_timeout')
    await past(createDeadlineAt)
    // Its creator has gone; what it sent has not.
    await target.close()
    const before = await callsOf(prepared, seenAs)
    proxy.release()
    await until(async () => (await callsOf(prepared, seenAs)) > before, { describe: 'what was held has come' })
    expect(await users()).not.toContain(handle.accountName)
  })

  test('is made when it comes in time after all', async () => {
    await using proxy = await startProxy(prepared.access.port)
    const target = await prepared.open({ port: proxy.port })
    await target.issue(prepared.plan(), requestFor(), noSignal)
    const arrived = proxy.holdAt('EXEC')
    const issuing = target.issue(prepared.plan(), requestFor(), noSignal)
    await arrived
    proxy.release()
    expect(await canLogIn(await issuing)).toBe(true)
    await target.close()
  })

  test('control: a plain ACL SETUSER that comes late makes the user', async () => {
    await using proxy = await startProxy(prepared.access.port)
    const socket = connect(proxy.port, '127.0.0.1')
    const name = prepared.plan().accountName
    const arrived = proxy.holdAt('SETUSER')
    socket.write(`AUTH ${prepared.access.password}\r\nACL SETUSER ${name} on nopass\r\n`)
    await arrived
    socket.destroy()
    proxy.release()
    await until(async () => (await users()).includes(name), { describe: 'it is there' })
    expect(await users()).toContain(name)
    await prepared.run('ACL', 'DELUSER', name)
  })

  test('a second create of one name is refused by the target itself, and changes nothing', async () => {
    const issued = await prepared.issue()
    // Another server of Mayfly, which knows nothing of the first create.
    const other = await prepared.open()
    expect(await codeOf(other.issue(issued.handle, requestFor(), noSignal))).toBe('target_refused')
    expect(await canLogIn(issued.account)).toBe(true)
    await other.close()
    const plain = ['ACL', 'SETUSER', 'plain', 'on', '~orders:*']
    await prepared.run(...plain, '>first')
    expect(await prepared.run(...plain, '>second'), 'control: ACL SETUSER changes who is there').toBe('OK')
  })

  test('where the connection is lost between guard and create, nothing is sent without a guard', async () => {
    await using proxy = await startProxy(prepared.access.port)
    const target = await prepared.open({ port: proxy.port })
    await target.issue(prepared.plan(), requestFor(), noSignal)
    // Every connection, with what it watches, is gone; the next create begins anew with a guard.
    await proxy.goDown()
    await proxy.comeUp()
    const before = proxy.sent().length
    const handle = prepared.plan()
    await until(
      () =>
        target.issue(handle, requestFor(), noSignal).then(
          () => true,
          () => false,
        ),
      {
        describe: 'it is made',
      },
    )
    const sent = proxy.sent().slice(before)
    expect(sent.indexOf('WATCH')).toBeGreaterThan(0)
    expect(sent.indexOf('WATCH')).toBeLessThan(sent.indexOf('SETUSER'))
    await target.close()
  })

  test('one with little time left does not take the others along', async () => {
    await prepared.run('CLIENT', 'PAUSE', '10000', 'WRITE')
    const soon = codeOf(
      prepared.target.issue(prepared.plan(), requestFor({ createDeadlineAt: new Date(Date.now() + 300) }), noSignal),
    )
    const later = prepared.issue()
    expect(await soon).toBe('target_timeout')
    await prepared.run('CLIENT', 'UNPAUSE')
    expect(await canLogIn((await later).account)).toBe(true)
  })

  test('what guards creates has an end of its own', async () => {
    await prepared.issue({ createDeadlineAt: new Date(Date.now() + 5_000) })
    await prepared.run('SET', 'without-end', 'x')
    const keys = (await prepared.run('KEYS', 'mayfly:guard:*')).split(',')
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect(Number(await prepared.run('PTTL', key)), key).toBeGreaterThan(0)
    expect(await prepared.run('PTTL', 'without-end'), 'control: a key without one').toBe('-1')
  })
})

/** How often the server has done a command. */
async function callsOf(prepared: Prepared, command: string): Promise<number> {
  const stats = await prepared.run('INFO', 'commandstats')
  const line = stats.split('\r\n').find((one) => one.startsWith(`cmdstat_${command}:`))
  return Number(/calls=(\d+)/.exec(line ?? '')?.[1] ?? 0)
}
