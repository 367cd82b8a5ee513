import { expect, test } from 'vitest'
import { heardBody } from './heard-body.ts'

test('a body of which nothing is heard for too long fails, and its source is let go', async () => {
  let reason: unknown
  const silent = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([1])),
    cancel: (why) => void (reason = why),
  })
  const seen: number[] = []
  const read = async () => {
    for await (const chunk of heardBody(silent, 30)) seen.push(chunk.length)
  }
  await expect(read()).rejects.toThrow('nothing was heard for 0.03 s')
  expect(seen, 'what was heard before').toEqual([1])
  expect(reason).toBeInstanceOf(Error)
})

test('one of which something is heard in time goes on to its end, however long it is', async () => {
  let left = 8
  const slow = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      left -= 1
      if (left === 0) controller.close()
      else controller.enqueue(new Uint8Array([left]))
    },
  })
  const seen: number[] = []
  for await (const [first = 0] of heardBody(slow, 100)) seen.push(first)
  expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1])
})
