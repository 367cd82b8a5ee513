import type { components } from './api.gen.ts'
import { type MayflyClientOptions, sendRequest } from './create-mayfly-client.ts'
import { problemOf } from './problem-error.ts'
import { readEvents } from './read-events.ts'

export type Revocation = components['schemas']['Revocation']

/**
 * Tells how far a revocation has come, each time that something moves, until it is complete.
 *
 * The server ends a stream after five minutes, and one may break: then it is opened again, with a fresh token, so that
 * every stream is decided on anew.
 *
 * @throws ProblemError
 */
export async function* followRevocation(
  options: MayflyClientOptions,
  revocationId: string,
  signal: AbortSignal,
): AsyncGenerator<Revocation> {
  for (;;) {
    const body = await openStream(options, revocationId, signal)
    try {
      for await (const { data } of readEvents(body)) {
        const revocation = data as Revocation
        yield revocation
        if (revocation.state === 'complete') return
      }
    } catch (error) {
      if (signal.aborted) throw error
    }
  }
}

async function openStream(
  options: MayflyClientOptions,
  revocationId: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const headers = { accept: 'text/event-stream' }
  const url = `${options.baseUrl}/v1/revocations/${encodeURIComponent(revocationId)}/events`
  const answer = await sendRequest(options, new Request(url, { headers, redirect: 'error' }), signal)
  if (!answer.ok || answer.body === null) throw await problemOf(answer)
  return answer.body
}
