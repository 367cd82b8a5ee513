import { newId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { accountNameOf, accountNamePattern, credentialOfAccountName, requireAccountNames } from './account-name.ts'

test('a credential and its account name can be told from each other', () => {
  const credentialId = newId<Parameters<typeof accountNameOf>[0]>()
  const accountName = accountNameOf(credentialId)
  expect(accountName).toMatch(accountNamePattern)
  expect(accountName).toBe(`mayfly_${credentialId.replaceAll('-', '')}`)
  expect(credentialOfAccountName(accountName)).toBe(credentialId)
  requireAccountNames([{ credentialId, accountName }])
})

test('a name that is not of the pattern goes no further', () => {
  const credentialId = newId<Parameters<typeof accountNameOf>[0]>()
  for (const accountName of [
    'postgres',
    `mayfly_${'0'.repeat(31)}`,
    `mayfly_${'0'.repeat(32)}\n`,
    `mayfly_${'g'.repeat(32)}`,
  ]) {
    expect(credentialOfAccountName(accountName)).toBe(undefined)
    expect(() => requireAccountNames([{ credentialId, accountName }])).toThrow('internal')
  }
})
