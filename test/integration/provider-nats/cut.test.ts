/** The end of a credential: at its time, by revocation, of many at once, and where a server of the cluster does not answer. */
import { newId } from '@mayfly/domain'
import { type ObservedSession } from '@mayfly/provider-kit'
import { natsProvider } from '@mayfly/provider-nats'
import { describe, expect, test } from 'vitest'
import { readClaims, signClaims } from '../../../packages/providers/nats/src/nats-jwt.ts'
import { makeTempDir, until, useServer } from '../../support/index.ts'
import { startNats } from '../../support/servers/start-nats.ts'
import {
  canLogIn,
  codeOf,
  type Issued,
  keyFrom,
  noSignal,
  openSession,
  prepareNats,
  recordReport,
  requestFor,
  revoke,
} from './nats-fixture.ts'

const fresh = async () => prepareNats(await useServer('nats'))

describe('the end at the target', () => {
  test('comes at its time, also of an open connection, with nobody calling', async () => {
    await using prepared = await fresh()
    const expiresAt = new Date(Date.now() + 2_400)
    const issued = await prepared.issue({ expiresAt })
    const session = await openSession(issued.account)
    const other = await openSession((await prepared.issue()).account)
    const closed = session.nc.closed().then(() => Date.now())
    expect(await session.isAlive(), 'control: open before').toBe(true)
    const closedAt = await closed
    const exp = issued.account.expiresAt.getTime()
    expect(exp).toBeLessThanOrEqual(expiresAt.getTime())
    expect(closedAt, 'not before').toBeGreaterThanOrEqual(exp - 50)
    expect(closedAt - exp, 'on time').toBeLessThan(1_500)
    expect(await other.isAlive(), 'control: another goes on').toBe(true)
    await other.close()
    // What the server does next, whatever ended it: nothing has to be written at the target.
    const before = await prepared.stored()
    const report = recordReport()
    await prepared.target.revoke([{ ...issued.handle, expiresAt: issued.account.expiresAt }], report, noSignal)
    expect(report.removedNames).toEqual([issued.handle.accountName])
    expect(await prepared.stored()).toBe(before)
  })

  test('ends whoever listens, waits for a reply or has sent nothing yet, and leaves the others alone', async () => {
    await using prepared = await fresh()
    const permission = {
      publish: { allow: ['orders.>'], deny: [] },
      subscribe: { allow: ['orders.>', '_INBOX.>'], deny: [] },
      private_inbox: false,
    }
    const issued = await prepared.issue({ permission })
    const bystander = await openSession((await prepared.issue({ permission })).account)
    const sessions = await Promise.all(Array.from({ length: 4 }, () => openSession(issued.account)))
    const [listening, queued, waiting] = sessions
    const heard: string[] = []
    listening?.nc.subscribe('orders.new', { callback: (_error, message) => void heard.push(message.subject) })
    queued?.nc.subscribe('orders.new', { queue: 'workers', callback: () => void heard.push('queue') })
    bystander.nc.subscribe('orders.slow', { callback: () => undefined })
    await Promise.all([listening?.nc.flush(), queued?.nc.flush(), bystander.nc.flush()])
    const reply = waiting?.nc.request('orders.slow', '', { timeout: 20_000 }).then(
      () => 'answered',
      () => 'ended',
    )
    bystander.nc.publish('orders.new')
    await until(() => heard.length === 2, { describe: 'control: both hear' })
    await revoke(prepared, [issued.handle])
    bystander.nc.publish('orders.new')
    await bystander.nc.flush()
    for (const session of sessions) expect(await session.isAlive()).toBe(false)
    expect(await reply).toBe('ended')
    expect(heard).toHaveLength(2)
    expect(await bystander.isAlive()).toBe(true)
    await bystander.close()
  })

  test('is nothing that the row alone must know: a handle without its key is refused, not guessed', async () => {
    await using prepared = await fresh()
    const handle = natsProvider.plan(newId())
    expect(await codeOf(prepared.target.revoke([handle], recordReport(), noSignal))).toBe('internal')
    expect(await codeOf(prepared.target.observe([handle], noSignal))).toBe('internal')
  })

  test('of a thousand with a hundred sessions is one push, and others do not feel it', async () => {
    await using prepared = await fresh()
    const issued = await Promise.all(Array.from({ length: 1_000 }, () => prepared.issue()))
    const sessions = await Promise.all(issued.slice(0, 100).map((one) => openSession(one.account)))
    const bystander = await openSession((await prepared.issue()).account)
    const observed = await prepared.target.observe(
      issued.map((one) => one.handle),
      noSignal,
    )
    expect(
      observed.reduce((sum, one) => sum + one.openSessions, 0),
      'control: they are open',
    ).toBe(100)
    let pushes = 0
    prepared.system.subscribe(`$SYS.REQ.ACCOUNT.${prepared.account}.CLAIMS.UPDATE`, {
      callback: () => void (pushes += 1),
    })
    await prepared.system.flush()
    const handles = issued.map((one) => one.handle)
    const report = await revoke(prepared, handles)
    expect(report.reasons.size).toBe(0)
    expect(report.removedNames.toSorted()).toEqual(handles.map((handle) => handle.accountName).toSorted())
    expect(pushes).toBe(1)
    for (const session of sessions) expect(await session.isAlive()).toBe(false)
    for (const one of issued.filter((_one, at) => at % 100 === 0)) expect(await canLogIn(one.account)).toBe(false)
    expect(await bystander.isAlive()).toBe(true)
    await bystander.close()
    const again = await revoke(prepared, handles)
    expect(again.removedNames).toHaveLength(1_000)
    expect(pushes, 'what is said already is not said again').toBe(1)
  })

  test('asked by many at once, with one writer: no end undoes another', async () => {
    await using prepared = await fresh()
    const issued = await Promise.all(Array.from({ length: 12 }, () => prepared.issue()))
    const second = await prepared.open()
    await Promise.all(
      issued.map((one, at) => revoke(prepared, [one.handle], { target: at % 2 === 0 ? prepared.target : second })),
    )
    await second.close()
    for (const one of issued) expect(await canLogIn(one.account)).toBe(false)
    const list = Object.keys((await prepared.claims()).nats['revocations'] as object)
    expect(list.toSorted()).toEqual(issued.map((one) => one.handle.targetKey).toSorted())
  })
})

