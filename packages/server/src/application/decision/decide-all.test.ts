import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openCedar } from '../../adapters/cedar/cedar-instance.ts'
import { cedarSchema } from '../../adapters/cedar/cedar-schema.ts'
import { compilePolicies } from '../../adapters/cedar/compile-policies.ts'
import { createPolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import { caseFacts } from './case-facts.ts'
import { decideAll } from './decide-all.ts'
import { questionsOf } from './delegated-questions.ts'
import type { Facts } from './facts.ts'
import { policyCase } from './policy-case.ts'
import { policyDigest } from './policy-digest.ts'

const text = await readFile(new URL('../../../policies/default.cedar', import.meta.url), 'utf8')
const cedar = openCedar()
const engine = createPolicyEngine({ compile: async (policies) => compilePolicies(cedar, cedarSchema(), policies) })

async function factsOf(more: object = {}, policies = text): Promise<Facts> {
  const digest = policyDigest(policies)
  await engine.load(digest, policies)
  const asked = policyCase.parse({
    name: 'a case',
    principal: { identity: 'orders-api', kind: 'service', owner: 'orders' },
    action: 'credential.issue',
    resource: { role: 'stock-api/reader', owner: 'orders', provider: 'jwt' },
    on_behalf_of: { identity: 'orders-web', kind: 'service', owner: 'orders' },
    expect: { outcome: 'permit' },
    ...more,
  })
  return caseFacts(asked, digest)
}

test('who acts for another is asked about three times: itself, the acting, and the other', async () => {
  const facts = await factsOf()
  expect(
    questionsOf(facts).map(({ action, principal }) => [action, principal.kind === 'identity' && principal.name]),
  ).toEqual([
    ['credential.issue', 'orders-api'],
    ['token.exchange', 'orders-api'],
    ['credential.issue', 'orders-web'],
  ])
  const decision = decideAll(engine, facts)
  expect(decision).toMatchObject({ outcome: 'permit', action: 'credential.issue' })
  expect(decision.outcome === 'permit' && decision.alongside?.map(({ action }) => action)).toEqual([
    'token.exchange',
    'credential.issue',
  ])
})

test('of a person there is no role to hold, so only the acting is asked beside', async () => {
  const facts = await factsOf({ on_behalf_of: { person: 'kim', answers_for: ['orders'] } })
  expect(questionsOf(facts)).toHaveLength(2)
  expect(decideAll(engine, facts).outcome).toBe('permit')
  const stranger = await factsOf({ on_behalf_of: { person: 'eve', answers_for: ['payroll'] } })
  expect(decideAll(engine, stranger)).toMatchObject({ outcome: 'deny', action: 'token.exchange' })
})

test('one no is a no, whichever of the three it is', async () => {
  const without = (principal: string, action: string) =>
    factsOf(
      {},
      `${text}\n@id("no") forbid (principal == Identity::"${principal}", action == Action::"${action}", resource);`,
    )
  for (const [principal, action] of [
    ['orders-api', 'credential.issue'],
    ['orders-api', 'token.exchange'],
    ['orders-web', 'credential.issue'],
  ] as const) {
    expect(decideAll(engine, await without(principal, action))).toMatchObject({ outcome: 'deny', action })
  }
  expect(decideAll(engine, await without('orders-web', 'token.exchange')).outcome, 'control').toBe('permit')
})

test('the strictest duty of the three holds', async () => {
  const duty = (principal: string, duties: string) =>
    `@id("more-${principal}") ${duties} permit (principal == Identity::"${principal}", action == Action::"credential.issue", resource is Role);`
  const facts = await factsOf(
    {},
    `${text}\n${duty('orders-web', '@max_ttl_seconds("60")')}\n${duty('orders-api', '@max_ttl_seconds("90")')}`,
  )
  expect(decideAll(engine, facts)).toMatchObject({ outcome: 'permit', duties: { maxTtlSeconds: 60 } })
  const bound = await factsOf(
    { resource: { role: 'stock-api/reader', owner: 'orders', provider: 'jwt', offered_bindings: ['key', 'none'] } },
    `${text}\n${duty('orders-web', '@require_binding("key")')}`,
  )
  expect(decideAll(engine, bound)).toMatchObject({ outcome: 'permit', duties: { requireBinding: 'key' } })
})

test('no policy lets anyone act for the dead, nor through more hands than four', async () => {
  const open = '@id("all") permit (principal, action, resource);'
  const facts = await factsOf({}, open)
  expect(decideAll(engine, facts).outcome, 'control').toBe('permit')
  const { onBehalfOf } = facts
  if (onBehalfOf?.subject.kind !== 'identity') throw new Error('the case has a subject')
  const changed: readonly (readonly [Partial<Facts>, string])[] = [
    [{ chainLength: 5 }, 'chain_too_long'],
    [{ onBehalfOf: { ...onBehalfOf, subject: { ...onBehalfOf.subject, state: 'suspended' } } }, 'identity_suspended'],
    [{ onBehalfOf: { ...onBehalfOf, subject: { ...onBehalfOf.subject, expiresAt: facts.now } } }, 'identity_expired'],
    [
      { onBehalfOf: { ...onBehalfOf, attestation: { ...onBehalfOf.attestation, state: 'revoked' } } },
      'attestation_revoked',
    ],
    [
      { onBehalfOf: { ...onBehalfOf, attestation: { ...onBehalfOf.attestation, freshUntil: facts.now } } },
      'attestation_stale',
    ],
  ]
  for (const [change, code] of changed) {
    const decision = decideAll(engine, { ...facts, ...change })
    expect(decision, code).toMatchObject({
      outcome: 'deny',
      reasons: expect.arrayContaining([expect.objectContaining({ code })]),
    })
  }
})
