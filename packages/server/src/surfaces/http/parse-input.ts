/**
 * Makes typed input of a request, or says everything that is wrong with it at once.
 *
 * Messages say what is expected and never repeat a value, which may be a secret.
 */
import { type FieldProblem, MayflyError } from '@mayfly/domain'
import { keysAt, messageOf } from '@mayfly/provider-kit'
import type { z } from 'zod'
import { fieldProblems } from '../../application/field-problems.ts'
import { nothing, type RouteInput, type RouteShape } from './define-route.ts'

export interface RawInput {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly headers: unknown
}

type Part = FieldProblem['in']

/** @throws MayflyError `request_invalid`, with every fault in `fields` */
export function parseInput(route: RouteShape, raw: RawInput): RouteInput<unknown, unknown, unknown, unknown> {
  const faults: FieldProblem[] = []
  const part = (schema: z.ZodType | undefined, value: unknown, where: Part): unknown => {
    const parsed = (schema ?? nothing).safeParse(value, { error: messageOf })
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) faults.push(...fieldProblems(issue, schema ?? nothing, where))
    return undefined
  }
  const input = {
    params: part(route.params, raw.params, 'path'),
    query: part(route.query, raw.query, 'query'),
    headers: route.headers === undefined ? {} : part(route.headers, picked(raw.headers, route.headers), 'header'),
    // A route without a body takes an absent and an empty one.
    body: part(route.body, raw.body ?? (route.body === undefined ? {} : undefined), undefined),
  }
  if (faults.length === 0) return input
  throw new MayflyError('request_invalid', {
    publicDetail: faults.length === 1 ? 'one field is not valid' : `${faults.length} fields are not valid`,
    fields: faults,
  })
}

function picked(headers: unknown, schema: z.ZodType): Record<string, unknown> {
  const given = headers as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    keysAt(schema, [])
      .filter((name) => given[name] !== undefined)
      .map((name) => [name, given[name]]),
  )
}