describe('a session that the list does not reach', () => {
  test('is seen, and nothing is called ended while it is open', async () => {
    await using prepared = await fresh()
    const issued = await prepared.issue()
    // Whoever has the signing key as well signs the same user anew, and later than any revocation.
    const claims = readClaims(String(issued.account.fields['jwt']), 'account')
    if (claims === undefined) throw new Error('what is issued can be read')
    const jwt = signClaims(
      { ...claims, iat: claims.iat + 3_600 },
      keyFrom('account', prepared.secret.account_signing_key),
    )
    const forged = { ...issued.account, fields: { ...issued.account.fields, jwt } }
    const [own, planted] = [await openSession(issued.account), await openSession(forged)]
    const report = await revoke(prepared, [issued.handle])
    expect(await own.isAlive(), 'control: the list is in force').toBe(false)
    expect(await planted.isAlive(), 'control: and does not reach this one').toBe(true)
    expect([...report.cutNames, ...report.removedNames]).toEqual([])
    expect(report.reasons.get(issued.handle.accountName)).toContain('a session is still open')
    await planted.close()
    expect((await revoke(prepared, [issued.handle])).removedNames).toEqual([issued.handle.accountName])
  })
})

describe('who is connected', () => {
  test('is told with account, address and since when; what others sign is not ours', async () => {
    await using prepared = await fresh()
    const issued = await prepared.issue()
    const session = await openSession(issued.account)
    const before = await prepared.target.listSessions(noSignal)
    expect(before).toEqual([
      {
        sessionId: expect.stringMatching(/^N[A-Z0-9]{55}\/[0-9]+$/),
        accountName: issued.handle.accountName,
        sourceAddress: '127.0.0.1',
        since: expect.any(Date),
      },
    ] satisfies ObservedSession[])
    await session.close()
    await until(async () => (await prepared.target.listSessions(noSignal)).length === 0, {
      describe: 'it is not told any more',
    })
  })
})

