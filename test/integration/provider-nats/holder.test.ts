/** What a credential may do, and to what it is bound. */
import { natsProvider } from '@mayfly/provider-nats'
import { describe, expect, test } from 'vitest'
import { makeNkey } from '../../../packages/providers/nats/src/nkey.ts'
import { until, useServer } from '../../support/index.ts'
import { canLogIn, codeOf, connectWith, openSession, prepareNats, revoke } from './nats-fixture.ts'

const fresh = async () => prepareNats(await useServer('nats'))

describe("a workload's own nkey", () => {
  test('logs in with the key that only the workload has, and with no other; the end of it is as of any', async () => {
    await using prepared = await fresh()
    const { key, seed } = makeNkey('user')
    const { handle, account } = await prepared.issue({ key: natsProvider.prepareKey({ publicKey: key.publicKey }) })
    expect(handle.targetKey).toBe(key.publicKey)
    expect(account.boundTo).toBe('key')
    expect(JSON.stringify(account.fields)).not.toContain(seed)
    expect(Object.keys(account.fields).toSorted(), 'nothing to steal is handed over').toEqual([
      'jwt',
      'servers',
      'user_public_key',
    ])
    expect(await canLogIn(account, key)).toBe(true)
    expect(await canLogIn(account, makeNkey('user').key), 'control: another key').toBe(false)
    const session = await openSession(account, key)
    await revoke(prepared, [handle])
    expect(await session.isAlive()).toBe(false)
    expect(await canLogIn(account, key)).toBe(false)
  })

  test.each([
    ['of an account', makeNkey('account').key.publicKey],
    ['a seed', makeNkey('user').seed],
    ['cut short', makeNkey('user').key.publicKey.slice(0, -1)],
    ['with a wrong checksum', makeNkey('user').key.publicKey.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['in lower case', makeNkey('user').key.publicKey.toLowerCase()],
    ['of another form', 'ssh-ed25519 AAAA'],
    ['empty', ''],
  ])('that is none (%s) is refused at its field, and not repeated', (_what, publicKey) => {
    const error = failureOf(() => natsProvider.prepareKey({ publicKey }))
    expect(error).toMatchObject({ code: 'request_invalid', options: { fields: [{ pointer: '/public_key' }] } })
    expect(JSON.stringify(error)).not.toContain(publicKey === '' ? 'no key was sent' : publicKey)
  })
})

describe('an address', () => {
  test('binds where the resource says so: from another one the login is refused', async () => {
    await using prepared = await fresh()
    const target = await prepared.open({ settings: { bind_source_address: true } })
    const from = (address: string) => prepared.issue({ holder: { address } }, target)
    const here = await from('127.0.0.1')
    expect(here.account.boundTo).toBe('address')
    expect(await canLogIn(here.account)).toBe(true)
    expect(await canLogIn((await from('192.0.2.7')).account), 'control: bound to elsewhere').toBe(false)
    expect(await codeOf(prepared.issue({}, target)), 'unknown').toBe('target_refused')
    const unbound = await prepared.issue({ holder: { address: '192.0.2.7' } })
    expect(unbound.account.boundTo, 'not unless the resource says so').toBe('none')
    expect(await canLogIn(unbound.account)).toBe(true)
    await target.close()
  })
})

describe('what a role permits', () => {
  const permission = (given: unknown) => natsProvider.permission.parse(given)

  test('is all that may be done: what is not named is denied, in both directions', async () => {
    await using prepared = await fresh()
    const all = await openSession(
      (
        await prepared.issue({
          permission: permission({ publish: { allow: ['>'] }, subscribe: { allow: ['>'] } }),
        })
      ).account,
    )
    const writer = await openSession(
      (await prepared.issue({ permission: permission({ publish: { allow: ['orders.*'], deny: ['orders.old'] } }) }))
        .account,
    )
    const heard: string[] = []
    all.nc.subscribe('>', { callback: (_error, message) => void heard.push(message.subject) })
    await all.nc.flush()
    const denied: string[] = []
    const listen = async () => {
      for await (const status of writer.nc.status()) if (status.type === 'error') denied.push(status.error.message)
    }
    void listen()
    for (const subject of ['orders.new', 'orders.old', 'invoices.new', 'orders.new.x']) writer.nc.publish(subject)
    writer.nc.subscribe('orders.new', { callback: () => undefined })
    await writer.nc.flush()
    await all.nc.flush()
    await until(() => denied.length === 4, { describe: 'three publishes and a subscription are denied' })
    expect(heard).toEqual(['orders.new'])
    await Promise.all([all.close(), writer.close()])
  })

  test('may be an inbox that no other credential can listen to, and answers without a subject of their own', async () => {
    await using prepared = await fresh()
    const asker = await prepared.issue({
      permission: permission({ publish: { allow: ['orders.ask'] }, private_inbox: true }),
    })
    const inbox = String(asker.account.fields['inbox_prefix'])
    expect(inbox).toBe(`_INBOX_${asker.handle.accountName}`)
    const service = await openSession(
      (await prepared.issue({ permission: permission({ subscribe: { allow: ['orders.ask'] }, allow_responses: {} }) }))
        .account,
    )
    const spy = await openSession(
      (
        await prepared.issue({
          permission: permission({ publish: { allow: ['orders.ask'] }, subscribe: { allow: ['_INBOX.>'] } }),
        })
      ).account,
    )
    service.nc.subscribe('orders.ask', {
      callback: (_error, message) => {
        message.respond('first')
        message.respond('second')
      },
    })
    const overheard: string[] = []
    const refused = new Promise<boolean>((resolve) => {
      spy.nc.subscribe(`${inbox}.>`, {
        callback: (error, message) => {
          if (error === null) overheard.push(message.string())
          else resolve(true)
        },
      })
    })
    await Promise.all([service.nc.flush(), spy.nc.flush()])
    const nc = await connectWith(asker.account, undefined, { inboxPrefix: inbox })
    const answers: string[] = []
    nc.subscribe(`${inbox}.mine`, { callback: (_error, message) => void answers.push(message.string()) })
    nc.publish('orders.ask', '', { reply: `${inbox}.mine` })
    await until(() => answers.length > 0, { describe: 'the answer' })
    await Promise.all([service.nc.flush(), nc.flush()])
    expect(answers, 'one answer to one request').toEqual(['first'])
    expect(await refused, 'nobody else may listen there').toBe(true)
    expect(overheard).toEqual([])
    await Promise.all([service.close(), spy.close(), nc.close()])
  })

  test('is used by the kinds of connection that the resource names', async () => {
    await using prepared = await fresh()
    const target = await prepared.open({ settings: { connection_types: ['WEBSOCKET'] } })
    expect(await canLogIn((await prepared.issue({}, target)).account)).toBe(false)
    expect(await canLogIn((await prepared.issue()).account), 'control').toBe(true)
    await target.close()
  })
})

function failureOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}
