/** Credentials: issue, renew, read. What was issued is told once, in the answer of its issue. */
import {
  bindings,
  type CredentialId,
  credentialStates,
  environments,
  type IdentityId,
  MayflyError,
  type RevocationId,
  type TaskId,
} from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import type { CoreDeps } from '../../application/context.ts'
import type { IssueDeps } from '../../application/credential/issue-deps.ts'
import { issueCredential } from '../../application/credential/issue-credential.ts'
import { renewCredential } from '../../application/credential/renew-credential.ts'
import { type CredentialWithNames, getCredentialWithNames, listCredentials } from '../../store/credential-rows.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

const credential = z
  .object({
    credential_id: id<CredentialId>(),
    identity_id: id<IdentityId>(),
    identity: z.string(),
    role: z.string().meta({ description: '`resource/role`' }),
    task_id: id<TaskId>().nullable(),
    environment: z.string(),
    account_name: z.string(),
    bound_to: z.enum(bindings),
    state: z.enum(credentialStates),
    requested_at: timestamp,
    active_at: timestamp.nullable(),
    expires_at: timestamp,
    max_expires_at: timestamp.meta({ description: 'Renewals never go beyond' }),
    revocation_id: id<RevocationId>().nullable(),
    cut_at: timestamp.nullable().meta({ description: 'Seen at the target: no new login, no open session' }),
    removed_at: timestamp.nullable().meta({ description: 'The target said absent' }),
    last_error: z.string().nullable().meta({ description: 'Why it is not yet gone' }),
    use: z.enum(['not_observed', 'unused', 'used', 'used_from_outside']).meta({
      description:
        'As far as looking at the target shows it. `used_from_outside`: from another address than the one where its holder proved what it is. `not_observed`: its target has not been asked since it was issued, or cannot tell',
    }),
    first_used_at: timestamp.nullable(),
    last_used_at: timestamp.nullable().meta({ description: 'When a session of it was last seen open' }),
    open_sessions: z.int().meta({ description: 'When its target was asked last' }),
    outside_address: z.string().nullable().meta({ description: 'The first address from outside' }),
  })
  .meta({ id: 'Credential', description: 'An issued credential, never its secret' })

function credentialWire(row: CredentialWithNames): z.output<typeof credential> {
  return {
    credential_id: row.credential_id,
    identity_id: row.identity_id,
    identity: row.identity_name,
    role: `${row.resource_name}/${row.role_name}`,
    task_id: row.task_id,
    environment: row.environment,
    account_name: row.account_name,
    bound_to: row.bound_to,
    state: row.state,
    requested_at: row.requested_at,
    active_at: row.active_at,
    expires_at: row.expires_at,
    max_expires_at: row.max_expires_at,
    revocation_id: row.revocation_id,
    cut_at: row.cut_at,
    removed_at: row.removed_at,
    last_error: row.last_error,
    use: useOf(row),
    first_used_at: row.first_used_at,
    last_used_at: row.last_used_at,
    open_sessions: row.open_sessions,
    outside_address: row.outside_address,
  }
}

function useOf(row: CredentialWithNames): z.output<typeof credential>['use'] {
  if (row.outside_address !== null) return 'used_from_outside'
  if (row.first_used_at !== null) return 'used'
  const { active_at: activeAt, sampled_at: sampledAt } = row
  return activeAt !== null && sampledAt !== null && sampledAt > activeAt ? 'unused' : 'not_observed'
}

const issuedCredential = credential
  .extend({
    fields: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .nullable()
      .meta({ description: 'What the holder needs, secrets among it. Told once: null when a request is repeated' }),
  })
  .meta({ id: 'IssuedCredential' })

const ttlSeconds = z
  .int()
  .min(1)
  .max(2_678_400)
  .optional()
  .meta({ description: 'The life asked for, in seconds; what is granted may be shorter' })

const idempotencyKey = z.string().min(1).max(200)

/** Clients send it as a header or in the body; one that is given and not honoured would issue twice. */
function keyOf(inHeader: string | undefined, inBody: string | undefined): string | undefined {
  if (inHeader === undefined || inBody === undefined || inHeader === inBody) return inHeader ?? inBody
  throw new MayflyError('request_invalid', {
    publicDetail: 'two different idempotency keys were given',
    hint: 'give one of them',
    fields: [{ pointer: '/idempotency_key', detail: 'differs from the header `Idempotency-Key`' }],
  })
}

