import { Secret } from '@mayfly/provider-kit'
import { redisProvider } from '@mayfly/provider-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  type Client,
  codeOf,
  logIn,
  logInAs,
  noSignal,
  passwordOf,
  type Prepared,
  prepareRedis,
  requestFor,
  revoke,
} from './redis-fixture.ts'
import { startProxy } from './tcp-proxy.ts'

const answer = (client: Client, ...command: string[]) => ask(client, ...command).catch(String)

describe('what a role permits on Redis', () => {
  let prepared: Prepared
  beforeAll(async () => {
    prepared = await prepareRedis()
    await prepared.run('MSET', 'orders:1', 'x', 'secrets:1', 'y', 'catalogue:1', 'z')
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  const as = async (permission: object, parameters: Record<string, string> = {}) => {
    const issued = await prepared.issue({ permission: redisProvider.permission.parse(permission), parameters })
    return { ...issued, client: await logIn(issued.account) }
  }

  test('its keys and channels and no others, for reading or for writing', async () => {
    const { client } = await as({
      categories: ['read', 'write', 'pubsub'],
      keys: ['orders:*', { pattern: 'catalogue:*', access: 'read' }, { pattern: 'log:*', access: 'write' }],
      channels: ['news.*'],
    })
    expect(await answer(client, 'GET', 'orders:1')).toBe('x')
    expect(await answer(client, 'SET', 'orders:2', 'x')).toBe('OK')
    expect(await answer(client, 'GET', 'catalogue:1')).toBe('z')
    expect(await answer(client, 'SET', 'catalogue:1', 'x')).toContain('NOPERM')
    expect(await answer(client, 'SET', 'log:1', 'x')).toBe('OK')
    expect(await answer(client, 'GET', 'log:1')).toContain('NOPERM')
    expect(await answer(client, 'GET', 'secrets:1')).toContain('NOPERM')
    expect(await answer(client, 'GET', 'mayfly:guard:1')).toContain('NOPERM')
    expect(await answer(client, 'PUBLISH', 'news.today', 'x')).toBe('0')
    expect(await answer(client, 'PUBLISH', 'weather', 'x')).toContain('NOPERM')
  })

  test('nothing that administers, plants code or shows the names of others’ keys', async () => {
    const everything = { categories: ['read', 'write', 'pubsub', 'scripting', 'keyspace', 'transaction'] }
    const { client } = await as({ ...everything, keys: ['*'], channels: ['*'] })
    const plant = '#!lua name=planted\nredis.register_function("planted", function() return 1 end)'
    const forbidden = [
      ['FUNCTION', 'LOAD', plant],
      ['FUNCTION', 'FLUSH'],
      ['SCRIPT', 'KILL'],
      ['SCRIPT', 'FLUSH'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['RANDOMKEY'],
      ['DBSIZE'],
      ['PUBSUB', 'CHANNELS'],
      ['FLUSHALL'],
      ['SWAPDB', '0', '1'],
      ['CONFIG', 'GET', '*'],
      ['ACL', 'LIST'],
      ['ACL', 'WHOAMI'],
      ['CLIENT', 'LIST'],
      ['CLIENT', 'KILL', 'TYPE', 'normal'],
      ['CLIENT', 'TRACKING', 'ON', 'BCAST'],
      ['INFO'],
      ['MONITOR'],
      ['SORT', 'orders:1'],
      ['RESTORE', 'orders:9', '0', 'x'],
      ['SELECT', '1'],
    ]
    for (const command of forbidden) expect(await answer(client, ...command), command.join(' ')).toContain('NOPERM')
    expect(await answer(client, 'EVAL', 'return redis.call("GET", KEYS[1])', '1', 'orders:1')).toBe('x')

    await prepared.run('ACL', 'SETUSER', 'plain', 'on', '>plain', '+@write', '+@read', '~*')
    const plain = await logInAs(prepared.access, 'plain', 'plain')
    expect(await answer(plain, 'FUNCTION', 'LOAD', plant), 'control: `+@write` plants functions').toBe('planted')
    expect(await answer(plain, 'SCAN', '0'), 'control: `+@read` shows all names').toContain('secrets:1')
    await prepared.run('FUNCTION', 'FLUSH')
    plain.destroy()
  })

  test('a command by name, also one that no category gives', async () => {
    const { client } = await as({ commands: ['scan', 'get'], keys: ['orders:*'] })
    expect(await answer(client, 'SCAN', '0')).toContain('orders:1')
    expect(await answer(client, 'GET', 'orders:1')).toBe('x')
    expect(await answer(client, 'SET', 'orders:1', 'x')).toContain('NOPERM')
    expect(
      await codeOf(
        prepared.issue({ permission: redisProvider.permission.parse({ commands: ['json.get'], keys: ['*'] }) }),
      ),
      'of a module that the server has not',
    ).toBe('target_refused')
  })

  test('a parameter fills its place in a pattern, and can widen nothing', async () => {
    const permission = { categories: ['read'], keys: ['orders:{{customer}}:{42}:*'] }
    await prepared.run('MSET', 'orders:acme:{42}:1', 'a', 'orders:other:{42}:1', 'b')
    const { client } = await as(permission, { customer: 'acme' })
    expect(await answer(client, 'GET', 'orders:acme:{42}:1')).toBe('a')
    expect(await answer(client, 'GET', 'orders:other:{42}:1')).toContain('NOPERM')
    for (const parameters of [
      { customer: '*' },
      { customer: 'a?' },
      { customer: '[a-z]' },
      { customer: 'x ~*' },
      { customer: '' },
      {},
      { customer: 'acme', more: 'x' },
    ]) {
      const issuing = prepared.issue({
        permission: redisProvider.permission.parse(permission),
        parameters: { ...parameters },
      })
      expect(await codeOf(issuing), JSON.stringify(parameters)).toBe('request_invalid')
    }
  })

  test('no password, issued or of Mayfly, is in any change of users; what is there is its hash', async () => {
    await using proxy = await startProxy(prepared.access.port)
    const target = await prepared.open({ port: proxy.port })
    const handle = prepared.plan()
    const account = await target.issue(handle, requestFor(), noSignal)
    expect(proxy.sent(), 'control: what is sent is seen').toContain(handle.accountName)
    expect(proxy.sent()).not.toContain(passwordOf(account))
    expect(await prepared.run('ACL', 'LIST')).not.toContain(passwordOf(account))
    const next = 'a-next-password-of-the-login'
    await target.adopt(redisProvider.secret.parse({ ...prepared.mayflyLogin, password: next }), noSignal)
    // Only to log in with it.
    expect(proxy.sent().replaceAll(/AUTH\r\n\$\d+\r\nmayfly\r\n\$\d+\r\n\S+\r\n/g, '')).not.toContain(next)
    const login = { ...prepared.mayflyLogin, password: next }
    const again = await redisProvider.open({ settings: prepared.settings, secret: redisProvider.secret.parse(login) })
    await revoke(again, handle)
    await again.adopt(redisProvider.secret.parse(prepared.mayflyLogin), noSignal)
    await again.close()
    await target.close()
  })

  test('accounts that are not others’ static ones are not rotated', async () => {
    const issued = await prepared.issue()
    for (const account of ['default', prepared.mayflyLogin.username, issued.name, 'a b', 'x\n+@all']) {
      const rotating = prepared.target.rotate(account, new Secret('a-secret-long-enough'), noSignal)
      expect(await codeOf(rotating), account).toBe('request_invalid')
    }
    const users = (await prepared.run('ACL', 'USERS')).split(',')
    expect(users.filter((name) => !name.startsWith('mf_')).toSorted()).toEqual(['default', 'mayfly', 'plain'])
  })
})
