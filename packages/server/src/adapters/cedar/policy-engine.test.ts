import { expect, test } from 'vitest'
import { type Cedar, openCedar } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'
import { compilePolicies } from './compile-policies.ts'
import { createPolicyEngine } from './policy-engine.ts'
import type { Question } from './question.ts'

const compiler = openCedar()
const compile = async (text: string) => compilePolicies(compiler, cedarSchema(), text)

const question: Question = {
  principal: { type: 'Identity', id: 'job' },
  action: 'token.introspect',
  resource: { type: 'Tenant', id: 't' },
  context: { risk: 1, chain_length: 0 },
  entities: [{ uid: { type: 'Identity', id: 'job' }, attrs: { kind: 'job' }, parents: [], tags: {} }],
}

const permitAll = '@id("all") permit (principal, action, resource);'
const overflow = '9223372036854775807 + context.risk > 0'

test('an error in any policy is an answer of its own, also where another one permits', async () => {
  const engine = createPolicyEngine({ compile })
  const sound = await engine.load('sound', permitAll)
  expect(engine.ask(sound, question).outcome, 'control: without the error it is permitted').toBe('permit')
  const broken = await engine.load(
    'broken',
    `${permitAll}\n@id("skipped") forbid (principal, action, resource) when { ${overflow} };`,
  )
  // Cedar alone would skip the forbid and allow.
  expect(engine.ask(broken, question)).toMatchObject({ outcome: 'error', errors: [{ policyId: 'skipped' }] })
})

test('no policy at all is no match', async () => {
  const engine = createPolicyEngine({ compile })
  expect(engine.ask(await engine.load('none', ''), question)).toEqual({ outcome: 'no_match', near: [] })
})

test('a permit whose conditions are not met is told as near', async () => {
  const engine = createPolicyEngine({ compile })
  const set = await engine.load('near', '@id("near") permit (principal, action, resource) when { context.risk > 5 };')
  expect(engine.ask(set, question)).toMatchObject({ outcome: 'no_match', near: [{ id: 'near' }] })
})

test('an instance that traps is replaced, and the question is asked again', async () => {
  const replaced: string[] = []
  let opened = 0
  const trapOnce = (): Cedar => {
    const cedar = openCedar()
    opened += 1
    if (opened > 1) return cedar
    return {
      ...cedar,
      statefulIsAuthorized: () => {
        throw new Error('memory access out of bounds')
      },
    }
  }
  const engine = createPolicyEngine({ compile, open: trapOnce, onReplaced: (why) => replaced.push(why) })
  const set = await engine.load('all', permitAll)
  expect(engine.ask(set, question).outcome).toBe('permit')
  expect(replaced).toEqual(['memory access out of bounds'])
})

test('an instance that really trapped is replaced', async () => {
  const instances: Cedar[] = []
  const engine = createPolicyEngine({
    compile,
    open: () => {
      const cedar = openCedar()
      instances.push(cedar)
      return cedar
    },
  })
  const set = await engine.load('all', permitAll)
  expect(engine.ask(set, question).outcome).toBe('permit')
  const nested = `permit (principal, action, resource) when { ${'('.repeat(400)}true${')'.repeat(400)} };`
  expect(() => instances[0]?.checkParsePolicySet({ staticPolicies: nested })).toThrow(
    /memory access|unreachable|call stack/,
  )
  expect(engine.ask(set, question).outcome).toBe('permit')
  expect(instances.length).toBe(2)
})

test('an engine that fails twice says so and permits nothing', async () => {
  const broken = (): Cedar => ({
    ...openCedar(),
    statefulIsAuthorized: () => {
      throw new Error('unreachable')
    },
  })
  const engine = createPolicyEngine({ compile, open: broken })
  expect(engine.ask(await engine.load('all', permitAll), question).outcome).toBe('failed')
})

test('more slices than slots: the slots are used again', async () => {
  const names = new Set<string>()
  const counting = (): Cedar => {
    const cedar = openCedar()
    return {
      ...cedar,
      preparsePolicySet: (name, set) => {
        names.add(name)
        return cedar.preparsePolicySet(name, set)
      },
    }
  }
  const engine = createPolicyEngine({ compile, open: counting })
  const text = Array.from(
    { length: 400 },
    (_, at) => `@id("p${at}") permit (principal == Identity::"job-${at}", action, resource);`,
  ).join('\n')
  const set = await engine.load('many', text)
  const ask = (at: number) => {
    const principal = { type: 'Identity', id: `job-${at}` }
    return engine.ask(set, { ...question, principal, entities: [] })
  }
  for (const round of [0, 1]) {
    for (let at = 0; at < 400; at++) {
      expect(ask(at), `round ${round}`).toMatchObject({ outcome: 'permit', determining: [{ id: `p${at}` }] })
    }
  }
  expect(names.size).toBe(256)
  expect(ask(400).outcome, 'control: a stranger is permitted nothing').toBe('no_match')
})
