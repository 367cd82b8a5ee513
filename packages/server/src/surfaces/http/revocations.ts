/** Revocations: preview, request, follow, and the receipt. */
import {
  type CredentialId,
  credentialStates,
  environments,
  type IdentityId,
  MayflyError,
  type RevocationCause,
  revocationCauses,
  type RevocationId,
  selectorKinds,
  type SelectorKind,
  type TenantId,
} from '@mayfly/domain'
import { z } from 'zod'
import { type Actor, actorRecord, type CoreDeps } from '../../application/context.ts'
import { isWithinBlastRadius } from '../../application/revocation/limit-blast-radius.ts'
import { previewRevocation } from '../../application/revocation/preview-revocation.ts'
import type { ProgressFeed } from '../../application/revocation/progress-feed.ts'
import { requestRevocation } from '../../application/revocation/request-revocation.ts'
import { listReceiptLines, type ReceiptLine } from '../../application/revocation/revocation-receipt.ts'
import type { Tx } from '../../store/database.ts'
import { listPendingTargets } from '../../store/removal-rows.ts'
import { getRevocation, listRevocations, type RevocationRow, type Selector } from '../../store/revocation-rows.ts'
import { defineEventRoute, defineRoute, defineSelfGatedRoute, type Route, type RouteEvent } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import { resolveSelector } from './resolve-selector.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

export interface RevocationDeps extends Pick<HttpDeps, 'gate'>, CoreDeps {
  readonly progress: ProgressFeed
}

const selector = z
  .strictObject({
    kind: z.enum(selectorKinds),
    ref: ref.meta({
      description:
        'Id, or name where the kind has names; of `environment` its word; of `svid` its serial number too; of `svid_authority` its key id',
    }),
  })
  .meta({
    id: 'Selector',
    description: 'What to end: everything of one thing',
    examples: [{ kind: 'identity', ref: 'payroll' }],
  })

/** Causes that a caller may name; the others are facts that Mayfly establishes itself. */
const nameableCauses = ['anomaly', 'policy_violation', 'rotation', 'scale_down'] as const

const revocation = z
  .object({
    revocation_id: id<RevocationId>(),
    cause: z.enum(revocationCauses),
    selector: z.object({ kind: z.enum(selectorKinds), id: z.string() }),
    requested_by: z.record(z.string(), z.string()),
    reason: z.string().nullable(),
    state: z.enum(['running', 'complete']),
    total: z.int().meta({ description: 'Credentials that it waits for' }),
    svids: z.int().meta({ description: 'SVIDs that it ended: they are on the CRL, and refused by Mayfly itself' }),
    cut: z.int().meta({ description: 'Of these, seen at the target: no new login, no open session' }),
    removed: z.int().meta({ description: 'Of these, absent at the target' }),
    authority_ended_at: timestamp.meta({ description: 'From then on Mayfly refuses them everywhere' }),
    cut_at: timestamp.nullable(),
    completed_at: timestamp.nullable(),
  })
  .meta({ id: 'Revocation', description: 'One request to end a set of credentials, with its progress' })

function revocationWire(row: RevocationRow): z.output<typeof revocation> {
  return {
    revocation_id: row.revocation_id,
    cause: row.cause,
    selector: row.selector as { kind: SelectorKind; id: string },
    requested_by: row.requested_by as Record<string, string>,
    reason: row.reason,
    state: row.state as 'running' | 'complete',
    total: row.total,
    svids: row.svid_count,
    cut: row.cut_count,
    removed: row.removed_count,
    authority_ended_at: row.authority_ended_at,
    cut_at: row.cut_at,
    completed_at: row.completed_at,
  }
}

const detailedRevocation = revocation
  .extend({
    pending: z
      .array(
        z.object({
          resource: z.string(),
          waiting: z.int(),
          not_cut: z.int(),
          last_error: z.string().nullable(),
          next_attempt_at: timestamp.nullable(),
        }),
      )
      .meta({ description: 'What is not yet absent, by target' }),
  })
  .meta({ id: 'RevocationDetail' })

const preview = z
  .object({
    selector: z.object({ kind: z.enum(selectorKinds), id: z.string() }),
    total: z.int().meta({ description: 'Live credentials that would end' }),
    svids: z.int().meta({ description: 'Live SVIDs that would end' }),
    ending: z.int().meta({ description: 'Those that are ending already' }),
    environments: z.array(z.object({ environment: z.enum(environments), would_end: z.int(), live: z.int() })),
    groups: z
      .array(
        z.object({
          resource: z.string(),
          identity: z.string(),
          owner: z.string(),
          environment: z.enum(environments),
          credentials: z.int(),
          tasks: z.int(),
        }),
      )
      .meta({ description: 'Who would feel it: by resource and identity, the biggest first, at most 200' }),
  })
  .meta({ id: 'RevocationPreview' })

