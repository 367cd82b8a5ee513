import { type CredentialId, newId } from '@mayfly/domain'
import { findPrinted, type RevokeReport, Secret } from '@mayfly/provider-kit'
import { patternOf, rabbitmqPermission, rabbitmqProvider, type RabbitmqTarget } from '@mayfly/provider-rabbitmq'
import amqp from 'amqplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findFreePort } from '../../support/index.ts'
import { type Broker, loginOf, openBroker } from './rabbitmq-fixture.ts'

const signal = new AbortController().signal
let broker: Broker
let target: RabbitmqTarget
beforeAll(async () => {
  broker = await openBroker()
  target = await broker.open()
}, 120_000)
afterAll(() => target?.close())

const plan = () => rabbitmqProvider.plan(newId<CredentialId>())
const request = (permission: object = { vhost: '/', configure: ['*'], write: ['*'], read: ['*'] }) => ({
  permission: rabbitmqPermission.parse(permission),
  parameters: {},
  expiresAt: new Date(Date.now() + 300_000),
  createDeadlineAt: new Date(Date.now() + 60_000),
})

function recorded() {
  const told: Record<'cut' | 'removed' | 'pending', string[]> = { cut: [], removed: [], pending: [] }
  const report: RevokeReport = {
    cut: async (handles) => void told.cut.push(...handles.map((one) => one.accountName)),
    removed: async (handles) => void told.removed.push(...handles.map((one) => one.accountName)),
    pending: async (_, reason) => void told.pending.push(reason),
  }
  return { told, report }
}

describe('what looks like an end and is none', { timeout: 60_000 }, () => {
  test('taking the permission or the password closes nothing; the removal does, and a consumer with it', async () => {
    const handle = plan()
    const { username, password } = loginOf(await target.issue(handle, request(), signal))
    const connection = await broker.connect(username, password)
    if (connection === undefined) throw new Error('control: it logs in')
    const closed = new Promise<void>((resolve) => connection.once('close', () => resolve()))
    const channel = await connection.createChannel()
    channel.on('error', () => undefined)
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.consume(queue, () => undefined)
    await broker.ask('DELETE', `permissions/%2F/${username}`)
    await broker.ask('PUT', `users/${username}`, { password: 'another-one', tags: '' })
    const ended = await Promise.race([
      closed.then(() => true),
      channel.checkQueue(queue).then(
        () => false,
        () => true,
      ),
    ])
    expect(ended, 'control: the connection goes on').toBe(false)
    await target.revoke([handle], recorded().report, signal)
    await expect(closed).resolves.toBeUndefined()
  })

  test('a bulk removal stops at a name that is not there: ours takes away the others all the same', async () => {
    const handles = Array.from({ length: 40 }, plan)
    await Promise.all(handles.map((handle) => target.issue(handle, request(), signal)))
    const names = handles.map((one) => one.accountName)
    const raw = await broker.ask('POST', 'users/bulk-delete', { users: [names[0], plan().accountName, names[1]] })
    expect(raw.status, 'control').toBe(400)
    expect((await broker.ask('GET', `users/${names[1]}`)).status, 'control: it stopped there').toBe(200)
    const { told, report } = recorded()
    await target.revoke([...handles, plan()], report, signal)
    expect(told.removed).toHaveLength(41)
    expect(told.pending).toEqual([])
  })

  test('somebody else removes the same users meanwhile: all are gone, and nobody is told otherwise', async () => {
    const handles = Array.from({ length: 30 }, plan)
    await Promise.all(handles.map((handle) => target.issue(handle, request(), signal)))
    const other = await broker.open()
    const [one, two] = [recorded(), recorded()]
    await Promise.all([target.revoke(handles, one.report, signal), other.revoke(handles, two.report, signal)])
    await other.close()
    const seen = await target.observe(handles, signal)
    expect(seen.every(({ state }) => state === 'absent')).toBe(true)
    expect([...one.told.pending, ...two.told.pending]).toEqual([])
  })

  test('connections that go while they are being ended make no failure of it', async () => {
    const handles = Array.from({ length: 4 }, plan)
    const issued = await Promise.all(handles.map((handle) => target.issue(handle, request(), signal)))
    let emptyAnswers = 0
    for (let round = 0; round < 3 || (emptyAnswers === 0 && round < 30); round += 1) {
      const connections = await Promise.all(
        issued
          .map(loginOf)
          .flatMap(({ username, password }) => Array.from({ length: 8 }, () => broker.connect(username, password))),
      )
      const paths = handles.map(({ accountName }) => `connections/username/${accountName}`)
      const [statuses] = await Promise.all([
        Promise.all([...paths, ...paths].map(async (path) => (await broker.ask('DELETE', path)).status)),
        ...connections.map((connection) => connection?.close().catch(() => undefined)),
        // Each way that looks at connections or ends them, beside those that go by themselves.
        target.observe(handles, signal),
        target.listSessions(signal).then((open) => target.cutSessions(open, signal)),
      ])
      emptyAnswers += statuses.filter((status) => status === 500).length
    }
    const { told, report } = recorded()
    await Promise.all([target.revoke(handles, report, signal), target.revoke(handles, recorded().report, signal)])
    expect(told.removed).toHaveLength(handles.length)
    expect(emptyAnswers, 'control: whoever asks once is told 500').toBeGreaterThan(0)
  })
})

