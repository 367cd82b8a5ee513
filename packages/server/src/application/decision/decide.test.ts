import { type DecisionId, isId, type JsonObject, newId, type PolicyVersionId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { openCedar } from '../../adapters/cedar/cedar-instance.ts'
import { cedarSchema } from '../../adapters/cedar/cedar-schema.ts'
import { compilePolicies } from '../../adapters/cedar/compile-policies.ts'
import { createPolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import { buildQuestions } from './build-question.ts'
import { caseFacts } from './case-facts.ts'
import { decide } from './decide.ts'
import type { Facts } from './facts.ts'
import { policyCase } from './policy-case.ts'

const cedar = openCedar()
const engine = createPolicyEngine({ compile: async (text) => compilePolicies(cedar, cedarSchema(), text) })

async function factsUnder(text: string, asked: JsonObject): Promise<Facts> {
  await engine.load(text, text)
  return caseFacts(policyCase.parse({ name: 'a case', expect: { outcome: 'permit' }, ...asked }), text)
}

const issue = {
  principal: { identity: 'job', owner: 'team', environment: 'production' },
  action: 'credential.issue',
  resource: { role: 'db/readonly', owner: 'team', environment: 'production' },
  task: { seconds_left: 7_200, declared_by: { person: 'kim' } },
}

const permitWith = (...annotations: string[]) =>
  annotations.map((one, at) => `@id("p${at}") ${one} permit (principal, action, resource);`).join('\n')

async function dutiesUnder(text: string, asked: JsonObject = issue) {
  const decision = decide(engine, await factsUnder(text, asked))
  return decision.outcome === 'permit' ? decision.duties : decision.reasons.map((reason) => reason.code)
}

test('without a number the environment’s ceiling holds, and no number lifts it', async () => {
  expect(await dutiesUnder(permitWith(''))).toEqual({ maxTtlSeconds: 900 })
  expect(await dutiesUnder(permitWith('@max_ttl_seconds("86400")'))).toEqual({ maxTtlSeconds: 900 })
})

test('of several permits the union of duties holds, and the strictest value', async () => {
  const duties = await dutiesUnder(permitWith('@max_ttl_seconds("600")', '@max_ttl_seconds("120") @require_task', ''))
  expect(duties).toEqual({ maxTtlSeconds: 120, requireTask: true })
})

test('until the task’s deadline, capped', async () => {
  expect(await dutiesUnder(permitWith('@until_task_deadline("3600")', ''))).toEqual({
    maxTtlSeconds: 3_600,
    untilTaskDeadlineSeconds: 3_600,
  })
  const short = { ...issue, task: { ...issue.task, seconds_left: 1_800 } }
  expect(await dutiesUnder(permitWith('@until_task_deadline("3600")'), short)).toMatchObject({ maxTtlSeconds: 1_800 })
  expect(await dutiesUnder(permitWith('@until_task_deadline("3600")', '@max_ttl_seconds("60")'))).toMatchObject({
    maxTtlSeconds: 60,
  })
  const { task: _none, ...withoutTask } = issue
  expect(await dutiesUnder(permitWith('@until_task_deadline("3600")'), withoutTask)).toEqual({ maxTtlSeconds: 900 })
})

test('a duty that nobody can discharge is a deny with that reason', async () => {
  const { task: _none, ...withoutTask } = issue
  expect(await dutiesUnder(permitWith('@require_task'), withoutTask)).toEqual(['task_required'])
  expect(await dutiesUnder(permitWith('@require_task')), 'control: within a task it is discharged').toEqual({
    maxTtlSeconds: 900,
    requireTask: true,
  })
  expect(await dutiesUnder(permitWith('', '@require_approval'))).toEqual(['approval_not_available'])
  expect(await dutiesUnder(permitWith('@require_binding("address")'))).toEqual(['binding_not_offered'])
  const bound = { ...issue, resource: { ...issue.resource, offered_bindings: ['key'] } }
  expect(await dutiesUnder(permitWith('@require_binding("address")'), bound)).toMatchObject({
    requireBinding: 'address',
  })
})

test('an error in any policy denies, and names it', async () => {
  const text = `${permitWith('')}\n@id("broken") forbid (principal, action, resource) when { 9223372036854775807 + context.ttl_seconds > 0 };`
  const decision = decide(engine, await factsUnder(text.replace('context.ttl_seconds', '1 + context.risk'), issue))
  expect(decision).toMatchObject({ outcome: 'deny', reasons: [{ code: 'policy_error', policyId: 'broken' }] })
})

test('no active version, and a version that the engine does not have, deny', async () => {
  const { policy: _none, ...without } = await factsUnder(permitWith(''), issue)
  expect(decide(engine, without)).toMatchObject({ outcome: 'deny', reasons: [{ code: 'policy_missing' }] })
  const unknown = { ...without, policy: { policyVersionId: newId<PolicyVersionId>(), digest: 'unknown' } }
  expect(decide(engine, unknown)).toMatchObject({ outcome: 'deny', reasons: [{ code: 'engine_failed' }] })
})

test('no policy can permit what the rules in code deny', async () => {
  const facts = await factsUnder(permitWith(''), issue)
  const { principal, resource, task, now } = facts
  if (principal.kind !== 'identity' || resource.type !== 'Role' || task === undefined)
    throw new Error('facts of an issue')
  expect(decide(engine, facts).outcome, 'control: as they are they are permitted').toBe('permit')
  const codesOf = (changed: Partial<Facts>) => {
    const decision = decide(engine, { ...facts, ...changed })
    return decision.outcome === 'deny' ? decision.reasons.map((reason) => reason.code) : []
  }
  const owner = { ...principal.owner, answers: false }
  const attestation = facts.attestation
  const target = resource.target
  expect(codesOf({ principal: { ...principal, state: 'suspended' } })).toEqual(['identity_suspended'])
  expect(codesOf({ principal: { ...principal, state: 'retired' } })).toEqual(['identity_retired'])
  expect(codesOf({ principal: { ...principal, expiresAt: now } })).toEqual(['identity_expired'])
  expect(codesOf({ principal: { ...principal, owner } })).toEqual(['identity_ownerless'])
  expect(codesOf({ attestation: { ...attestation, freshUntil: now } })).toEqual(['attestation_stale'])
  expect(codesOf({ attestation: { ...attestation, state: 'lapsed' } })).toEqual(['attestation_stale'])
  expect(codesOf({ attestation: { ...attestation, state: 'revoked' } })).toEqual(['attestation_revoked'])
  expect(codesOf({ resource: { ...resource, retired: true } })).toEqual(['role_retired'])
  expect(codesOf({ resource: { ...resource, target: { ...target, retired: true } } })).toEqual(['resource_retired'])
  expect(codesOf({ resource: { ...resource, target: { ...target, delivery: 'gateway' } } })).toEqual([
    'delivery_not_offered',
  ])
  expect(codesOf({ task: { ...task, state: 'completed' } })).toEqual(['task_not_active'])
  expect(codesOf({ task: { ...task, deadline: now } })).toEqual(['task_not_active'])
  expect(codesOf({ task: { ...task, identity: { ...principal, identityId: newId() } } })).toEqual(['task_of_another'])
  expect(codesOf({ task: { ...task, roleIds: [] } })).toEqual(['role_not_in_task'])
  expect(codesOf({ resource: { type: 'Tenant', tenantId: facts.tenantId } })).toEqual(['principal_not_allowed'])
})

test('a person is issued no credential, whatever the policies say', async () => {
  const facts = await factsUnder(permitWith(''), { ...issue, principal: { person: 'ada', roles: ['administrator'] } })
  expect(decide(engine, facts)).toMatchObject({ reasons: [{ code: 'principal_not_allowed' }] })
})

test('nobody declares a task for a dead identity', async () => {
  const asked = {
    principal: { person: 'ada', roles: ['administrator'] },
    action: 'task.declare',
    resource: issue.resource,
    declares: { for: { identity: 'job', owner: 'team' } },
  }
  const facts = await factsUnder(permitWith(''), asked)
  if (facts.resource.type !== 'Identity') throw new Error('the doer is the resource')
  expect(decide(engine, facts).outcome).toBe('permit')
  const identity = { ...facts.resource.identity, state: 'suspended' as const }
  expect(decide(engine, { ...facts, resource: { type: 'Identity', identity } })).toMatchObject({
    reasons: [{ code: 'identity_suspended' }],
  })
})

test('a task is permitted only if each of its roles is', async () => {
  const text = '@id("readonly") permit (principal, action, resource == Role::"db/readonly");'
  const facts = await factsUnder(text, {
    principal: { person: 'ada' },
    action: 'task.declare',
    resource: issue.resource,
    declares: { for: { identity: 'job', owner: 'team' } },
  })
  const [role] = facts.declaring?.roles ?? []
  if (role === undefined || facts.declaring === undefined) throw new Error('facts of a declaration')
  expect(decide(engine, facts).outcome).toBe('permit')
  const both = { ...facts.declaring, roles: [role, { ...role, roleId: newId<typeof role.roleId>(), name: 'db/admin' }] }
  const decision = decide(engine, { ...facts, declaring: both })
  expect(decision).toMatchObject({ outcome: 'deny' })
  expect(JSON.stringify(decision)).toContain('no policy permits `task.declare` on `db/admin`')
})

test('every built question fits the published schema', async () => {
  const identity = { identity: 'job', owner: 'team', attributes: { tier: 'gold' } }
  const person = { person: 'ada', roles: ['administrator'], answers_for: ['team'] }
  const role = { role: 'db/readonly', owner: 'team' }
  const asked: (JsonObject & { action: string })[] = [
    { ...issue, ttl_seconds: 60, source_address: '10.0.0.1' },
    { ...issue, task: { declared_by: identity } },
    { ...issue, action: 'credential.renew', source_address: '::ffff:10.0.0.1' },
    { principal: identity, action: 'task.declare', resource: role, declares: {} },
    { principal: person, action: 'task.declare', resource: role, declares: { for: identity } },
    { principal: person, action: 'task.end', resource: { task_of: identity, declared_by: person } },
    { principal: identity, action: 'task.end', resource: { task_of: identity, declared_by: identity } },
    { principal: person, action: 'credential.read', resource: { credential_of: identity, role: 'db/readonly' } },
    { principal: person, action: 'owner.write', resource: { owner: 'team' } },
    { principal: person, action: 'identity.write', resource: identity },
    { principal: person, action: 'resource.write', resource: { resource: 'db', owner: 'team' } },
    { principal: person, action: 'trust_provider.write', resource: { trust_provider: 'github' } },
    { principal: person, action: 'policy.activate', resource: { policy_version: 'next' } },
    { principal: person, action: 'key.rotate', resource: 'tenant' },
  ]
  for (const one of asked) {
    for (const question of buildQuestions(await factsUnder(permitWith(''), one))) {
      const answer = cedar.isAuthorized({
        principal: question.principal,
        action: { type: 'Action', id: question.action },
        resource: question.resource,
        context: question.context as never,
        entities: question.entities as never,
        policies: { staticPolicies: 'permit (principal, action, resource);' },
        schema: cedarSchema(),
        validateRequest: true,
      })
      expect(answer).toMatchObject({ type: 'success', response: { decision: 'allow' } })
    }
  }
})

test('a decision says what it was made on, with an id of its own', async () => {
  const facts = await factsUnder(permitWith(''), { ...issue, ttl_seconds: 60 })
  const decision = decide(engine, facts)
  expect(isId(decision.decisionId satisfies DecisionId)).toBe(true)
  expect(decision.decisionId).not.toBe(decide(engine, facts).decisionId)
  expect(decision).toMatchObject({
    principal: { type: 'Identity', name: 'job', owner: 'team', strength: 'platform' },
    resource: { type: 'Role', name: 'db/readonly', environment: 'production' },
    context: { ttl_seconds: 60, delivery: 'direct', task: { kind: 'declared' } },
    determining: ['p0'],
  })
})