const receiptLine = z
  .object({
    credential_id: id<CredentialId>(),
    account_name: z.string(),
    identity_id: id<IdentityId>(),
    identity: z.string(),
    role: z.string(),
    state: z.enum(credentialStates),
    requested_at: timestamp,
    revoking_at: timestamp.nullable(),
    cut_at: timestamp.nullable(),
    removed_at: timestamp.nullable(),
    last_error: z.string().nullable(),
    entries: z.array(
      z.object({
        entry_id: id(),
        action: z.string(),
        recorded_at: timestamp,
        leaf_hash: z.string().meta({ description: 'RFC 6962 leaf hash, base64' }),
        leaf_index: z
          .int()
          .nullable()
          .meta({ description: 'Null until the log has it; then a proof can be asked for' }),
      }),
    ),
  })
  .meta({ id: 'ReceiptLine' })

function receiptLineWire({ credential, entries }: ReceiptLine): z.output<typeof receiptLine> {
  return {
    credential_id: credential.credential_id,
    account_name: credential.account_name,
    identity_id: credential.identity_id,
    identity: credential.identity_name,
    role: `${credential.resource_name}/${credential.role_name}`,
    state: credential.state,
    requested_at: credential.requested_at,
    revoking_at: credential.revoking_at,
    cut_at: credential.cut_at,
    removed_at: credential.removed_at,
    last_error: credential.last_error,
    entries: entries.map((entry) => ({
      entry_id: entry.entryId,
      action: entry.action,
      recorded_at: entry.recordedAt,
      leaf_hash: Buffer.from(entry.leafHash).toString('base64'),
      leaf_index: entry.leafIndex ?? null,
    })),
  }
}

const revocationParams = z.strictObject({ id: id<RevocationId>() })
const requestProblems = ['revocation_held', 'preview_changed'] as const

export const revocationRoutes: readonly Route<RevocationDeps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/revocations/preview',
    name: 'previewRevocation',
    summary: 'see what a revocation would end, without ending it',
    action: 'revocation.read',
    body: z.strictObject({ selector }),
    response: preview,
    handle: async (deps: RevocationDeps, ctx, { body }) => {
      const { selector, asked } = await deps.database.transaction(ctx.tenantId, (tx) =>
        resolveSelector(tx, body.selector.kind, body.selector.ref),
      )
      return deps.gate(ctx, { action: 'revocation.read', resource: asked, readOnly: true }, (tx) =>
        readPreview(tx, selector, deps.clock.now()),
      )
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/revocations',
    name: 'requestRevocation',
    summary: 'end everything of one thing, at once',
    description:
      'When the answer comes, Mayfly itself refuses what was ended; the removal at the targets follows at once and is followed at `/v1/revocations/{id}`.',
    action: 'revocation.request',
    status: 202,
    body: z.strictObject({
      selector,
      reason: z.string().max(1_000).optional().meta({ description: 'Why, for people; goes into the log' }),
      cause: z.enum(nameableCauses).optional().meta({ description: 'What set it off, where no person did' }),
      expected_total: z
        .int()
        .min(0)
        .optional()
        .meta({ description: 'The `total` that the preview showed: nothing ends if it would be more' }),
    }),
    changes: true,
    response: revocation,
    problems: requestProblems,
    handle: async (deps: RevocationDeps, ctx, { body }) => {
      const { selector, asked } = await deps.database.transaction(ctx.tenantId, (tx) =>
        resolveSelector(tx, body.selector.kind, body.selector.ref),
      )
      const now = deps.clock.now()
      const cause = body.cause ?? causeOf(ctx.actor, asked)
      const done = await deps.gate(ctx, { action: 'revocation.request', resource: asked }, async (tx) => {
        if (!(await isWithinBlastRadius(tx, { selector, cause, actor: ctx.actor, now }))) return 'held'
        const requested = await requestRevocation(tx, {
          selector,
          cause,
          requestedBy: actorRecord(ctx.actor),
          reason: body.reason,
          now,
          requestId: ctx.requestId,
          recordEmpty: true,
        })
        if (requested === undefined) throw new MayflyError('internal', { log: 'a revocation was not recorded' })
        refuseUnexpected(requested.ended, body.expected_total)
        return { row: await getRevocation(tx, requested.revocationId), receipt: requested.receipt }
      })
      if (done === 'held') throw held()
      return { ...revocationWire(done.row), entry: done.receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/revocations',
    name: 'listRevocations',
    summary: 'list revocations',
    action: 'revocation.read',
    query: pageQuery.extend({
      state: z.enum(['running', 'complete']).optional(),
      cause: z.enum(revocationCauses).optional(),
    }),
    resource: () => ({ type: 'Tenant' }),
    response: page(revocation),
    handle: async (_deps: RevocationDeps, _ctx, { query }, tx) =>
      readPage(
        'revocations',
        query,
        (asked) => listRevocations(tx, { state: query.state, cause: query.cause }, asked),
        (row) => row.revocation_id,
        revocationWire,
      ),
  }),
  defineSelfGatedRoute({
    method: 'GET',
    path: '/v1/revocations/{id}',
    name: 'getRevocation',
    summary: 'see how far a revocation has come',
    action: 'revocation.read',
    params: revocationParams,
    response: detailedRevocation,
    handle: async (deps: RevocationDeps, ctx, { params }) =>
      readRevocation(deps, ctx, params.id, async (tx, row) => ({
        ...revocationWire(row),
        pending: (await listPendingTargets(tx, params.id)).map((target) => ({
          resource: target.resource_name,
          waiting: target.waiting,
          not_cut: target.not_cut,
          last_error: target.last_error,
          next_attempt_at: target.next_attempt_at,
        })),
      })),
  }),
  defineEventRoute({
    path: '/v1/revocations/{id}/events',
    name: 'followRevocation',
    summary: 'follow a revocation until it is complete',
    action: 'revocation.read',
    params: revocationParams,
    response: revocation,
    admit: (deps: RevocationDeps, ctx, { params }) => readRevocation(deps, ctx, params.id, async () => undefined),
    events: (deps: RevocationDeps, ctx, { params }) => follow(deps, ctx, params.id),
  }),
  defineSelfGatedRoute({
    method: 'GET',
    path: '/v1/revocations/{id}/receipt',
    name: 'getRevocationReceipt',
    summary: 'read what became of each credential, with the entries that prove it',
    action: 'revocation.read',
    params: revocationParams,
    query: pageQuery,
    response: page(receiptLine).extend({ revocation }).meta({ id: 'RevocationReceipt' }),
    handle: async (deps: RevocationDeps, ctx, { params, query }) =>
      readRevocation(deps, ctx, params.id, async (tx, row) => ({
        revocation: revocationWire(row),
        ...(await readPage(
          `receipt of ${params.id}`,
          query,
          (asked) => listReceiptLines(tx, params.id, asked),
          (line) => line.credential.credential_id,
          receiptLineWire,
        )),
      })),
  }),
]

