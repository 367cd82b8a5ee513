import { expect, test } from 'vitest'
import { abortableBody } from './abortable-body.ts'

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
