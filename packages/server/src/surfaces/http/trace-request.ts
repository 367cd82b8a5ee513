import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Runs a handler in a span named after its route. Without a registered SDK this does nothing. Names, ids and values stay
 * out: a collector is not a place for them.
 */
export async function traceRequest<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  route: { readonly method: string; readonly path: string },
  work: () => Promise<T>,
): Promise<T> {
  const parent = propagation.extract(context.active(), request.headers)
  const attributes = { 'http.request.method': route.method, 'http.route': route.path, 'mayfly.request_id': request.id }
  const options = { kind: SpanKind.SERVER, attributes }
  return trace.getTracer('mayfly').startActiveSpan(`${route.method} ${route.path}`, options, parent, async (span) => {
    try {
      return await work()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.setAttribute('http.response.status_code', reply.statusCode)
      span.end()
    }
  })
}
