import { MayflyError } from '@mayfly/domain'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { asStoreRole, connectionOptions } from './connection-options.ts'

const canary = 'canary-7f3a'
const options = (url: string) => connectionOptions(url, 1_000)

function refusal(url: string): MayflyError {
  try {
    options(url)
  } catch (error) {
    if (error instanceof MayflyError) return error
    throw error
  }
  throw new Error(`${url} was taken`)
}

describe('taken', () => {
  test('a password with every special character, percent-encoded', () => {
    const password = `p@ss/w:rd?#%[]&= ${canary}`
    expect(options(`postgres://app:${encodeURIComponent(password)}@127.0.0.1/db`).password).toBe(password)
  })

  test.each([
    ['postgres://app@db.example.com/mayfly', { host: 'db.example.com', port: 5432 }],
    ['postgresql://app@db.example.com:6000/mayfly', { host: 'db.example.com', port: 6000 }],
    ['postgres://app@[2001:db8::1]:6000/mayfly', { host: '2001:db8::1', port: 6000 }],
    ['postgres://app:x@/mayfly?host=/run/postgresql&port=6000', { host: '/run/postgresql', port: 6000, ssl: false }],
    ['postgres://app:x@%2Frun%2Fpostgresql/mayfly', { host: '/run/postgresql', port: 5432, ssl: false }],
    ['postgres://app:x@/mayfly', { host: 'localhost', port: 5432, ssl: false }],
    ['postgres://[::1]/mayfly', { host: '::1', ssl: false }],
    ['postgres://LOCALHOST/mayfly', { ssl: false }],
  ])('%s', (url, expected) => {
    expect(options(url)).toMatchObject(expected)
  })

  test('off loopback TLS is verified without being asked for, by name or by address', () => {
    expect(options('postgres://db.example.com/mayfly').ssl).toEqual({
      rejectUnauthorized: true,
      servername: 'db.example.com',
    })
    expect(options('postgres://192.0.2.7/mayfly').ssl).toEqual({ rejectUnauthorized: true, host: '192.0.2.7' })
    expect(options('postgres://localhost/mayfly?sslmode=verify-full').ssl).toMatchObject({ rejectUnauthorized: true })
  })

  test('every session has its limits and its schema', () => {
    expect(options('postgres://localhost/mayfly')).toMatchObject({
      statement_timeout: 1_000,
      query_timeout: 2_000,
      idle_in_transaction_session_timeout: 30_000,
      options: '-c search_path=mayfly,pg_catalog',
      keepAlive: true,
    })
  })

  test('the role of the store is taken on, with a url of any form', () => {
    const url = asStoreRole('postgres://app:x@/mayfly?host=/run/postgresql')
    expect(options(url)).toMatchObject({
      host: '/run/postgresql',
      options: expect.stringContaining('role=mayfly_store'),
    })
  })
})

describe('refused, without showing the password', () => {
  const login = `postgres://app:${canary}`
  test.each([
    ...['require', 'prefer', 'allow', 'verify-ca', 'no-such'].map((mode) => [
      `${login}@localhost/mayfly?sslmode=${mode}`,
      `sslmode \`${mode}\` does not verify the server`,
      'sslmode=verify-full',
    ]),
    [`${login}@db.example.com/mayfly?sslmode=disable`, 'sslmode `disable` does not verify', 'sslmode=verify-full'],
    [`${login}@127.0.0.1.example.com/mayfly?sslmode=disable`, 'does not verify', 'sslmode=verify-full'],
    [`${login}@db/mayfly?sslmod=disable`, 'the parameter `sslmod` is not known', '`sslmode`'],
    [`${login}@db/mayfly?options=-c%20role%3Dpostgres`, 'the parameter `options` is not known', '`sslmode`'],
    [`${login}@localhost/mayfly?mayfly_role=postgres`, '`mayfly_role` is set by Mayfly itself', 'leave'],
    [`${login}%@localhost/mayfly`, 'the password holds a `%` that stands for nothing', '%25'],
    [`${login}#1@localhost/mayfly`, 'not a postgres:// URL', '%23'],
    [`${login}/1@localhost/mayfly`, 'not a postgres:// URL', '%2F'],
    [`postgres://app:12/${canary}@localhost/mayfly`, 'not a postgres:// URL', '%2F'],
    [`${login}@localhost`, 'not a postgres:// URL with a database', 'database'],
    [`mysql://app:${canary}@localhost/mayfly`, 'not a postgres:// URL', 'postgres://'],
    [canary, 'not a postgres:// URL', 'postgres://'],
    [`${login}@localhost/mayfly?port=99999`, 'the port is not a number', '5432'],
    [`${login}@db/mayfly?sslrootcert=/nowhere.pem`, 'sslrootcert `/nowhere.pem` cannot be read', 'PEM'],
  ])('%s', (url = '', detail = '', hint = '') => {
    const error = refusal(url)
    expect(error.code).toBe('configuration_invalid')
    expect(error.options.publicDetail).toContain(detail)
    expect(error.options.publicDetail).toContain('MAYFLY_DATABASE_URL')
    expect(error.options.hint).toContain(hint)
    expect(inspect(error, { depth: 10 })).not.toContain(canary)
  })
})
