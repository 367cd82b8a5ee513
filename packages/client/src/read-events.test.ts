import { expect, test } from 'vitest'
import { readEvents, type ServerSentEvent } from './read-events.ts'

async function read(chunks: readonly string[]): Promise<ServerSentEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
  const events: ServerSentEvent[] = []
  for await (const event of readEvents(body)) events.push(event)
  return events
}

test('events are read however the network cuts them, and heartbeats passed over', async () => {
  const text = 'event: step\nid: 1\ndata: {"name":"ü"}\n\n: still here\n\ndata: 2\n\nevent: broken off\ndata: 3\n'
  const expected = [
    { event: 'step', id: '1', data: { name: 'ü' } },
    { event: 'message', id: undefined, data: 2 },
  ]
  expect(await read([text])).toEqual(expected)
  expect(await read(text.split(/(?=.)/su))).toEqual(expected)
})
