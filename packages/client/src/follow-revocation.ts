import type { components } from './api.gen.ts'
import { type MayflyClientOptions } from './create-mayfly-client.ts'
import { problemOf, unreachable } from './problem-error.ts'
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
  { baseUrl, token, fetch = globalThis.fetch }: MayflyClientOptions,
  revocationId: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const headers = {
    accept: 'text/event-stream',
    ...(token !== undefined && { authorization: `Bearer ${await token()}` }),
  }
  const url = `${baseUrl}/v1/revocations/${encodeURIComponent(revocationId)}/events`
  const answer = await fetch(url, { headers, signal, redirect: 'error' }).catch((error: unknown) => {
    if (signal.aborted) throw error
    throw unreachable(baseUrl, error)
  })
  if (!answer.ok || answer.body === null) throw await problemOf(answer)
  return answer.body
}
