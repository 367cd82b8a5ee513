import { expect, test } from 'vitest'
import { describeBlocked } from './describe-blocked.ts'

test("the target's list becomes one line of bounded length without control characters", () => {
  const reason = `view app.v depends on table app.t\nprivileges for table "odd\u0007name"\n${'x'.repeat(5_000)}`
  const text = describeBlocked({ accountName: 'a', state: '2BP01', reason }, 'app')
  expect(text).toMatch(
    /^removal is blocked in database `app` \(2BP01\): view app\.v depends on table app\.t; privileges/,
  )
  expect(text).not.toMatch(/\p{C}/u)
  expect(text.length).toBeLessThan(500)
})

test('a lock, a missing right and a raised account are said in words', () => {
  const blocked = (state: string) => describeBlocked({ accountName: 'a', state, reason: '' }, undefined)
  expect(blocked('55P03')).toBe('a transaction at the target holds the account')
  expect(blocked('42501')).toContain('no right over')
  expect(blocked('MF005')).toContain('attributes of an administrator')
})
