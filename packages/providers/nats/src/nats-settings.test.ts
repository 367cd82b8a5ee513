import { describe, expect, test } from 'vitest'
import { natsPermission } from './nats-permission.ts'
import { natsSettings } from './nats-settings.ts'
import { makeNkey } from './nkey.ts'

const account = makeNkey('account').key.publicKey
const given = { servers: ['nats.example.com:4222'], account_public_key: account }

const faultsOf = (parsed: ReturnType<typeof natsSettings.safeParse> | ReturnType<typeof natsPermission.safeParse>) =>
  parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)

describe('settings', () => {
  const faults = (over: object) => faultsOf(natsSettings.safeParse({ ...given, ...over }))

  test('have defaults that are safe', () => {
    expect(natsSettings.parse(given)).toMatchObject({
      tls: { mode: 'verify_full', handshake_first: false },
      trusted_operator_keys: [],
      connection_types: ['STANDARD'],
      bind_source_address: false,
    })
  })

  test('are refused by the name of the field, with the fix', () => {
    expect(faults({ account_public_key: makeNkey('user').key.publicKey })).toEqual([
      'account_public_key: not the public nkey of an account: 56 characters that begin with `A`',
    ])
    expect(faults({ trusted_operator_keys: [account] })).toEqual([
      'trusted_operator_keys.0: not the public nkey of an operator: 56 characters that begin with `O`',
    ])
    for (const server of [
      'nats.example.com',
      'nats://h:4222',
      'h:0',
      'h:65536',
      'u:p@h:4222',
      '[::zz]:4222',
      'h:4222 ',
    ]) {
      expect(faults({ servers: [server] }), server).toHaveLength(1)
    }
    expect(faults({ servers: ['[::1]:4222', '10.0.0.1:4222', 'a-b.c:1'] })).toEqual([])
    expect(faults({ connection_types: ['LEAFNODE'] })).toHaveLength(1)
    expect(faults({ password: 'x' })).toHaveLength(1)
    expect(faults({ tls: { mode: 'disabled_loopback_only' } })).toEqual([
      'servers.0: TLS can be disabled on a loopback address only; use `verify_full`',
    ])
    expect(
      faults({ tls: { mode: 'disabled_loopback_only' }, servers: ['127.0.0.1:4222', '[::1]:4222', 'localhost:1'] }),
    ).toEqual([])
  })
})

describe('a permission', () => {
  const faults = (permission: unknown) => faultsOf(natsPermission.safeParse(permission))
  const publish = (...allow: string[]) => faults({ publish: { allow } })

  test('is subjects, by name or pattern', () => {
    expect(publish('orders', 'orders.*.new', 'orders.>', '>', '*', '$JS.API.INFO', 'a-b.c_d', '$KV.x=/y')).toEqual([])
  })

  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a.>.b',
    'a.b>',
    'a.*b',
    'a b',
    'a\tb',
    'a\r\nPUB x',
    'a.{{name()}}',
    'ä',
    'a"b',
  ])('is refused where NATS would read it otherwise: %j', (subject) => {
    expect(publish(subject)).toHaveLength(1)
  })

  test('permits something, says no more than it knows, and names nothing twice', () => {
    expect(faults({})).toEqual(['publish: permits nothing: name subjects in `publish` or `subscribe`'])
    expect(faults({ publish: { allow: [] } })).toHaveLength(1)
    expect(publish('a', 'a')).toEqual(['publish.allow: a subject is named twice'])
    expect(faults({ publish: { allow: ['a'] }, bearer_token: true })).toHaveLength(1)
    expect(faults({ publish: { allow: ['a'] }, allow_responses: { max_messages: -1 } })).toHaveLength(1)
  })
})