describe('a list that is full', () => {
  test('ends as many as fit, says of the others that they wait and why, and ends them when there is room', async () => {
    const servers = await startNats(await makeTempDir('nats'), { settings: ['max_payload: 8192'] })
    try {
      await using prepared = await prepareNats(servers.access)
      const issued = await Promise.all(Array.from({ length: 120 }, () => prepared.issue()))
      const report = await revoke(
        prepared,
        issued.map((one) => one.handle),
      )
      expect(report.removedNames.length).toBeGreaterThan(50)
      expect(report.removedNames.length + report.reasons.size).toBe(120)
      expect([...report.reasons.values()][0]).toContain('max_payload')
      expect((await prepared.stored()).length, 'no byte more than the servers take').toBeLessThanOrEqual(8_192)
      const ended = new Set(report.removedNames)
      const of = (isEnded: boolean): readonly Issued[] =>
        issued.filter((one) => ended.has(one.handle.accountName) === isEnded)
      for (const one of of(true).slice(0, 5)) expect(await canLogIn(one.account)).toBe(false)
      const waiting = of(false)
      for (const one of waiting.slice(0, 5)) expect(await canLogIn(one.account), 'control').toBe(true)
      const seen = await prepared.target.observe(
        waiting.map((one) => one.handle),
        noSignal,
      )
      expect(new Set(seen.map((one) => one.state))).toEqual(new Set(['usable']))

      prepared.ends.end(
        of(true).map((one) => one.handle),
        new Date(Date.now() - 11 * 60_000),
      )
      const later = await revoke(
        prepared,
        waiting.map((one) => one.handle),
      )
      expect(later.removedNames).toHaveLength(waiting.length)
      for (const one of waiting.slice(0, 5)) expect(await canLogIn(one.account)).toBe(false)
    } finally {
      await servers.stop()
    }
  })
})

describe('a cluster of two', () => {
  test('is done when both servers refuse and neither has a connection; one that is silent is waited for', async () => {
    const servers = await startNats(await makeTempDir('nats'), { servers: 2 })
    try {
      await using prepared = await prepareNats(servers.access)
      await until(async () => (await prepared.target.listSessions(noSignal).catch(() => undefined)) !== undefined, {
        withinMs: 15_000,
        describe: 'both servers know of each other',
      })
      const at = (issued: Issued, server: number) => ({
        ...issued.account,
        fields: { ...issued.account.fields, servers: `nats://127.0.0.1:${servers.access.ports[server]}` },
      })
      const issued = await prepared.issue()
      const bystander = await openSession(at(await prepared.issue(), 1))
      const sessions = await Promise.all([openSession(at(issued, 0)), openSession(at(issued, 1))])
      const both = await until(
        async () => {
          const seen = await prepared.target.listSessions(noSignal)
          return seen.length === 3 ? seen : undefined
        },
        { describe: 'sessions of both servers are seen' },
      )
      expect(new Set(both.map((one) => one.sessionId.split('/')[0])).size, 'control: at two servers').toBe(2)
      const report = await revoke(prepared, [issued.handle])
      expect(report.removedNames).toEqual([issued.handle.accountName])
      for (const session of sessions) expect(await session.isAlive()).toBe(false)
      for (const server of [0, 1]) expect(await canLogIn(at(issued, server))).toBe(false)
      expect(await bystander.isAlive()).toBe(true)
      await bystander.close()

      const second = await prepared.issue()
      const held = await openSession(at(second, 1))
      const near = await prepared.open({ settings: { servers: [`127.0.0.1:${servers.access.ports[0]}`] } })
      process.kill(servers.pidOf(1), 'SIGSTOP')
      const told = recordReport()
      try {
        prepared.ends.end([second.handle], requestFor().expiresAt)
        const code = await codeOf(near.revoke([second.handle], told, noSignal))
        expect([...told.reasons.values(), code].join(), 'it says what it waits for').toMatch(/do not answer|target_/)
        expect([...told.cutNames, ...told.removedNames], 'nothing is called ended').toEqual([])
        expect(await canLogIn(at(second, 0)), 'where it can be ended, it is').toBe(false)
      } finally {
        process.kill(servers.pidOf(1), 'SIGCONT')
        await near.close()
      }
      const after = await until(
        async () => {
          const again = await revoke(prepared, [second.handle]).catch(() => undefined)
          return again?.removedNames.length === 1 ? again : undefined
        },
        { withinMs: 20_000, describe: 'the server that was silent has caught up' },
      )
      expect(after.removedNames).toEqual([second.handle.accountName])
      expect(await held.isAlive()).toBe(false)
      expect(await canLogIn(at(second, 1))).toBe(false)
    } finally {
      await servers.stop()
    }
  })
})
