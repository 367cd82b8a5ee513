import { expect, test } from 'vitest'
import { hostBasedRules } from './host-based-rules.ts'

test('Mayfly’s own login stands before those that need a certificate, and these before whatever lets them in', () => {
  expect(hostBasedRules({ login: 'mayfly', group: 'mayfly_certificate' })).toEqual([
    'hostssl all mayfly all scram-sha-256',
    'hostssl all +mayfly_certificate all scram-sha-256 clientcert=verify-full',
    'host all +mayfly_certificate all reject',
    'local all +mayfly_certificate reject',
  ])
})

test('a name that would be read as something else is quoted', () => {
  const [own, asked] = hostBasedRules({ login: 'all', group: 'a "b", c' })
  expect(own).toBe('hostssl all "all" all scram-sha-256')
  expect(asked).toContain('all +"a ""b"", c" all')
})
