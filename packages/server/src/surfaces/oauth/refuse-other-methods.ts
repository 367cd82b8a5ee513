import type { FastifyInstance } from 'fastify'
import { OAuthError } from './oauth-error.ts'

/** RFC 6749 section 3.2: a client asks by POST. What asks otherwise is told so, before its body is looked at. */
export function refuseOtherMethods(app: FastifyInstance, url: string, allow: string): void {
  const others = (['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const).filter(
    (method) => !allow.split(', ').includes(method),
  )
  app.route({
    method: others,
    url,
    onRequest: async (request, reply) => {
      reply.header('allow', `${allow}, OPTIONS`)
      if (request.method === 'OPTIONS') return reply.status(204).send()
      throw new OAuthError('invalid_request', { status: 405, description: `it takes ${allow}` })
    },
    handler: async () => undefined,
  })
}
