import { expect, test } from 'vitest'
import { serverArguments } from './server-settings.ts'

const loopback = { port: 20_001, socketDir: undefined }

test('loopback and socket exclude each other', () => {
  const byTcp = serverArguments('/c', loopback, { chosen: {}, durable: true })
  expect(byTcp).toContain('listen_addresses=127.0.0.1')
  expect(byTcp).toContain('unix_socket_directories=')
  const bySocket = serverArguments('/c', { port: 20_001, socketDir: '/s' }, { chosen: {}, durable: true })
  expect(bySocket).toContain('listen_addresses=')
  expect(bySocket).toContain('unix_socket_directories=/s')
})

test('only a server whose data may be lost does not wait for the disk', () => {
  expect(serverArguments('/c', loopback, { chosen: {}, durable: true })).not.toContain('fsync=off')
  expect(serverArguments('/c', loopback, { chosen: {}, durable: false })).toContain('fsync=off')
})

test('a chosen setting replaces a default', () => {
  const args = serverArguments('/c', loopback, { chosen: { timezone: 'CET', max_connections: '7' }, durable: true })
  expect(args).toContain('timezone=CET')
  expect(args).not.toContain('timezone=UTC')
  expect(args).toContain('max_connections=7')
})

test.for(['listen_addresses', 'port', 'log_statement', 'hba_file', 'password_encryption', 'Port', 'a=b', '-x'])(
  'the setting `%s` is not open to choice',
  (name) => {
    expect(() => serverArguments('/c', loopback, { chosen: { [name]: 'x' }, durable: true })).toThrow(
      `does not take \`${name}\``,
    )
  },
)
