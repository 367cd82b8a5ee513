import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { mysqlPermission } from './mysql-permission.ts'
import { mysqlSecret, mysqlSettings } from './mysql-settings.ts'

const least = { host: 'db.example' }

function faultsOf(settings: object): readonly string[] {
  const result = mysqlSettings.safeParse(settings)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

test('what is not said is safe: verified TLS, and a small limit of connections', () => {
  expect(mysqlSettings.parse(least)).toMatchObject({
    port: 3306,
    schema: 'mayfly',
    tls: { mode: 'verify_full' },
    account_host: { mode: 'any' },
    connection_limit: 10,
  })
})

test('TLS can be disabled on loopback only', () => {
  const tls = { mode: 'disabled_loopback_only' }
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost', '/run/mysqld/mysqld.sock']) {
    expect(faultsOf({ host, tls })).toEqual([])
  }
  for (const host of [
    'db.example',
    '10.0.0.1',
    '127.0.0.1.example',
    'localhost.example',
    '::ffff:10.0.0.1',
    '0.0.0.0',
  ]) {
    expect(faultsOf({ host, tls })[0]).toContain('tls.mode: TLS can be disabled on a loopback address')
  }
})

test('an address as host needs the name that the certificate holds', () => {
  expect(faultsOf({ host: '10.1.2.3' })[0]).toContain('tls.server_name: `host` is an address')
  expect(faultsOf({ host: '10.1.2.3', tls: { mode: 'verify_full', server_name: 'db.example' } })).toEqual([])
  expect(faultsOf({ host: '10.1.2.3', tls: { mode: 'verify_full', server_name: '10.1.2.3' } })[0]).toContain(
    'not an address',
  )
})

test('an unknown setting and a misspelt mode are refused by name', () => {
  expect(faultsOf({ ...least, prot: 3306 })[0]).toContain('prot')
  expect(faultsOf({ ...least, tls: { mode: 'verify_ful' } })[0]).toContain('tls')
  expect(faultsOf({ ...least, tls: { mode: 'verify_full', rejectUnauthorized: false } })[0]).toContain(
    'rejectUnauthorized',
  )
  expect(faultsOf({ ...least, schema: 'may`fly' })[0]).toContain('schema: a lower-case name')
})

test('a network is one that the target can match', () => {
  const network = (text: string) => faultsOf({ ...least, account_host: { mode: 'network', network: text } })
  for (const right of ['10.1.2.0/24', '10.0.0.0/8', '192.168.7.4/32']) expect(network(right)).toEqual([])
  for (const wrong of [
    '10.1.2.3/24',
    '10.1.2.0',
    '10.1.2.0/33',
    '0.0.0.0/0',
    '10.1.2.0/4',
    '2001:db8::/64',
    '%',
    "10.1.2.0/24'",
  ]) {
    expect(network(wrong)[0]).toContain('account_host.network: an IPv4 network')
  }
})

test('client certificates name their CA and a subject that differs by holder', () => {
  const tls = { mode: 'verify_full' }
  const certificates = (client_certificates: object) => faultsOf({ ...least, tls, client_certificates })
  const issuer = '/O=Example/CN=Example CA'
  expect(certificates({ issuer, subject_template: '/O=Example/CN={common_name}' })).toEqual([])
  expect(certificates({ issuer, subject_template: '/CN={key_sha256}' })).toEqual([])
  expect(certificates({ issuer, subject_template: '/CN=app' })[0]).toContain('every holder would have the same subject')
  expect(certificates({ issuer, subject_template: '/CN={common_name}{x}' })[0]).toContain('can stand in braces')
  expect(certificates({ issuer: 'CN=Example CA', subject_template: '/CN={common_name}' })[0]).toContain('one-line form')
  expect(certificates({ issuer: `/CN=x' or '`, subject_template: '/CN={common_name}' })).toEqual([])
  const noTls = { host: '127.0.0.1', tls: { mode: 'disabled_loopback_only' } }
  expect(faultsOf({ ...noTls, client_certificates: { issuer, subject_template: '/CN={common_name}' } })[0]).toContain(
    'client certificates need TLS',
  )
})

test('the admin password becomes a Secret', () => {
  const secret = mysqlSecret.parse({ username: 'mayfly', password: 'admin-password' })
  expect(secret.password).toBeInstanceOf(Secret)
  expect(JSON.stringify(secret)).not.toContain('admin-password')
  expect(mysqlSecret.parse(secret).password.reveal()).toBe('admin-password')
})

test('a permission names one role, and nothing else', () => {
  expect(mysqlPermission.safeParse({ role: 'app_readonly', database: 'app', connection_limit: 3 }).success).toBe(true)
  for (const wrong of [
    {},
    { role: '' },
    { role: ['a'] },
    { role: 'a\0b' },
    { role: 'a\nb' },
    { role: 'a'.repeat(129) },
    { role: 'a', sql: 'grant all' },
  ]) {
    expect(mysqlPermission.safeParse(wrong).success).toBe(false)
  }
})
