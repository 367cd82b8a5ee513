import { expect, test } from 'vitest'
import { parseAccounts } from './account-names.ts'
import { parseProcessIds, parseProcessStat } from './process-handle.ts'

const fields = 'S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3'

test('the start time is counted from the last bracket, whatever a command calls itself', () => {
  expect(parseProcessStat(`42 (sleep) ${fields}`)).toEqual({ startTime: '98765', isZombie: false })
  expect(parseProcessStat(`42 (a) Z 1 1 (b) ${fields}`)).toEqual({ startTime: '98765', isZombie: false })
  expect(parseProcessStat(`42 (sleep) ${fields.replace('S', 'Z')}`)?.isZombie).toBe(true)
  expect(parseProcessStat('')).toBeUndefined()
})

test('the effective ids are those that count', () => {
  expect(parseProcessIds('Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n')).toEqual({ uid: 2, gid: 6 })
  expect(parseProcessIds('Name:\tUid:\t1\t2\n')).toBeUndefined()
})

test('the first name of an id counts, and lines that are none are passed over', () => {
  expect([...parseAccounts('root:x:0:0\ntoor:x:0:0\n# note\nbad:x:y:0\napp:x:1000:1000')]).toEqual([
    [0, 'root'],
    [1000, 'app'],
  ])
})
