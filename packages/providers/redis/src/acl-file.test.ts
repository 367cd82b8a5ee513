import { accountNameOf } from '@mayfly/provider-kit'
import { newId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { madeAtMs } from './acl-file.ts'

test('an account name tells when its credential’s row was made', () => {
  const before = Date.now()
  const ms = madeAtMs(accountNameOf(newId()))
  expect(ms).toBeGreaterThanOrEqual(before)
  expect(ms).toBeLessThanOrEqual(Date.now() + 1)
})
