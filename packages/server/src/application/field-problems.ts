import type { FieldProblem } from '@mayfly/domain'
import { schemaFaults } from '@mayfly/provider-kit'
import type { z } from 'zod'

/**
 * What one issue says of which fields, as JSON pointers (RFC 6901).
 *
 * @param where the part of a request that is not its body
 */
export function fieldProblems(issue: z.core.$ZodIssue, schema: z.ZodType, where?: FieldProblem['in']): FieldProblem[] {
  return schemaFaults(issue, schema).map(({ path, detail }) => ({
    ...(where !== undefined && { in: where }),
    pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail,
  }))
}
