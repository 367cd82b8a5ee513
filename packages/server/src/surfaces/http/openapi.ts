/**
 * The OpenAPI 3.1 document, made from the routes: what is registered is documented, and nothing else is.
 *
 * Named schemas (`.meta({ id })`) become components, each once; two different schemas of one name are an error.
 */
import { type ProblemCode, problems } from '@mayfly/domain'
import { z } from 'zod'
import type { Route } from './define-route.ts'
import { problemMediaType } from './problem.ts'
import { entry } from './wire.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type JsonSchema = { readonly [key: string]: Json }
type AnyRoute = Route<never>

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly [key: string]: Json
}

/** @param extraPaths paths of surfaces that are no routes of ours (OAuth), as OpenAPI path items */
export function openApiDocument(
  routes: readonly AnyRoute[],
  version: string,
  extraPaths: Readonly<Record<string, JsonSchema>> = {},
): OpenApiDocument {
  const components = new Map<string, string>()
  const schemaOf = (schema: z.ZodType) => hoisted(schema, components)
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replace(/\{(\w+)\*\}$/, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, schemaOf) }
  }
  schemaOf(problemSchema)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mayfly',
      version,
      summary: 'One life cycle for machine identities and their credentials',
      description:
        'Register, prove, declare a task, decide, issue, use, revoke. Refusals are problem documents (RFC 9457) with a `code` of docs/reference/errors.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(['oauth', ...routes.map(tagOf)])].toSorted().map((name) => ({ name })),
    paths: { ...extraPaths, ...paths },
    components: {
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'at+jwt',
          description: 'An access token of `POST /oauth/token` (RFC 9068), at most 5 minutes old',
        },
        boundAccessToken: {
          type: 'http',
          scheme: 'dpop',
          description: 'The same, bound to a key of its holder: with a proof in the header `DPoP` (RFC 9449)',
        },
      },
      schemas: Object.fromEntries(
        [...components]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, text]) => [name, JSON.parse(text) as JsonSchema]),
      ),
    },
  }
}

function operation(route: AnyRoute, schemaOf: (schema: z.ZodType) => JsonSchema): JsonSchema {
  const parameters = [
    ...parametersOf(route.params, 'path', schemaOf),
    ...parametersOf(route.query, 'query', schemaOf),
    ...parametersOf(route.headers, 'header', schemaOf),
  ]
  const description = [route.description, accessNote(route)].filter((text) => text !== undefined).join('\n\n')
  return {
    operationId: route.name,
    tags: [tagOf(route)],
    summary: route.summary,
    ...(description !== '' && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: {
        required: !route.body.safeParse(undefined).success,
        content: { 'application/json': { schema: schemaOf(route.body) } },
      },
    }),
    responses: { [String(route.status ?? 200)]: success(route, schemaOf), ...problemResponses(route) },
    security: route.access === 'public' ? [] : [{ accessToken: [] }, { boundAccessToken: [] }],
  }
}

function accessNote(route: AnyRoute): string | undefined {
  return route.access === 'public' ? `Needs no token: ${route.why}.` : `Judged by policy as \`${route.action}\`.`
}

function success(route: AnyRoute, schemaOf: (schema: z.ZodType) => JsonSchema): JsonSchema {
  const schema = schemaOf(route.response)
  const answered = route.changes ? withEntry(schema, schemaOf(entry)) : schema
  const mediaType = (route.produces ?? 'application/json').replace(/;.*/, '')
  const raw = route.produces !== undefined && route.access !== 'events'
  return {
    description: route.access === 'events' ? 'events; the schema is that of `data`' : 'done',
    content: { [mediaType]: raw ? {} : { schema: answered } },
  }
}

function withEntry(schema: JsonSchema, entrySchema: JsonSchema): JsonSchema {
  const proof = {
    type: 'object',
    properties: { entry: { anyOf: [entrySchema, { type: 'null' }] } },
    required: ['entry'],
  }
  return { allOf: [schema, proof] }
}

