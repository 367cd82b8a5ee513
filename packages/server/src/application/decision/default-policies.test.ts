import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { openCedar } from '../../adapters/cedar/cedar-instance.ts'
import { cedarSchema } from '../../adapters/cedar/cedar-schema.ts'
import { compilePolicies } from '../../adapters/cedar/compile-policies.ts'
import { createPolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import { policyCases } from './policy-case.ts'
import { runPolicyCases } from './run-policy-cases.ts'

const folder = new URL('../../../policies/', import.meta.url)
const text = await readFile(new URL('default.cedar', folder), 'utf8')
const { cases } = policyCases.parse(parse(await readFile(new URL('default.cases.yaml', folder), 'utf8')))

const cedar = openCedar()
const engine = createPolicyEngine({ compile: async (policies) => compilePolicies(cedar, cedarSchema(), policies) })
const results = await runPolicyCases(engine, text, cases)

test.each(results.map((result) => [result.name, result] as const))('%s', (_name, result) => {
  expect(result.differences).toEqual([])
})

test('each default policy decides some case', async () => {
  const { policies } = await engine.load('again', text)
  const decided = new Set(
    results.flatMap((result) => [
      ...result.determining,
      ...result.reasons.filter(({ code }) => code === 'policy_forbids').map(({ policyId }) => policyId),
    ]),
  )
  expect(policies.map((policy) => policy.id).filter((id) => !decided.has(id))).toEqual([])
})

test('each default policy says in words what it is for', async () => {
  const { policies } = await engine.load('again', text)
  expect(policies.filter((policy) => policy.description === '').map((policy) => policy.id)).toEqual([])
})

test('control: without the guard rails the same cases would be permitted', async () => {
  const open = await runPolicyCases(engine, '@id("all") permit (principal, action, resource);', cases)
  expect(open.every((result) => result.outcome === 'permit')).toBe(true)
})

test('a case that expects something else fails, and says how', async () => {
  const [first] = cases
  if (first === undefined) throw new Error('there are cases')
  const wrong = { ...first, expect: { outcome: 'deny' as const, policy: 'no-such-policy', reason: 'policy_forbids' } }
  const [result] = await runPolicyCases(engine, text, [wrong])
  expect(result).toMatchObject({ passed: false, outcome: 'permit' })
  expect(result?.differences).toHaveLength(3)
})

test('a misspelt fact of a case is refused', () => {
  const misspelt = policyCases.safeParse({ cases: [{ ...cases[0], resorce: 'tenant' }] })
  expect(misspelt.success).toBe(false)
})
