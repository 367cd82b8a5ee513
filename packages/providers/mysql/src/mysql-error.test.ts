import { MayflyError } from '@mayfly/domain'
import { findPrinted, isLoginRefused } from '@mayfly/provider-kit'
import { describe, expect, test } from 'vitest'
import { targetError } from './mysql-error.ts'

const thrown = (fields: object, message = 'of the target') => Object.assign(new Error(message), fields)
const said = (errno: number, sqlState = 'HY000', message?: string) =>
  thrown({ errno, sqlState, code: 'ER_SOMETHING' }, message)

describe('what the target says becomes one code of ours', () => {
  test.for([
    [said(1045, '28000'), 'target_rights_missing'],
    [said(1095), 'target_rights_missing'],
    [said(1205), 'target_timeout'],
    [said(1370, '42000'), 'target_rights_missing'],
    [said(1396), 'target_refused'],
    [said(1969, '70100'), 'target_timeout'],
    [said(1644, 'MF001'), 'target_refused'],
    [said(1644, 'MF002'), 'target_timeout'],
    [said(1644, 'MF003'), 'target_rights_missing'],
    [said(1644, 'MF004'), 'target_unsafe'],
    [said(1644, 'MF005'), 'target_refused'],
    [said(1644, 'MF006'), 'target_rights_missing'],
    [said(1644, 'MF007'), 'target_rights_missing'],
    [said(1290, 'HY000', 'running with the --read-only option'), 'target_refused'],
    [said(1290, 'HY000', 'running with the --skip-grant-tables option'), 'target_unsafe'],
    [said(1290, 'HY000', 'running with the --strict-password-validation option'), 'target_refused'],
    [said(4_000), 'target_refused'],
    [said(1040, '08004'), 'target_unreachable'],
    [thrown({ code: 'ECONNREFUSED', errno: -111 }), 'target_unreachable'],
    [thrown({ code: 'ENOTFOUND', errno: -3008 }), 'target_unreachable'],
    [thrown({ code: 'PROTOCOL_CONNECTION_LOST' }), 'target_unreachable'],
    [thrown({ code: 'ETIMEDOUT' }), 'target_timeout'],
    [thrown({ code: 'HANDSHAKE_NO_SSL_SUPPORT' }), 'target_unsafe'],
    [thrown({ code: 'HANDSHAKE_SSL_ERROR' }, 'self-signed certificate'), 'target_unsafe'],
    [thrown({ code: 'HANDSHAKE_SSL_ERROR' }, 'read ECONNRESET'), 'target_unreachable'],
    [thrown({}), 'target_unreachable'],
  ] as const)('%o is %s', ([error, expected]) => {
    expect(targetError(error, 'issue').code).toBe(expected)
  })

  test('a MayflyError passes as it is', () => {
    const error = new MayflyError('credential_not_renewable')
    expect(targetError(error, 'renew')).toBe(error)
  })

  test('a refusal of the login itself is told apart: another secret is worth a try', () => {
    expect(isLoginRefused(targetError(said(1045, '28000'), 'issue'))).toBe(true)
    expect(isLoginRefused(targetError(said(1130), 'issue'))).toBe(false)
  })

  test('hosts and SQL stay in the log, and what was sent goes nowhere', () => {
    const hash = '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4'
    const error = Object.assign(said(1064, '42000', `syntax error near 'create user x' at 10.1.2.3`), {
      sql: `call mayfly.issue('x', '${hash}')`,
    })
    const mapped = targetError(error, 'issue')
    expect(findPrinted(mapped, [hash])).toEqual([])
    expect(mapped.options.publicDetail).not.toMatch(/create user|10\.1\.2\.3/)
    expect(mapped.options.log).toContain('1064')
  })
})
