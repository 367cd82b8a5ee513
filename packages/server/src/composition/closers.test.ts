import { expect, test } from 'vitest'
import { makeClosers } from './closers.ts'

test('what was opened last is closed first, each once, and a failure does not hold up the rest', async () => {
  const closed: string[] = []
  const failed: object[] = []
  const nothing = () => undefined
  const closers = makeClosers({ debug: nothing, info: nothing, warn: nothing, error: (fields) => failed.push(fields) })
  closers.add('first', async () => void closed.push('first'))
  closers.add('second', () => Promise.reject(new Error('stuck')))
  closers.add('third', async () => void closed.push('third'))
  await Promise.all([closers.close(), closers.close()])
  expect(closed).toEqual(['third', 'first'])
  expect(failed).toMatchObject([{ part: 'second' }])
})
