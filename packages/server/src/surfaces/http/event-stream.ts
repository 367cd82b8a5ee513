/** Server-sent events (WHATWG HTML, section 9.2) over a reply that Fastify has handed over. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { RouteEvent } from './define-route.ts'

// Proxies close what is silent for a minute; and a host agent takes a server that it does not hear for ten seconds for away,
// since it would not hear of a revocation either.
const heartbeatMs = 3_000

/** An iteration whose first step has been taken. */
export interface StartedEvents {
  readonly first: IteratorResult<RouteEvent<unknown>>
  readonly iterator: AsyncIterator<RouteEvent<unknown>>
}

/** Sends events until there are none, the client goes or `signal` is aborted. A failure of `events` is thrown. */
export async function sendEvents(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  events: StartedEvents,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' })
  response.flushHeaders()
  const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs)
  try {
    for (let step = events.first; step.done !== true && !signal.aborted; step = await events.iterator.next()) {
      const taken = response.write(frame(step.value))
      // A reader that is slower than the events must not make them pile up in memory.
      if (!taken) await once(response, 'drain', { signal })
    }
  } catch (error) {
    // A client that went away is no failure.
    if (!signal.aborted) throw error
  } finally {
    clearInterval(heartbeat)
    response.end()
    await events.iterator.return?.()
  }
}

/** JSON has no line break, so one event is one `data:` line. */
function frame({ event, id, data }: RouteEvent<unknown>): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}
