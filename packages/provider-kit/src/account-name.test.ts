import { type CredentialId, newId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { accountNameOf, credentialOfAccountName, requireAccountNames } from './account-name.ts'

test('a name leads back to its credential, and sorts as the ids do', () => {
  const ids = Array.from({ length: 200 }, () => newId<CredentialId>()).toSorted()
  const names = ids.map((id) => accountNameOf(id))
  expect(names.map(credentialOfAccountName)).toEqual(ids)
  expect(names.toSorted()).toEqual(names)
  for (const name of names) expect(name).toMatch(/^mf_[0-9a-z]{26}$/)
})

test.each([
  '',
  'mf_',
  'mayfly',
  `mf_${'8'.padEnd(26, '0')}`,
  `mf_${'0'.repeat(25)}u`,
  `mf_${'0'.repeat(27)}`,
  `MF_${'0'.repeat(26)}`,
])('a name that was not planned leads nowhere: `%s`', (name) => {
  expect(credentialOfAccountName(name)).toBeUndefined()
  expect(() => requireAccountNames([{ credentialId: newId<CredentialId>(), accountName: name }])).toThrow('internal')
})
