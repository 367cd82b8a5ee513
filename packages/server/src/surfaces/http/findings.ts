/** Findings: something wrong that a person must know of. */
import { z } from 'zod'
import type { CoreDeps } from '../../application/context.ts'
import { type FindingRow, listFindings } from '../../store/finding-rows.ts'
import { defineRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import { id, page, pageQuery, timestamp } from './wire.ts'

const finding = z
  .object({
    finding_id: id(),
    kind: z.string().meta({ examples: ['revocation_overdue'] }),
    subject: z.string().meta({ examples: ['resource:0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f'] }),
    severity: z.enum(['low', 'medium', 'high', 'critical']),
    detail: z.string(),
    opened_at: timestamp,
    closed_at: timestamp.nullable(),
  })
  .meta({ id: 'Finding', description: 'Something wrong that a person must know of' })

function findingWire(row: FindingRow): z.output<typeof finding> {
  return {
    finding_id: row.finding_id,
    kind: row.kind,
    subject: row.subject,
    severity: row.severity as z.output<typeof finding>['severity'],
    detail: row.detail,
    opened_at: row.opened_at,
    closed_at: row.closed_at,
  }
}

export const findingRoutes: readonly Route<CoreDeps>[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/findings',
    name: 'listFindings',
    summary: 'list findings',
    action: 'finding.read',
    query: pageQuery.extend({
      state: z.enum(['open', 'closed']).optional(),
      kind: z
        .string()
        .regex(/^[a-z][a-z_]{2,60}$/, { error: 'lower-case letters and underscores' })
        .optional(),
    }),
    resource: () => ({ type: 'Tenant' }),
    response: page(finding),
    handle: async (_deps: CoreDeps, _ctx, { query }, tx) =>
      readPage(
        'findings',
        query,
        (asked) => listFindings(tx, { state: query.state, kind: query.kind }, asked),
        (row) => row.finding_id,
        findingWire,
      ),
  }),
]
