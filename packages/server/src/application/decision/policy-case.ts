/**
 * Cases of a policy test: a question in words, and the answer that is expected (docs/guides/write-a-policy.md).
 *
 * A closed shape: a misspelt fact that is ignored would be a test that tests nothing.
 */
import {
  actionNames,
  bindings,
  dataClasses,
  deliveries,
  environments,
  exposures,
  identityKinds,
  personRoles,
  reaches,
  strengths,
  taskKinds,
  trustProviderKinds,
} from '@mayfly/domain'
import { z } from 'zod'

const name = z.string().min(1).max(128)
const seconds = z.int().min(0).max(31_536_000)

const identity = z.strictObject({
  identity: name,
  kind: z.enum(identityKinds).default('job'),
  environment: z.enum(environments).default('development'),
  owner: name.default('a-team'),
  attributes: z.record(z.string(), z.string()).default({}),
})

const person = z.strictObject({
  person: name,
  roles: z.array(z.enum(personRoles)).default([]),
  answers_for: z.array(name).default([]),
  member_of: z.array(name).default([]),
})

const target = {
  environment: z.enum(environments).default('development'),
  reach: z.enum(reaches).default('data'),
  data_class: z.enum(dataClasses).default('internal'),
  exposure: z.enum(exposures).default('internal'),
  delivery: z.enum(deliveries).default('direct'),
  provider: name.default('postgres'),
  offered_bindings: z.array(z.enum(bindings)).default(['none']),
  owner: name.default('a-team'),
  attributes: z.record(z.string(), z.string()).default({}),
}

const role = z.strictObject({ role: z.string().regex(/^[^/]+\/[^/]+$/, { error: 'write `resource/role`' }), ...target })

const resource = z.union([
  z.literal('tenant'),
  role,
  z.strictObject({ resource: name, ...target }),
  identity,
  z.strictObject({ owner: name }),
  z.strictObject({ trust_provider: name }),
  z.strictObject({ task_of: identity, declared_by: z.union([person, identity]).optional() }),
  z.strictObject({ credential_of: identity, role: z.string().regex(/^[^/]+\/[^/]+$/) }),
  z.strictObject({ policy_version: name }),
  person,
])

export const policyCase = z.strictObject({
  name: z.string().min(1).max(200),
  principal: z.union([person, identity]),
  action: z.enum(actionNames),
  resource,
  proof: z
    .strictObject({
      strength: z.enum(strengths).default('platform'),
      age_seconds: seconds.default(0),
      trust_provider: name.default('a-platform'),
      kind: z.enum(trustProviderKinds).default('oidc'),
      claims: z.record(z.string(), z.string()).default({}),
      bound_to: z.enum(['key', 'certificate', 'none']).default('none'),
      /** How old carried trust material is; 0: live. */
      trust_age_seconds: seconds.default(0),
    })
    .prefault({}),
  /** For `credential.issue` and `credential.renew`. */
  task: z
    .strictObject({
      kind: z.enum(taskKinds).default('declared'),
      seconds_left: seconds.default(3_600),
      /** Absent: the identity itself. */
      declared_by: z.union([person, identity]).optional(),
    })
    .optional(),
  /** For `task.declare`. */
  declares: z
    .strictObject({
      /** Who will do it; absent: the principal itself. */
      for: identity.optional(),
      kind: z.enum(taskKinds).default('declared'),
      seconds: seconds.default(3_600),
    })
    .optional(),
  /** For `credential.issue`: for whom; for `token.exchange` beside `for_role`, where `resource` is that identity, or `tenant` for a person. */
  on_behalf_of: z.union([person, identity]).optional(),
  for_role: role.optional(),
  ttl_seconds: seconds.optional(),
  /** For `credential.issue` and `credential.renew`; absent: the strongest that the role offers. */
  binding: z.enum(bindings).optional(),
  source_address: z.string().max(64).optional(),
  now: z.iso.datetime({ offset: true }).optional(),
  expect: z.strictObject({
    outcome: z.enum(['permit', 'deny']),
    /** The `@id` of a policy that must be among those that determined it. */
    policy: name.optional(),
    /** The code of a reason that must be among those of a denial. */
    reason: name.optional(),
    max_ttl_seconds: seconds.optional(),
  }),
})

export type PolicyCase = z.output<typeof policyCase>
export type CasePerson = z.output<typeof person>
export type CaseIdentity = z.output<typeof identity>
export type CaseTarget = z.output<typeof role>

/** A file of cases; in YAML `cases:` is a list. */
export const policyCases = z.strictObject({ cases: z.array(policyCase).min(1).max(1_000) })
