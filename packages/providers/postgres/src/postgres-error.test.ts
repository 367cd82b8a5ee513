import { MayflyError } from '@mayfly/domain'
import { findPrinted } from '@mayfly/provider-kit'
import { describe, expect, test } from 'vitest'
import { targetError } from './postgres-error.ts'

function thrown(code: string | undefined, message = 'of the target') {
  return Object.assign(new Error(message), code === undefined ? {} : { code })
}

describe('what the target says becomes one code of ours', () => {
  test.for([
    ['42501', 'target_rights_missing'],
    ['28P01', 'target_rights_missing'],
    ['MF002', 'target_timeout'],
    ['MF003', 'target_rights_missing'],
    ['MF004', 'target_unsafe'],
    ['57014', 'target_timeout'],
    ['55P03', 'target_timeout'],
    ['22023', 'target_refused'],
    ['53300', 'target_unreachable'],
    ['ECONNREFUSED', 'target_unreachable'],
    ['ENOTFOUND', 'target_unreachable'],
    ['ETIMEDOUT', 'target_timeout'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'target_unsafe'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'target_unsafe'],
    [undefined, 'target_unreachable'],
  ] as const)('%s is %s', ([code, expected]) => {
    expect(targetError(thrown(code), 'issue').code).toBe(expected)
  })

  test('a MayflyError passes as it is', () => {
    const error = new MayflyError('credential_not_renewable')
    expect(targetError(error, 'renew')).toBe(error)
  })

  test('hosts and SQL stay in the log, and what was sent goes nowhere', () => {
    const error = Object.assign(thrown('42601', 'syntax error near "create role x" at 10.1.2.3'), {
      internalQuery: `create role x password 'SCRAM-SHA-256$4096:salt$stored:server'`,
      where: 'SQL statement with SCRAM-SHA-256$4096:salt$stored:server',
    })
    const mapped = targetError(error, 'issue')
    expect(findPrinted(mapped, ['SCRAM-SHA-256$4096:salt$stored:server'])).toEqual([])
    expect(mapped.options.publicDetail).not.toMatch(/create role|10\.1\.2\.3/)
    expect(mapped.options.log).toContain('42601')
  })
})