const credentialParams = z.strictObject({ id: id<CredentialId>() })

export const credentialRoutes: readonly Route<IssueDeps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/credentials',
    name: 'issueCredential',
    summary: 'be issued a credential for a role',
    description:
      'The secret is in the answer and nowhere else: it is not stored, and a repeated request does not give it again.',
    action: 'credential.issue',
    status: 201,
    headers: z.object({
      'idempotency-key': idempotencyKey.optional().meta({ description: 'The same as `idempotency_key` of the body' }),
    }),
    body: z.strictObject({
      role: ref.meta({ examples: ['orders-db/readonly'] }),
      task_id: id<TaskId>().optional(),
      ttl_seconds: ttlSeconds,
      parameters: z.record(z.string().min(1).max(63), z.string().max(200)).optional(),
      public_key: z.string().min(1).max(16_384).optional().meta({
        description:
          'A key of the holder, who keeps its private half; in a form that the kind of the resource takes. What is issued then opens nothing without it',
      }),
      idempotency_key: idempotencyKey
        .optional()
        .meta({ description: 'The same key with the same request gives the same credential, without its secret' }),
    }),
    changes: true,
    response: issuedCredential,
    problems: [
      'credential_limit_reached',
      'credential_overtaken',
      'idempotency_key_reused',
      'issuance_paused',
      'rate_limited',
      'target_unreachable',
      'target_timeout',
      'target_refused',
      'target_rights_missing',
      'target_unsafe',
    ],
    handle: async (deps: IssueDeps, ctx, { body, headers }) => {
      const issued = await issueCredential(deps, ctx, {
        role: body.role,
        taskId: body.task_id,
        ttlSeconds: body.ttl_seconds,
        parameters: body.parameters,
        publicKey: body.public_key,
        idempotencyKey: keyOf(headers['idempotency-key'], body.idempotency_key),
      })
      const row = await deps.database.transaction(ctx.tenantId, (tx) =>
        getCredentialWithNames(tx, issued.row.credential_id),
      )
      return {
        ...credentialWire(row),
        fields: issued.fields === undefined ? null : reveal(issued.fields),
        entry: issued.receipt ?? null,
      }
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/credentials/{id}/renew',
    name: 'renewCredential',
    summary: 'move the end of a credential that one holds',
    action: 'credential.renew',
    params: credentialParams,
    body: z.strictObject({ ttl_seconds: ttlSeconds }),
    changes: true,
    response: credential,
    problems: [
      'credential_not_renewable',
      'credential_overtaken',
      'target_unreachable',
      'target_timeout',
      'target_refused',
      'target_rights_missing',
    ],
    handle: async (deps: IssueDeps, ctx, { params, body }) => {
      const { receipt } = await renewCredential(deps, ctx, { credentialId: params.id, ttlSeconds: body.ttl_seconds })
      const row = await deps.database.transaction(ctx.tenantId, (tx) => getCredentialWithNames(tx, params.id))
      return { ...credentialWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/credentials',
    name: 'listCredentials',
    summary: 'list credentials, never their secrets',
    action: 'credential.read',
    query: pageQuery.extend({
      identity: ref.optional(),
      task_id: id<TaskId>().optional(),
      environment: z.enum(environments).optional(),
      state: z.enum(credentialStates).optional(),
    }),
    resource: ({ query }) =>
      query.identity === undefined ? { type: 'Tenant' } : { type: 'Identity', id: query.identity },
    response: page(credential),
    handle: async (_deps: CoreDeps, _ctx, { query }, tx) => {
      const identityId = query.identity === undefined ? undefined : (await getIdentity(tx, query.identity)).identity_id
      const { task_id: taskId, environment, state } = query
      return readPage(
        'credentials',
        query,
        (asked) => listCredentials(tx, { identityId, taskId, environment, state }, asked),
        (row) => row.credential_id,
        credentialWire,
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/credentials/{id}',
    name: 'getCredential',
    summary: 'read a credential, never its secret',
    action: 'credential.read',
    params: credentialParams,
    resource: ({ params }) => ({ type: 'Credential', id: params.id }),
    response: credential,
    handle: async (_deps: CoreDeps, _ctx, { params }, tx) =>
      credentialWire(await getCredentialWithNames(tx, params.id)),
  }),
]

/** The one place where an issued secret leaves: to its holder, in the answer of its issue. */
function reveal(fields: Readonly<Record<string, string | number | Secret>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  )
}
