import { withDeadline } from '@mayfly/domain'

/** `fetch` that ends with the signal, or when the whole answer is not there after `timeoutMs`. Holds the answer in memory. */
export function boundedFetch(signal: AbortSignal, timeoutMs: number): typeof globalThis.fetch {
  return (input, init) =>
    withDeadline([signal], timeoutMs, async (limit) => {
      const answer = await fetch(input, { ...init, signal: limit })
      const body = await answer.arrayBuffer()
      const { status, statusText, headers } = answer
      // An answer of 204 must not have a body, not even an empty one.
      return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers })
    })
}
