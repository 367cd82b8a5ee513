/**
 * Everything that is wrong with one request, told at once: to mend one field and be refused for the next wastes people.
 */
import { type FieldProblem, MayflyError, type ProblemCode } from '@mayfly/domain'
import { messageOf } from '@mayfly/provider-kit'
import type { z } from 'zod'
import { fieldProblems } from '../field-problems.ts'

export interface Faults {
  /** @param pointer JSON pointer into the body, e.g. `/purpose` */
  add(pointer: string, detail: string | undefined): void
  /** What the schema makes of the value; undefined where it had faults, which are kept, each below `pointer`. */
  parse<T>(pointer: string, schema: z.ZodType<T>, value: unknown): T | undefined
  isEmpty(): boolean
  /** @throws MayflyError with every fault as a field, where there is one */
  refuse(code?: ProblemCode, hint?: string): void
}

export function collectFaults(): Faults {
  const found: FieldProblem[] = []
  return {
    add(pointer, detail) {
      if (detail !== undefined) found.push({ pointer, detail })
    },
    parse(pointer, schema, value) {
      const parsed = schema.safeParse(value, { error: messageOf })
      if (parsed.success) return parsed.data
      const problems = parsed.error.issues.flatMap((issue) => fieldProblems(issue, schema))
      found.push(...problems.map((problem) => ({ ...problem, pointer: pointer + problem.pointer })))
      return undefined
    },
    isEmpty: () => found.length === 0,
    refuse(code = 'request_invalid', hint) {
      const first = found[0]
      if (first === undefined) return
      const more = found.length > 1 ? ` (and ${found.length - 1} more)` : ''
      throw new MayflyError(code, {
        publicDetail: `\`${first.pointer}\` ${first.detail}${more}`,
        fields: found,
        ...(hint === undefined ? {} : { hint }),
      })
    },
  }
}