/** Whoever may read what a revocation was about may read the revocation. */
async function readRevocation<T>(
  deps: RevocationDeps,
  ctx: Parameters<HttpDeps['gate']>[0],
  revocationId: RevocationId,
  read: (tx: Tx, row: RevocationRow) => Promise<T>,
): Promise<T> {
  const { asked } = await deps.database.transaction(ctx.tenantId, async (tx) => {
    const { kind, id } = (await getRevocation(tx, revocationId)).selector as Selector
    return resolveSelector(tx, kind, id)
  })
  return deps.gate(ctx, { action: 'revocation.read', resource: asked, readOnly: true }, async (tx) =>
    read(tx, await getRevocation(tx, revocationId)),
  )
}

async function readPreview(tx: Tx, selector: Selector, now: Date): Promise<z.output<typeof preview>> {
  const { total, svids, ending, shares, groups } = await previewRevocation(tx, selector, now)
  return {
    selector,
    total,
    svids,
    ending,
    environments: [...shares],
    groups: groups.map((group) => ({
      resource: group.resource_name,
      identity: group.identity_name,
      owner: group.owner_name,
      environment: group.environment,
      credentials: group.credentials,
      tasks: group.tasks,
    })),
  }
}

/** Looks again when something has moved, and each second besides: a notice may be lost. */
async function* follow(
  deps: RevocationDeps,
  ctx: { readonly tenantId: TenantId; readonly signal: AbortSignal },
  revocationId: RevocationId,
): AsyncIterable<RouteEvent<z.output<typeof revocation>>> {
  const feed = await deps.progress.join()
  try {
    let told = -1
    while (!ctx.signal.aborted) {
      const row = await deps.database.transaction(ctx.tenantId, (tx) => getRevocation(tx, revocationId))
      if (row.version !== told) {
        told = row.version
        const event = row.state === 'complete' ? 'complete' : 'progress'
        yield { event, id: String(row.version), data: revocationWire(row) }
      }
      if (row.state === 'complete') return
      await deps.progress.wait(ctx.tenantId, 1_000, ctx.signal)
    }
  } finally {
    await feed.leave()
  }
}

function causeOf(actor: Actor, asked: { readonly type: string; readonly id?: string }): RevocationCause {
  if (asked.type === 'Person') return 'session_ended'
  const own = actor.kind === 'identity' && (asked.type === 'Credential' || asked.id === actor.identityId)
  return own ? 'requested_by_holder' : 'requested_by_operator'
}

function refuseUnexpected(ended: number, expected: number | undefined): void {
  if (expected === undefined || ended <= expected) return
  throw new MayflyError('preview_changed', {
    publicDetail: `${ended} credentials would end, the preview showed ${expected}`,
    hint: 'preview again',
  })
}

function held(): MayflyError {
  return new MayflyError('revocation_held', {
    hint: 'a finding of kind `revocation_held` says what it would have ended; a person can request it',
  })
}
