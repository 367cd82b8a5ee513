/**
 * What is wrong with a value, place by place, in the house's words.
 *
 * Messages say what is expected and never repeat a value, which may be a secret. Give `messageOf` to the parse itself
 * (`schema.safeParse(value, { error: messageOf })`): afterwards an issue no longer knows whether there was a value.
 */
import { didYouMean } from '@mayfly/domain'
import type { z } from 'zod'

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

export interface SchemaFault {
  readonly path: readonly PropertyKey[]
  readonly detail: string
}

/** What one issue says of which places; of an unknown member also which one may have been meant. */
export function schemaFaults(issue: z.core.$ZodIssue, schema: z.core.$ZodType): readonly SchemaFault[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path)
    return issue.keys.map((key) => {
      const meant = didYouMean(key, known)
      const detail = `is not known${meant === undefined ? '' : ` (did you mean \`${meant}\`?)`}`
      return { path: [...issue.path, key], detail }
    })
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch with the fewest faults is the one that was meant.
    const nearest = issue.errors.reduce((best, branch) => (branch.length < best.length ? branch : best))
    return nearest.flatMap((inner) => schemaFaults({ ...inner, path: [...issue.path, ...inner.path] }, schema))
  }
  if (issue.code === 'invalid_union' && 'options' in issue) {
    const options = (issue.options ?? []).map((option) => `\`${String(option)}\``).join(' or ')
    return [{ path: issue.path, detail: options === '' ? issue.message : `must be ${options}` }]
  }
  return [{ path: issue.path, detail: issue.message }]
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

function named(type: string): string {
  const article = /^[aeiou]/.test(type) ? 'an' : 'a'
  return type === 'int' ? 'a whole number' : `${article} ${type}`
}

function measured(origin: string, size: number | bigint): string {
  if (origin === 'string') return `${size} ${size === 1 ? 'character' : 'characters'} long`
  if (origin === 'array' || origin === 'set') return `${size} ${size === 1 ? 'item' : 'items'}`
  return String(size)
}
