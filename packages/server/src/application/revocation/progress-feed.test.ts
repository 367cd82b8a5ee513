import { expect, test } from 'vitest'
import { createProgressFeed } from './progress-feed.ts'

test('a listener that could not be had is asked for again by the next follower, and is closed with the last', async () => {
  let attempts = 0
  let closed = 0
  const feed = createProgressFeed({
    listen: async () => {
      attempts += 1
      if (attempts === 1) throw new Error('the database is away')
      return {
        close: async () => {
          closed += 1
        },
      }
    },
  })
  await expect(feed.join()).rejects.toThrow('away')
  const first = await feed.join()
  const second = await feed.join()
  expect(attempts, 'both follow over one connection').toBe(2)
  await first.leave()
  expect(closed, 'control: someone still follows').toBe(0)
  await second.leave()
  expect(closed).toBe(1)
})
