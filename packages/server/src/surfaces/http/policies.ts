/** Policies: drafts, previews, activation, and tests that change nothing. */
import type { AttestationId, CredentialId, IdentityId, PolicyVersionId, TaskId } from '@mayfly/domain'
import { z } from 'zod'
import { faultJson } from '../../adapters/cedar/policy-invalid.ts'
import { activatePolicy } from '../../application/decision/activate-policy.ts'
import type { AuthorityDeps } from '../../application/decision/authority-deps.ts'
import { draftPolicy } from '../../application/decision/draft-policy.ts'
import { policyCases } from '../../application/decision/policy-case.ts'
import { previewActivation } from '../../application/decision/preview-activation.ts'
import { dutiesJson, reasonJson } from '../../application/decision/record-decision.ts'
import { runPolicyCases } from '../../application/decision/run-policy-cases.ts'
import { withAuthority } from '../../application/decision/with-authority.ts'
import { getPolicyVersion, listPolicyVersions, type PolicyVersionRow } from '../../store/policy-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import { id, page, pageQuery, timestamp } from './wire.ts'

type Deps = AuthorityDeps & HttpDeps

/** 1 MiB of policy text, escaped as JSON. */
const bodyLimitBytes = 2_200_000

const text = z.string().max(1_048_576).meta({ description: 'Cedar policies; each with an `@id` of its own' })
const note = z.string().max(1_000)

export const denyReason = z
  .object({
    code: z.string().meta({ examples: ['policy_forbids'] }),
    detail: z.string(),
    policy: z.string().optional().meta({ description: 'The `@id` of the policy that it comes from' }),
  })
  .meta({ id: 'DenyReason', description: 'Why something was denied' })

export const duties = z
  .object({
    max_ttl_seconds: z.int().optional(),
    require_task: z.boolean().optional(),
    require_approval: z.boolean().optional(),
    require_binding: z.enum(['key', 'address', 'none']).optional(),
    until_task_deadline: z.int().optional(),
  })
  .meta({ id: 'Duties', description: 'What a permit obliges to' })

const fault = z
  .object({
    line: z.int(),
    column: z.int(),
    policy: z.string().optional(),
    message: z.string(),
    hint: z.string().optional(),
  })
  .meta({ id: 'PolicyFault', description: 'Something about a policy text, and where: lines and columns count from 1' })

const policyVersion = z
  .object({
    policy_version_id: id<PolicyVersionId>(),
    number: z.int(),
    state: z.enum(['draft', 'active', 'superseded']),
    digest: z.string().meta({ description: 'SHA-256 of the text, base64' }),
    note,
    created_at: timestamp,
    activated_at: timestamp.nullable(),
  })
  .meta({ id: 'PolicyVersion', description: 'A version of the policies; its text never changes' })

const policyVersionWithText = policyVersion.extend({ text }).meta({ id: 'PolicyVersionWithText' })

const params = z.strictObject({ id: id<PolicyVersionId>() })

const policyPreview = z
  .object({
    added: z.array(z.string()),
    changed: z.array(z.string()),
    removed: z.array(z.string()),
    concerned: z.int().meta({ description: 'Live credentials that the difference can concern' }),
    would_end: z.int().meta({
      description: 'How many credentials would end, with what rests on what ends; give it to the activation',
    }),
    ending: z.array(
      z.object({
        credential_id: id<CredentialId>(),
        identity_id: id<IdentityId>(),
        identity: z.string(),
        role: z.string(),
        task_id: id<TaskId>().nullable(),
        expires_at: timestamp,
        reasons: z.array(denyReason),
      }),
    ),
    concerned_svids: z.int().meta({ description: 'Live SVIDs that the difference can concern' }),
    would_end_svids: z.int().meta({ description: 'How many SVIDs would end; give it to the activation too' }),
    ending_svids: z
      .array(
        z.object({
          identity_id: id<IdentityId>(),
          identity: z.string(),
          attestation_id: id<AttestationId>(),
          x509: z.int(),
          jwt: z.int(),
          reasons: z.array(denyReason),
        }),
      )
      .meta({ description: 'By the proof that they came of, at most 500' }),
  })
  .meta({ id: 'PolicyPreview' })

