import type { FastifyReply } from 'fastify'

/** Aborted when the client goes before it has its answer. */
export function signalOfClient(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('the client has gone'))
  })
  return controller.signal
}
