import { expect, test } from 'vitest'
import type { PolicyFault } from './compiled-policy.ts'
import { openCedar } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'
import { compilePolicies } from './compile-policies.ts'
import { compileApart } from './policy-compiler.ts'

const cedar = openCedar()

function faultsOf(text: string): readonly PolicyFault[] {
  const result = compilePolicies(cedar, cedarSchema(), text)
  return result.ok ? [] : result.faults
}

test('a good policy compiles to its scope, its duties and what it reads', () => {
  const result = compilePolicies(
    cedar,
    cedarSchema(),
    `@id("a") @description("because") @max_ttl_seconds("600") @require_task
permit (principal in Owner::"payroll", action in [Action::"credential.issue"], resource is Role in Resource::"db")
when { principal.kind == "job" && context has ttl_seconds };`,
  )
  expect(result).toMatchObject({
    ok: true,
    policies: [
      {
        id: 'a',
        effect: 'permit',
        description: 'because',
        duties: { maxTtlSeconds: 600, requireTask: true },
        principal: { within: { type: 'Owner', id: 'payroll' } },
        actions: ['credential.issue'],
        resource: { type: 'Role', within: { type: 'Resource', id: 'db' } },
        attributes: ['kind', 'ttl_seconds'],
        usedWhole: ['kind'],
        wholeContext: false,
      },
    ],
  })
})

test('an unknown annotation is refused with its line and its policy', () => {
  const faults = faultsOf(`// é, two bytes\n@id("ok") permit (principal, action, resource);\n
@id("typo")
@require_aproval
permit (principal, action, resource);`)
  expect(faults).toEqual([
    expect.objectContaining({
      line: 4,
      column: 1,
      policyId: 'typo',
      message: 'there is no annotation `@require_aproval`',
    }),
  ])
  expect(faults[0]?.hint).toContain('@require_approval')
})

test.each([
  ['@max_ttl_seconds("0")', 'is not a number of seconds'],
  ['@max_ttl_seconds("15m")', 'is not a number of seconds'],
  ['@max_ttl_seconds("2678401")', 'is not a number of seconds'],
  ['@max_ttl_seconds', 'is not a number of seconds'],
  ['@until_task_deadline("604801")', 'is not a number of seconds'],
  ['@until("2027-04-31")', 'is no day and no moment'],
  ['@until("tomorrow")', 'is no day and no moment'],
  ['@require_binding("hope")', 'does not know `hope`'],
  ['@require_task("maybe")', 'takes no value'],
])('%s is refused', (annotation, message) => {
  expect(faultsOf(`@id("p") ${annotation} permit (principal, action, resource);`)[0]?.message).toContain(message)
})

test('each policy needs an id of its own, and a forbid has no duties', () => {
  const text = `permit (principal, action, resource);
@id("twice") permit (principal, action, resource);
@id("twice") permit (principal, action, resource);
@id("no good") permit (principal, action, resource);
@id("duty") @require_task forbid (principal, action, resource);`
  expect(faultsOf(text).map(({ line, message }) => `${line}: ${message}`)).toEqual([
    '1: the policy has no `@id`',
    '3: the `@id` is used already by the policy on line 2',
    '4: `@id("no good")` is not a usable name',
    '5: a forbid has no duties, but has `@require_task`',
  ])
})

test('what the schema does not know is refused where it stands, also in the twelfth policy', () => {
  const many = Array.from({ length: 11 }, (_, at) => `@id("p${at}") permit (principal, action, resource);`).join('\n')
  const text = `${many}\n@id("wrong")\npermit (principal is Identity, action, resource)\nwhen { principal.knid == "job" };`
  expect(faultsOf(text)).toEqual([
    {
      line: 14,
      column: 8,
      policyId: 'wrong',
      message: 'attribute `knid` on entity type `Identity` not found',
      hint: 'did you mean `kind`?',
    },
  ])
})

test('a syntax error says where and what was expected', () => {
  const [fault] = faultsOf('@id("a")\npermit (principal, action resource);')
  expect(fault).toMatchObject({ line: 2, column: 27, message: 'unexpected token `resource`' })
})

test('templates are refused', () => {
  expect(faultsOf('@id("a") permit (principal == ?principal, action, resource);')[0]?.message).toContain('templates')
})

test('400 nested parentheses are a fault of the text, where they begin to be too many', async () => {
  const nested = `@id("deep")\npermit (principal, action, resource) when { ${'('.repeat(400)}true${')'.repeat(400)} };`
  const result = await compileApart(nested)
  expect(result).toMatchObject({ ok: false, faults: [{ line: 2, message: 'brackets are nested more than 50 deep' }] })
})

test('nesting of another kind makes Cedar trap, in a process that is thrown away', async () => {
  const nested = `@id("deep") permit (principal, action, resource) when { ${'if true then '.repeat(3_000)}true${' else true'.repeat(3_000)} };`
  const result = await compileApart(nested)
  expect(result).toMatchObject({
    ok: false,
    faults: [{ message: 'the text is nested too deeply for the policy engine' }],
  })
  const after = await compileApart('@id("a") permit (principal, action, resource);')
  expect(after.ok, 'control: the next text is compiled as if nothing had been').toBe(true)
})

test('text that takes too long is given up', async () => {
  const text = Array.from({ length: 5_000 }, (_, at) => `@id("p${at}") permit (principal, action, resource);`).join(
    '\n',
  )
  const result = await compileApart(text, { timeoutMs: 150 })
  expect(result).toMatchObject({ ok: false, faults: [{ message: 'the text takes longer than 150 ms to check' }] })
})

test('where no process can be had, that is not the fault of the text', async () => {
  const node = process.execPath
  try {
    process.execPath = '/bin/false'
    await expect(compileApart('@id("a") permit (principal, action, resource);')).rejects.toMatchObject({
      code: 'decision_engine_failed',
    })
    process.execPath = '/nowhere/node'
    await expect(compileApart('@id("a") permit (principal, action, resource);')).rejects.toMatchObject({
      code: 'decision_engine_failed',
    })
  } finally {
    process.execPath = node
  }
  expect((await compileApart('@id("a") permit (principal, action, resource);')).ok, 'control').toBe(true)
})

test('brackets in strings and comments do not nest', () => {
  const brackets = '('.repeat(100)
  expect(
    faultsOf(`// ${brackets}\n@id("a") @description("\\"${brackets}") permit (principal, action, resource);`),
  ).toEqual([])
})
