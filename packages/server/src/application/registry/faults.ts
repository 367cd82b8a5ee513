/**
 * Everything that is wrong with one request, told at once: to mend one field and be refused for the next wastes people.
 */
import { type FieldProblem, MayflyError, type ProblemCode } from '@mayfly/domain'
import type { z } from 'zod'

export interface Faults {
  /** @param pointer JSON pointer into the body, e.g. `/purpose` */
  add(pointer: string, detail: string | undefined): void
  /** The faults of a schema, each below `pointer`. */
  addIssues(pointer: string, error: z.ZodError): void
  /** @throws MayflyError with every fault as a field, where there is one */
  refuse(code?: ProblemCode, hint?: string): void
}

export function collectFaults(): Faults {
  const found: FieldProblem[] = []
  return {
    add(pointer, detail) {
      if (detail !== undefined) found.push({ pointer, detail })
    },
    addIssues(pointer, error) {
      for (const issue of error.issues) {
        const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
        for (const path of keys) {
          const detail = issue.code === 'unrecognized_keys' ? 'is not a known field' : lowerFirst(issue.message)
          found.push({ pointer: pointer + pointerOf(path), detail })
        }
      }
    },
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

/** RFC 6901 section 3. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
