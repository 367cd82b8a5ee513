import { AuthorityError } from './authority.ts'

/**
 * The same bytes; fails with `unreachable` where nothing comes for `silenceMs`.
 *
 * A connection that was cut without a word looks like one on which nothing happens: TCP tells only who sends. So the server
 * says something every few seconds, and whoever hears nothing for longer knows that it would not hear of a revocation.
 */
export function heardBody(body: ReadableStream<Uint8Array>, silenceMs: number): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream({
    async pull(controller) {
      let timer: NodeJS.Timeout | undefined
      const silence = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () => reject(new AuthorityError('unreachable', `nothing was heard for ${silenceMs / 1_000} s`)),
          silenceMs,
        )
      })
      const reading = reader.read()
      try {
        const { done, value } = await Promise.race([reading, silence])
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        // The read that is under way ends with it.
        reading.catch(() => undefined)
        void reader.cancel(error).catch(() => undefined)
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
