import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openCedar } from './cedar-instance.ts'
import { readPolicies } from './compile-policies.ts'
import { createPolicyEngine } from './policy-engine.ts'
import type { Question } from './question.ts'
import { indexPolicies } from './slice-policies.ts'

const cedar = openCedar()

const principalScope = fc.constantFrom(
  'principal',
  'principal is Identity',
  'principal is Person',
  'principal == Identity::"job"',
  'principal == Identity::"other"',
  'principal in Owner::"team"',
  'principal in Owner::"strangers"',
  'principal is Identity in Owner::"team"',
)
const actionScope = fc.constantFrom(
  'action',
  'action == Action::"credential.issue"',
  'action == Action::"task.declare"',
  'action in [Action::"credential.issue", Action::"credential.renew"]',
)
const resourceScope = fc.constantFrom(
  'resource',
  'resource is Role',
  'resource is Tenant',
  'resource == Role::"db/readonly"',
  'resource == Role::"db/admin"',
  'resource in Resource::"db"',
  'resource is Role in Resource::"db"',
  'resource in Resource::"elsewhere"',
  'resource in Owner::"team"',
)
const condition = fc.constantFrom(
  '',
  ' when { context has task }',
  ' when { resource has environment && resource.environment == "production" }',
  ' unless { context.attestation.strength_rank > 1 }',
  ' when { 9223372036854775807 + context.risk + 1 > 0 }',
  ' when { principal has kind && principal.kind == "job" }',
  ' when { context has task && context.task == {kind: "declared", seconds_left: 60, declared_by_self: true} }',
  ' when { context has task.seconds_left && context.task.seconds_left > 30 }',
  ' when { context.attestation.trust_provider == TrustProvider::"x" }',
  ' when { Role::"db/readonly".reach == "data" }',
  ' when { principal has owner && principal.owner in Owner::"team" }',
  ' when { principal.hasTag("tier") && principal.getTag("tier") == "gold" }',
  ' unless { {a: context}.a has task }',
  ' when { {Var: context.risk, has: context.chain_length}.Var >= 0 && context has delivery }',
  ' when { [context.risk, context.chain_length].contains(1) }',
  ' when { (if context has task then context else context).risk < 5 }',
)
const policy = fc.tuple(fc.constantFrom('permit', 'forbid'), principalScope, actionScope, resourceScope, condition)

const owner = { type: 'Owner', id: 'team' }
function question(action: string, role: string, risk: number, withTask: boolean): Question {
  const environment = 'production'
  const target = { environment, reach: 'data', data_class: 'internal', exposure: 'internal', provider: 'postgres' }
  return {
    principal: { type: 'Identity', id: 'job' },
    action,
    resource: { type: 'Role', id: `db/${role}` },
    context: {
      now: { __extn: { fn: 'datetime', arg: '2026-11-22T12:00:00Z' } },
      attestation: {
        age_seconds: 1,
        strength: 'platform',
        strength_rank: 2,
        trust_provider: { __entity: { type: 'TrustProvider', id: 'x' } },
      },
      risk,
      chain_length: 0,
      delivery: 'direct',
      ...(withTask ? { task: { kind: 'declared', seconds_left: 60, declared_by_self: true } } : {}),
    },
    entities: [
      {
        uid: { type: 'Identity', id: 'job' },
        attrs: { kind: 'job', environment, owner: { __entity: owner } },
        parents: [owner],
        tags: { tier: 'gold' },
      },
      {
        uid: { type: 'Role', id: `db/${role}` },
        attrs: { ...target, owner: { __entity: owner } },
        // The owner is found by way of the resource, to try ancestors of ancestors.
        parents: [{ type: 'Resource', id: 'db' }],
      },
      { uid: { type: 'Resource', id: 'db' }, attrs: {}, parents: [owner] },
    ],
  }
}

test('sliced and unsliced answer alike', () => {
  const engine = createPolicyEngine()
  let asked = 0
  const seen = new Set<string>()
  fc.assert(
    fc.property(
      fc.array(policy, { minLength: 1, maxLength: 12 }),
      fc.constantFrom('credential.issue', 'credential.renew', 'task.declare'),
      fc.constantFrom('readonly', 'admin'),
      fc.constantFrom(0, 1),
      fc.boolean(),
      (made, action, role, risk, withTask) => {
        const text = made
          .map(
            ([effect, principal, act, resource, when], at) =>
              `@id("p${at}") ${effect} (${principal}, ${act}, ${resource})${when};`,
          )
          .join('\n')
        // Not validated: scopes that can never fit are refused there, and are wanted here.
        const { policies = [] } = readPolicies(cedar, text)
        const ours = question(action, role, risk, withTask)
        const answer = engine.ask({ policies, warnings: [], index: indexPolicies(policies) }, ours)
        const whole = cedar.isAuthorized({
          principal: ours.principal,
          action: { type: 'Action', id: action },
          resource: ours.resource,
          context: ours.context as never,
          policies: { staticPolicies: Object.fromEntries(policies.map((one) => [one.id, one.text])) },
          entities: ours.entities as never,
        })
        if (whole.type === 'failure') throw new Error(JSON.stringify(whole.errors))
        const { decision, diagnostics } = whole.response
        const expected =
          diagnostics.errors.length > 0
            ? 'error'
            : decision === 'allow'
              ? 'permit'
              : diagnostics.reason.length > 0
                ? 'forbid'
                : 'no_match'
        asked += 1
        seen.add(expected)
        const determining =
          answer.outcome === 'permit' || answer.outcome === 'forbid' ? answer.determining.map((one) => one.id) : []
        expect([answer.outcome, ...determining.toSorted()]).toEqual([
          expected,
          ...(expected === 'error' ? [] : diagnostics.reason.toSorted()),
        ])
      },
    ),
    { numRuns: 150 },
  )
  expect([...seen].toSorted(), `control: every kind of answer was among the ${asked}`).toEqual([
    'error',
    'forbid',
    'no_match',
    'permit',
  ])
})

test('a slice holds what can match and leaves out what cannot', () => {
  const texts = [
    '@id("all") forbid (principal, action, resource);',
    '@id("mine") permit (principal == Identity::"job", action, resource == Role::"db/readonly");',
    '@id("within") permit (principal in Owner::"team", action, resource in Resource::"db");',
    '@id("other-role") permit (principal, action, resource == Role::"db/admin");',
    '@id("other-principal") permit (principal == Identity::"other", action, resource);',
    '@id("other-action") permit (principal, action == Action::"task.declare", resource);',
    '@id("other-type") permit (principal is Person, action, resource);',
  ]
  const { policies = [] } = readPolicies(cedar, texts.join('\n'))
  const slice = indexPolicies(policies).slice(question('credential.issue', 'readonly', 0, false))
  expect(slice.policies.map((one) => one.id)).toEqual(['all', 'mine', 'within'])
})
