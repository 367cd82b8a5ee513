import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { postgresPermission } from './postgres-permission.ts'
import { postgresSecret, postgresSettings } from './postgres-settings.ts'

const least = { host: 'db.example', database: 'app' }

function faultsOf(settings: object): readonly string[] {
  const result = postgresSettings.safeParse(settings)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

test('what is not said is safe: verified TLS, functions, 4,096 iterations', () => {
  expect(postgresSettings.parse(least)).toMatchObject({
    port: 5432,
    tls: { mode: 'verify_full' },
    rights: { mode: 'functions' },
    scram_iterations: 4096,
  })
})

test('TLS can be disabled on loopback only', () => {
  const tls = { mode: 'disabled_loopback_only' }
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost', '/run/postgresql']) {
    expect(faultsOf({ ...least, host, tls })).toEqual([])
  }
  for (const host of [
    'db.example',
    '10.0.0.1',
    '127.0.0.1.example',
    'localhost.example',
    '::ffff:10.0.0.1',
    '0.0.0.0',
  ]) {
    expect(faultsOf({ ...least, host, tls })[0]).toContain('tls.mode: TLS can be disabled on a loopback address')
  }
})

test('fewer iterations need a reason', () => {
  expect(faultsOf({ ...least, scram_iterations: 256 })[0]).toContain('scram_iterations_reason')
  expect(faultsOf({ ...least, scram_iterations: 256, scram_iterations_reason: 'issued 2,000 times a second' })).toEqual(
    [],
  )
})

test('client certificates need TLS to a host, and have a group and a lifetime', () => {
  const client_certificates = {}
  expect(postgresSettings.parse({ ...least, client_certificates }).client_certificates).toEqual({
    group: 'mayfly_certificate',
    lifetime_days: 90,
  })
  expect(postgresSettings.parse(least).client_certificates).toBe(undefined)
  const plain = { ...least, host: '127.0.0.1', tls: { mode: 'disabled_loopback_only' } }
  expect(faultsOf({ ...plain, client_certificates })[0]).toContain('client_certificates: client certificates need TLS')
  expect(faultsOf({ ...least, host: '/run/postgresql', client_certificates })[0]).toContain('a Unix socket')
  expect(faultsOf({ ...least, client_certificates: { lifetime_days: 399 } })[0]).toContain('lifetime_days')
  expect(faultsOf({ ...least, client_certificates: { groups: ['a'] } })[0]).toContain('groups')
})

test('an unknown setting and a misspelt mode are refused by name', () => {
  expect(faultsOf({ ...least, prot: 5432 })[0]).toContain('prot')
  expect(faultsOf({ ...least, tls: { mode: 'verify_ful' } })[0]).toContain('tls')
  expect(faultsOf({ ...least, tls: { mode: 'verify_full', rejectUnauthorized: false } })[0]).toContain(
    'rejectUnauthorized',
  )
})

test('the admin password becomes a Secret', () => {
  const secret = postgresSecret.parse({ username: 'mayfly', password: 'admin-password' })
  expect(secret.password).toBeInstanceOf(Secret)
  expect(JSON.stringify(secret)).not.toContain('admin-password')
  expect(postgresSecret.parse(secret).password.reveal()).toBe('admin-password')
})

test('a permission names groups, each once, and nothing else', () => {
  expect(postgresPermission.safeParse({ member_of: ['a'] }).success).toBe(true)
  for (const wrong of [
    {},
    { member_of: [] },
    { member_of: ['a', 'a'] },
    { member_of: ['a\0b'] },
    { member_of: ['é'.repeat(32)] },
    { member_of: ['a'], sql: 'grant all' },
  ]) {
    expect(postgresPermission.safeParse(wrong).success).toBe(false)
  }
})