function problemResponses(route: AnyRoute): Record<string, JsonSchema> {
  const codes = new Set<ProblemCode>([...anyRoute, ...(route.problems ?? [])])
  if (route.access !== 'public') for (const code of closedRoute) codes.add(code)
  if (route.params !== undefined) codes.add('resource_not_found')
  if (route.body !== undefined) for (const code of withBody) codes.add(code)
  const byStatus = Map.groupBy([...codes].toSorted(), (code) => problems[code].status)
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([a], [b]) => a - b)
      .map(([status, its]) => [
        String(status),
        {
          description: its.map((code) => `\`${code}\`: ${problems[code].title}`).join('; '),
          content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  )
}

const anyRoute: readonly ProblemCode[] = ['request_invalid', 'rate_limited', 'database_unavailable', 'internal']
const closedRoute: readonly ProblemCode[] = [
  'token_missing',
  'token_invalid',
  'policy_denied',
  'policy_missing',
  'decision_engine_failed',
]
const withBody: readonly ProblemCode[] = ['request_malformed', 'request_too_large', 'media_type_unsupported']

const problemSchema = z
  .object({
    type: z.string().meta({ examples: ['urn:mayfly:problem:policy_denied'] }),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().optional(),
    hint: z.string().optional().meta({ description: 'what to do about it' }),
    errors: z
      .array(
        z.object({
          in: z.enum(['path', 'query', 'header']).optional().meta({ description: 'absent: in the body' }),
          pointer: z.string().meta({ description: 'JSON pointer (RFC 6901)', examples: ['/purpose'] }),
          detail: z.string(),
        }),
      )
      .optional()
      .meta({ description: 'every field that is not valid' }),
    retry: z.enum(['no', 'later', 'after_change']),
    request_id: z.string(),
    decision_id: z.string().optional().meta({ description: 'of a denial: for `mayfly explain`' }),
    reasons: z
      .array(z.object({ code: z.string(), detail: z.string(), policy: z.string().optional() }))
      .optional()
      .meta({ description: 'of a denial' }),
    determining_policies: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem', description: 'Why it was refused (RFC 9457)' })

function parametersOf(
  schema: z.ZodType | undefined,
  where: 'path' | 'query' | 'header',
  schemaOf: (schema: z.ZodType) => JsonSchema,
): JsonSchema[] {
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => {
    const { description, ...shape } = schemaOf(field)
    return {
      name,
      in: where,
      required: where === 'path' || !field.safeParse(undefined).success,
      ...(description !== undefined && { description }),
      schema: shape,
    }
  })
}

/** A zod schema as JSON Schema of the wire, its named parts moved into `components`. */
function hoisted(schema: z.ZodType, components: Map<string, string>): JsonSchema {
  const {
    $schema: _dialect,
    $defs: definitions = {},
    ...root
  } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      // Regular expressions of formats are for machines that do not know the format; they drown the reader.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern
      delete jsonSchema['id']
    },
  }) as unknown as { $schema?: Json; $defs?: Record<string, JsonSchema> } & Record<string, Json>
  const names = new Map(
    Object.entries(definitions).map(([name, definition]) => [name, componentName(name, definition)]),
  )
  const moved = (part: JsonSchema): JsonSchema =>
    JSON.parse(
      JSON.stringify(part).replaceAll(/"#\/\$defs\/([^"]+)"/g, (_all, name: string) =>
        JSON.stringify(`#/components/schemas/${names.get(name) ?? name}`),
      ),
    ) as JsonSchema
  for (const [name, definition] of Object.entries(definitions)) {
    const component = names.get(name) ?? name
    // Spelt out it refers to itself, which generators of types cannot follow.
    const text = JSON.stringify(component === 'JsonValue' ? { description: 'any JSON value' } : moved(definition))
    const known = components.get(component)
    if (known !== undefined && known !== text) throw new Error(`two schemas have the name \`${component}\``)
    components.set(component, text)
  }
  return moved(root)
}

/** The one recursive shape that may go without a name is JSON itself (`z.json()`). */
function componentName(name: string, definition: JsonSchema): string {
  if (!name.startsWith('__')) return name
  if (Array.isArray(definition['anyOf']) && definition['anyOf'].length === 6) return 'JsonValue'
  throw new Error('a recursive schema needs a name: give it `.meta({ id })`')
}

function tagOf(route: AnyRoute): string {
  const [first, second] = route.path.split('/').filter((part) => part !== '')
  return first === 'v1' ? (second ?? 'server') : 'server'
}
