import { z } from 'zod'
import { definePublicRoute, type Route } from './define-route.ts'
import type { OpenApiDocument } from './openapi.ts'

/** The document that describes the others; its text is made once. */
export function openApiRoutes(document: () => OpenApiDocument): readonly Route<unknown>[] {
  let text: string | undefined
  return [
    definePublicRoute({
      method: 'GET',
      path: '/openapi.json',
      name: 'getOpenApi',
      summary: 'read the OpenAPI 3.1 document of this server',
      why: 'it is published anyway',
      response: z.object({}).loose(),
      produces: 'application/json; charset=utf-8',
      handle: async (_deps: unknown) => ({ body: (text ??= JSON.stringify(document())) }),
    }),
  ]
}
