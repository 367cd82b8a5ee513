/** What the audit log answers: who stands behind something, the proof of an entry, and whether the state is explained. */
import {
  type CredentialId,
  encodeBase64,
  type EntryId,
  type IdentityId,
  MayflyError,
  type TaskId,
} from '@mayfly/domain'
import { z } from 'zod'
import type { TraceSubject } from '../../application/audit/gather-trace.ts'
import { buildConsistencyProof, findEntryProof } from '../../application/audit/read-log.ts'
import { trace, type TraceNode } from '../../application/audit/trace.ts'
import type { StateReport } from '../../application/audit/verify-state.ts'
import type { RequestContext } from '../../application/context.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { id, timestamp } from './wire.ts'

export interface AuditDeps extends Pick<HttpDeps, 'gate'> {
  /** Takes as long as the log is. */
  verifyState(tenantId: RequestContext['tenantId']): Promise<StateReport>
}

const traceNode = z
  .object({
    kind: z.enum(['person', 'identity', 'task', 'decision', 'credential', 'use', 'end']),
    id: z.string(),
    at: timestamp.optional(),
    facts: z.record(z.string(), z.unknown()),
    entries: z.array(
      z.object({
        entry_id: id<EntryId>(),
        action: z.string(),
        at: timestamp,
        leaf_index: z.int().nullable().meta({ description: 'null until the sequencer has given it one' }),
      }),
    ),
    get children() {
      return z.array(traceNode)
    },
  })
  .meta({ id: 'TraceNode', description: 'One step from a person to the end of a credential' })

type TraceWire = z.output<typeof traceNode>

const stateReport = z
  .object({
    explained: z.boolean().meta({ description: 'The log verifies, and every row is as its last entry says' }),
    checkpoint_size: z.int().nullable(),
    entries_checked: z.int(),
    rows_checked: z.int(),
    log_findings: z.array(z.object({ kind: z.string(), detail: z.string(), index: z.int().optional() })),
    state_findings: z.array(z.object({ kind: z.string(), table: z.string(), id: z.string(), detail: z.string() })),
    finding_count: z.int().meta({ description: 'All of them; the lists hold the first thousand each' }),
  })
  .meta({ id: 'StateReport' })

export const auditRoutes: readonly Route<AuditDeps>[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/trace/{kind}/{id}',
    name: 'getTrace',
    summary: 'read who stands behind a credential, a task or an identity, and how it ended',
    action: 'audit.read',
    params: z.strictObject({ kind: z.enum(['credential', 'task', 'identity']), id: id() }),
    resource: ({ params }) => ({ type: resourceTypes[params.kind], id: params.id }),
    response: traceNode,
    handle: async (_deps: AuditDeps, _ctx, { params }, tx) => traceWire(await trace(tx, subjectOf(params))),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/audit/entries/{id}/proof',
    name: 'getEntryProof',
    summary: 'read the inclusion proof of an entry (C2SP tlog-proof)',
    description: 'Within the maximum merge delay after the entry there may be none yet: ask again.',
    action: 'audit.read',
    params: z.strictObject({ id: id<EntryId>() }),
    resource: () => ({ type: 'Tenant' }),
    response: z.string(),
    produces: 'text/plain; charset=utf-8',
    handle: async (_deps: AuditDeps, _ctx, { params }, tx) => {
      const proof = await findEntryProof(tx, params.id)
      if (proof !== undefined) return { body: proof }
      throw new MayflyError('resource_not_found', {
        publicDetail: 'no signed checkpoint covers the entry yet',
        hint: 'ask again in a few seconds: within the maximum merge delay one does',
      })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/audit/consistency',
    name: 'getConsistencyProof',
    summary: 'read the proof that a smaller log is the start of a larger one (RFC 9162 section 2.1.4)',
    action: 'audit.read',
    query: z.strictObject({ from: z.coerce.number().pipe(z.int().min(1)), to: z.coerce.number().pipe(z.int().min(1)) }),
    resource: () => ({ type: 'Tenant' }),
    response: z.object({ hashes: z.array(z.string().meta({ description: 'base64' })) }),
    handle: async (_deps: AuditDeps, _ctx, { query }, tx) => ({
      hashes: (await buildConsistencyProof(tx, query.from, query.to)).map((hash) => encodeBase64(hash)),
    }),
  }),
  defineSelfGatedRoute({
    method: 'GET',
    path: '/v1/audit/state',
    name: 'verifyState',
    summary: 'rebuild the state from the entries and say which rows no entry explains',
    description:
      'Reads the whole log. For a check that trusts the database in nothing, export the log and verify that.',
    action: 'audit.read',
    response: stateReport,
    handle: async (deps: AuditDeps, ctx) => {
      const asked = { action: 'audit.read', resource: { type: 'Tenant' }, readOnly: true } as const
      await deps.gate(ctx, asked, async () => undefined)
      return stateReportWire(await deps.verifyState(ctx.tenantId))
    },
  }),
]

const resourceTypes = { credential: 'Credential', task: 'Task', identity: 'Identity' } as const

function subjectOf({ kind, id }: { kind: TraceSubject['kind']; id: string }): TraceSubject {
  switch (kind) {
    case 'credential':
      return { kind, id: id as CredentialId }
    case 'task':
      return { kind, id: id as TaskId }
    case 'identity':
      return { kind, id: id as IdentityId }
  }
}

function traceWire(node: TraceNode): TraceWire {
  return {
    kind: node.kind,
    id: node.id,
    ...(node.at !== undefined && { at: node.at }),
    facts: node.facts,
    entries: node.entries.map((entry) => ({
      entry_id: entry.entryId,
      action: entry.action,
      at: entry.at,
      leaf_index: entry.leafIndex,
    })),
    children: node.children.map(traceWire),
  }
}

function stateReportWire(report: StateReport): z.output<typeof stateReport> {
  const findingCount = report.log.findingCount + report.findingCount
  return {
    explained: findingCount === 0,
    checkpoint_size: report.log.checkpoint?.size ?? null,
    entries_checked: report.log.entriesChecked,
    rows_checked: report.rowsChecked,
    log_findings: report.log.findings.map((finding) => ({ ...finding })),
    state_findings: report.findings.map((finding) => ({ ...finding })),
    finding_count: findingCount,
  }
}