describe('many at once', { timeout: 120_000 }, () => {
  test('logins that are asked for together are made together, each with its own password', async () => {
    const handles = Array.from({ length: 60 }, plan)
    const issued = await Promise.all(handles.map((handle) => target.issue(handle, request(), signal)))
    const logins = issued.map(loginOf)
    expect(new Set(logins.map(({ password }) => password)).size).toBe(60)
    for (const { username, password } of logins.slice(0, 5)) {
      expect(await broker.canLogIn(username, password)).toBe(true)
      expect(await broker.canLogIn(username, logins[9]?.password ?? '')).toBe(false)
    }
    await target.revoke(handles, recorded().report, signal)
  })

  test('one that is refused does not take the others with it, and leaves nothing', async () => {
    const [good, bad] = [plan(), plan()]
    const outcomes = await Promise.allSettled([
      target.issue(good, request(), signal),
      target.issue(bad, request({ vhost: 'nowhere' }), signal),
      target.issue(plan(), request(), signal),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'target_refused' })
    expect((await target.observe([bad], signal))[0]?.state).toBe('absent')
    await target.revoke([good], recorded().report, signal)
  })
})

describe('what a role permits', { timeout: 60_000 }, () => {
  test('names are literal: a dot is a dot, and a beginning ends where its star stands', async () => {
    const permission = { vhost: '/', configure: ['orders.*'], write: [], read: [] }
    const handle = plan()
    const { username, password } = loginOf(await target.issue(handle, request(permission), signal))
    const may = async (name: string) => {
      const connection = await amqp.connect({
        hostname: broker.access.host,
        port: broker.access.port,
        username,
        password,
        vhost: '/',
      })
      connection.on('error', () => undefined)
      try {
        const channel = await connection.createChannel()
        channel.on('error', () => undefined)
        await channel.assertQueue(name, { autoDelete: true, durable: false })
        await channel.deleteQueue(name)
        return true
      } catch {
        return false
      } finally {
        await connection.close().catch(() => undefined)
      }
    }
    expect(await may('orders.new')).toBe(true)
    for (const name of ['ordersXnew', 'my.orders.new', 'payments']) expect(await may(name)).toBe(false)
    await target.revoke([handle], recorded().report, signal)
  })

  test.each([['a|b'], ['^.*$'], ['a.*b'], ['orders\n'], ['a*b'], ['(']])('`%s` is no name', (name) => {
    expect(rabbitmqPermission.safeParse({ vhost: '/', read: [name] }).success).toBe(false)
  })

  test('nothing is permitted where nothing is named', () => {
    expect(patternOf([])).toBe('^$')
    expect(new RegExp(patternOf(['a.b', 'c*'])).test('axb')).toBe(false)
    expect(new RegExp(patternOf(['a.b', 'c*'])).test('cxb'), 'control').toBe(true)
  })
})

describe('rights and refusals', { timeout: 60_000 }, () => {
  test.each(['management', 'policymaker', 'monitoring', ''])(
    'the tag `%s` is not enough, and the check says so',
    async (tags) => {
      const { username, password, drop } = await broker.makeUser(tags)
      const poor = await broker.open({ username, password })
      await expect(poor.issue(plan(), request(), signal)).rejects.toMatchObject({ code: 'target_rights_missing' })
      await poor.close()
      await drop()
    },
  )

  test('a wrong password of its own is a refused login, and is not printed', async () => {
    const wrong = await broker.open({ username: broker.access.username, password: 'not-the-password-of-it' })
    const error = await wrong.observe([plan()], signal).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'target_rights_missing' })
    expect(findPrinted(error, ['not-the-password-of-it'])).toEqual([])
    await wrong.close()
  })

  test('nobody there', async () => {
    const settings = { ...broker.settings, management_url: `http://127.0.0.1:${await findFreePort()}`, amqp_tls: false }
    const nowhere = await rabbitmqProvider.open({
      settings: { ...settings, timeout_ms: 1_000, max_concurrent_calls: 2 },
      secret: { username: 'x', password: new Secret('y') },
    })
    await expect(nowhere.observe([plan()], signal)).rejects.toMatchObject({ code: 'target_unreachable' })
    await nowhere.close()
  })

  test('the password is not in what is sent: the broker is given its hash', async () => {
    const handle = plan()
    const { password } = loginOf(await target.issue(handle, request(), signal))
    const { body } = await broker.ask('GET', `users/${handle.accountName}`)
    expect(JSON.stringify(body)).not.toContain(password)
    expect(body).toMatchObject({ hashing_algorithm: 'rabbit_password_hashing_sha256', tags: [] })
    await target.revoke([handle], recorded().report, signal)
  })
})
