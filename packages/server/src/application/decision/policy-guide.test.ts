import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { openCedar } from '../../adapters/cedar/cedar-instance.ts'
import { cedarSchema } from '../../adapters/cedar/cedar-schema.ts'
import { compilePolicies } from '../../adapters/cedar/compile-policies.ts'
import { createPolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import { policyCases } from './policy-case.ts'
import { runPolicyCases } from './run-policy-cases.ts'

const read = (page: string) => readFile(new URL(`../../../../../docs/guides/${page}`, import.meta.url), 'utf8')
const guide = await read('write-a-policy.md')
const boundTokens = await read('get-a-bound-token.md')
const defaults = await readFile(new URL('../../../policies/default.cedar', import.meta.url), 'utf8')
const cedar = openCedar()
const compile = async (text: string) => compilePolicies(cedar, cedarSchema(), text)

function blocks(language: string, page = guide): string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, its]) => its === language)
    .map(([, , text]) => text ?? '')
}

test('the policies of the guide compile beside the default ones', async () => {
  const examples = blocks('cedar')
  expect(examples.length).toBeGreaterThan(1)
  const result = await compile([defaults, ...examples].join('\n'))
  expect(result).toMatchObject({ ok: true, warnings: [] })
})

test('the policy that asks for bound tokens does so', async () => {
  const text = [defaults, ...blocks('cedar', boundTokens)].join('\n')
  expect(await compile(text)).toMatchObject({ ok: true, warnings: [] })
  const asked = (boundTo: 'none' | 'key', expected: object) => ({
    name: `a token bound to ${boundTo}`,
    principal: { identity: 'orders-api', kind: 'service', environment: 'production' },
    action: 'credential.issue',
    resource: { role: 'orders-db/readonly', environment: 'production' },
    proof: { bound_to: boundTo },
    task: {},
    expect: expected,
  })
  const { cases } = policyCases.parse({
    cases: [
      asked('none', { outcome: 'deny', policy: 'production-takes-bound-tokens-only' }),
      asked('key', { outcome: 'permit' }),
    ],
  })
  const results = await runPolicyCases(createPolicyEngine({ compile }), text, cases)
  expect(results.flatMap((result) => result.differences)).toEqual([])
})

test('the cases of the guide pass', async () => {
  const [example] = blocks('yaml')
  const { cases } = policyCases.parse(parse(example ?? ''))
  const results = await runPolicyCases(createPolicyEngine({ compile }), defaults, cases)
  expect(results.flatMap((result) => result.differences)).toEqual([])
})

test('the policy that sees how old trust material is answers as its page says', async () => {
  const page = await read('without-a-network.md')
  const [policy = ''] = blocks('cedar', page)
  const [example = ''] = blocks('yaml', page)
  const { cases } = policyCases.parse(parse(example))
  expect(cases.map(({ expect: { outcome } }) => outcome)).toEqual(['deny', 'permit'])
  const results = await runPolicyCases(createPolicyEngine({ compile }), `${defaults}\n${policy}`, cases)
  expect(results.flatMap((result) => result.differences)).toEqual([])
})
