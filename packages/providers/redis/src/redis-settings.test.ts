import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { redisSecret, redisSettings } from './redis-settings.ts'

const least = { host: 'redis.example' }

function faultsOf(settings: object): readonly string[] {
  const result = redisSettings.safeParse(settings)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

test('what is not said is safe: verified TLS, and all nodes that the server names', () => {
  expect(redisSettings.parse(least)).toMatchObject({
    port: 6379,
    tls: { mode: 'verify_full' },
    nodes: { mode: 'discovered' },
  })
})

test('TLS can be disabled on loopback only, at every node', () => {
  const tls = { mode: 'disabled_loopback_only' }
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) expect(faultsOf({ host, tls })).toEqual([])
  for (const host of ['redis.example', '10.0.0.1', '127.0.0.1.example', '::ffff:10.0.0.1', '0.0.0.0']) {
    expect(faultsOf({ host, tls })[0]).toContain('tls.mode: TLS can be disabled on a loopback address')
  }
  const nodes = { mode: 'listed', others: [{ host: '10.0.0.1' }] }
  expect(faultsOf({ host: '127.0.0.1', tls, nodes })[0]).toContain('tls.mode')
})

test('an unknown setting, a misspelt mode, a node named twice and a URL as host are refused by name', () => {
  expect(faultsOf({ ...least, prot: 6379 })[0]).toContain('prot')
  expect(faultsOf({ ...least, tls: { mode: 'verify_full', rejectUnauthorized: false } })[0]).toContain(
    'rejectUnauthorized',
  )
  expect(faultsOf({ ...least, tls: { mode: 'verify_ful' } })[0]).toContain('tls')
  const nodes = { mode: 'listed', others: [{ host: 'REDIS.example', port: 6379 }] }
  expect(faultsOf({ ...least, nodes })[0]).toContain('named twice')
  expect(faultsOf({ host: 'redis://redis.example' })[0]).toContain('without a scheme')
})

test('Mayfly’s login is never `default`, and its password becomes a Secret', () => {
  const secret = redisSecret.parse({ username: 'mayfly', password: 'admin-password' })
  expect(JSON.stringify(secret)).not.toContain('admin-password')
  expect(redisSecret.parse(secret).password).toBeInstanceOf(Secret)
  for (const username of ['default', '', 'a b', 'a\n+@all']) {
    expect(redisSecret.safeParse({ username, password: 'x' }).success, username).toBe(false)
  }
})
