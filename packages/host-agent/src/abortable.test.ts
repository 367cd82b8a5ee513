import { expect, test } from 'vitest'
import { abortable, abortableBody, withDeadline } from './abortable.ts'

const never = new Promise<never>(() => {})

test('a wait for what never comes ends with its signal', async () => {
  const over = new AbortController()
  const wait = abortable(never, over.signal)
  over.abort(new Error('enough'))
  await expect(wait).rejects.toThrow('enough')
  await expect(abortable(never, over.signal)).rejects.toThrow('enough')
  expect(await abortable(Promise.resolve(7), new AbortController().signal), 'control').toBe(7)
})

test('a deadline ends what takes too long, and is gone with what does not', async () => {
  const { signal } = new AbortController()
  await expect(withDeadline(signal, 5, (limit) => abortable(never, limit))).rejects.toThrow('in time')
  expect(await withDeadline(signal, 60_000, async () => 'done')).toBe('done')
})

test('a body that never ends is ended with its signal', async () => {
  const over = new AbortController()
  const endless = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([1])),
  })
  const seen: number[] = []
  for await (const chunk of abortableBody(endless, over.signal)) {
    seen.push(chunk.length)
    over.abort()
  }
  expect(seen).toEqual([1])
})