export const policyRoutes: readonly Route<Deps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/policies',
    name: 'draftPolicy',
    summary: 'take a policy text as a new version, not yet in force',
    action: 'policy.write',
    bodyLimitBytes,
    body: z.strictObject({ text, note: note.optional() }),
    changes: true,
    status: 201,
    response: policyVersion.extend({ warnings: z.array(fault) }),
    problems: ['policy_invalid'],
    handle: async (deps: Deps, ctx, { body }) => {
      const { row, warnings, receipt } = await draftPolicy(deps, ctx, body)
      return { ...versionWire(row), warnings: warnings.map(faultWire), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/policies',
    name: 'listPolicies',
    summary: 'list the versions of the policies',
    action: 'policy.read',
    query: pageQuery,
    resource: () => ({ type: 'Tenant' }),
    response: page(policyVersion),
    handle: async (_deps: Deps, _ctx, { query }, tx) =>
      readPage(
        'policies',
        query,
        (asked) => listPolicyVersions(tx, asked),
        (row) => row.policy_version_id,
        versionWire,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/policies/{id}',
    name: 'getPolicy',
    summary: 'read a version of the policies, with its text',
    action: 'policy.read',
    params,
    resource: (input) => ({ type: 'PolicyVersion', id: input.params.id }),
    response: policyVersionWithText,
    handle: async (_deps: Deps, _ctx, input, tx) => {
      const row = await getPolicyVersion(tx, input.params.id)
      return { ...versionWire(row), text: row.policy_text }
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/policies/{id}/preview',
    name: 'previewPolicy',
    summary: 'show what the activation of a version would end',
    action: 'policy.write',
    params,
    response: policyPreview,
    problems: ['policy_invalid'],
    handle: async (deps: Deps, ctx, input) => {
      const resource = { type: 'PolicyVersion', id: input.params.id } as const
      const asked = { action: 'policy.write', resource, readOnly: true } as const
      const version = await withAuthority(deps, ctx, asked, (tx) => getPolicyVersion(tx, input.params.id))
      // Compiled before the transaction that reads what is held.
      await deps.policies.load(version.digest, version.policy_text)
      const preview = await deps.database.transaction(ctx.tenantId, (tx) =>
        previewActivation(deps, tx, version, deps.clock.now()),
      )
      return {
        added: [...preview.added],
        changed: [...preview.changed],
        removed: [...preview.removed],
        concerned: preview.concerned,
        would_end: preview.wouldEnd,
        ending: preview.ending.map((one) => ({
          credential_id: one.credentialId,
          identity_id: one.identityId,
          identity: one.identity,
          role: one.role,
          task_id: one.taskId,
          expires_at: one.expiresAt,
          reasons: one.reasons.map(reasonJson),
        })),
        concerned_svids: preview.concernedSvids,
        would_end_svids: preview.wouldEndSvids,
        ending_svids: preview.endingSvids.map((one) => ({
          identity_id: one.identityId,
          identity: one.identity,
          attestation_id: one.attestationId,
          x509: one.x509,
          jwt: one.jwt,
          reasons: one.reasons.map(reasonJson),
        })),
      }
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/policies/{id}/activate',
    name: 'activatePolicy',
    summary: 'put a version of the policies into force',
    description: 'What it no longer permits ends by itself, cause `no_longer_permitted`.',
    action: 'policy.activate',
    params,
    body: z.strictObject({
      expected_to_end: z
        .int()
        .min(0)
        .optional()
        .meta({ description: 'The `would_end` of a preview; if more would end now, nothing is activated' }),
      expected_svids_to_end: z
        .int()
        .min(0)
        .optional()
        .meta({ description: 'The `would_end_svids` of a preview, in the same way' }),
    }),
    changes: true,
    response: policyVersion,
    problems: ['policy_locks_out_administrators', 'preview_changed', 'state_not_allowed', 'policy_invalid'],
    handle: async (deps: Deps, ctx, input) => {
      const { row, receipt } = await activatePolicy(deps, ctx, {
        policyVersionId: input.params.id,
        expectedToEnd: input.body.expected_to_end,
        expectedSvidsToEnd: input.body.expected_svids_to_end,
      })
      return { ...versionWire(row), entry: receipt }
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/policies/test',
    name: 'testPolicies',
    summary: 'run cases against a policy text; changes nothing',
    action: 'policy.write',
    bodyLimitBytes,
    body: policyCases.extend({ text }),
    response: z.object({
      passed: z.boolean(),
      results: z.array(
        z.object({
          name: z.string(),
          passed: z.boolean(),
          outcome: z.enum(['permit', 'deny']),
          determining: z.array(z.string()),
          reasons: z.array(denyReason),
          duties: duties.nullable(),
          differences: z.array(z.string()),
        }),
      ),
    }),
    problems: ['policy_invalid'],
    handle: async (deps: Deps, ctx, { body }) => {
      const asked = { action: 'policy.write', resource: { type: 'Tenant' }, readOnly: true } as const
      await withAuthority(deps, ctx, asked, async () => undefined)
      const results = await runPolicyCases(deps.policies, body.text, body.cases)
      return {
        passed: results.every((result) => result.passed),
        results: results.map((result) => ({
          name: result.name,
          passed: result.passed,
          outcome: result.outcome,
          determining: [...result.determining],
          reasons: result.reasons.map(reasonJson),
          duties: result.duties === undefined ? null : dutiesJson(result.duties),
          differences: [...result.differences],
        })),
      }
    },
  }),
]

function versionWire(row: PolicyVersionRow): z.output<typeof policyVersion> {
  return {
    policy_version_id: row.policy_version_id,
    number: row.number,
    // The check constraint of the table.
    state: row.state as z.output<typeof policyVersion>['state'],
    digest: row.digest,
    note: row.note,
    created_at: row.created_at,
    activated_at: row.activated_at,
  }
}

function faultWire(one: Parameters<typeof faultJson>[0]): z.output<typeof fault> {
  return faultJson(one) as z.output<typeof fault>
}
