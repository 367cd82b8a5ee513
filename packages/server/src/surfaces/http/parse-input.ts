/**
 * Makes typed input of a request, or says everything that is wrong with it at once.
 *
 * Messages say what is expected and never repeat a value, which may be a secret.
 */
import { didYouMean, type FieldProblem, MayflyError } from '@mayfly/domain'
import type { z } from 'zod'
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

/** Says what is wrong with a value, for other places that take input of people (a manifest, a configuration). */
export function faultsOf(schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): readonly FieldProblem[] {
  return issues.flatMap((issue) => fieldProblems(issue, schema, undefined))
}

/** The house's words for what zod finds; a schema's own `error` goes first. */
export const messageOf: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${named(issue.expected)}`
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${measured(issue.origin, issue.minimum)}`
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${measured(issue.origin, issue.maximum)}`
    case 'invalid_value':
      return issue.input === undefined
        ? 'is required'
        : `must be ${issue.values.map((value) => `\`${String(value)}\``).join(' or ')}`
    case 'invalid_format':
      return `is not of the form ${issue.format}`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_union':
      return issue.input === undefined ? 'is required' : 'fits none of the shapes that it may have'
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return undefined
  }
}

function fieldProblems(issue: z.core.$ZodIssue, schema: z.ZodType, where: Part): FieldProblem[] {
  const at = (path: readonly PropertyKey[], detail: string): FieldProblem => ({
    ...(where !== undefined && { in: where }),
    pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail,
  })
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path)
    return issue.keys.map((key) => {
      const meant = didYouMean(key, known)
      return at([...issue.path, key], `is not known${meant === undefined ? '' : ` (did you mean \`${meant}\`?)`}`)
    })
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch with the fewest faults is the one that was meant.
    const nearest = issue.errors.reduce((best, branch) => (branch.length < best.length ? branch : best))
    return nearest.flatMap((inner) => fieldProblems({ ...inner, path: [...issue.path, ...inner.path] }, schema, where))
  }
  if (issue.code === 'invalid_union' && 'options' in issue) {
    const options = (issue.options ?? []).map((option) => `\`${String(option)}\``).join(' or ')
    return [at(issue.path, options === '' ? issue.message : `must be ${options}`)]
  }
  return [at(issue.path, issue.message)]
}

/** The members that an object may have at `path` of a schema; empty where that cannot be told. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const def = schema._zod.def as {
    readonly shape?: Readonly<Record<string, z.core.$ZodType>>
    readonly element?: z.core.$ZodType
    readonly innerType?: z.core.$ZodType
    readonly in?: z.core.$ZodType
    readonly valueType?: z.core.$ZodType
    readonly options?: readonly z.core.$ZodType[]
  }
  const inner = def.innerType ?? def.in
  if (inner !== undefined) return keysAt(inner, path)
  if (def.options !== undefined) return def.options.flatMap((option) => keysAt(option, path))
  const [step, ...rest] = path
  if (step === undefined) return Object.keys(def.shape ?? {})
  const next = def.shape?.[String(step)] ?? def.element ?? def.valueType
  return next === undefined ? [] : keysAt(next, rest)
}

function picked(headers: unknown, schema: z.ZodType): Record<string, unknown> {
  const given = headers as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    keysAt(schema, [])
      .filter((name) => given[name] !== undefined)
      .map((name) => [name, given[name]]),
  )
}

function named(type: string): string {
  const article = /^[aeiou]/.test(type) ? 'an' : 'a'
  return type === 'int' ? 'a whole number' : `${article} ${type}`
}

function measured(origin: string, size: number | bigint): string {
  if (origin === 'string') return `${size} ${size === 1 ? 'character' : 'characters'} long`
  if (origin === 'array' || origin === 'set') return `${size} ${size === 1 ? 'item' : 'items'}`
  return String(size)
}
