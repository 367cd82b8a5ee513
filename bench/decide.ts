/**
 * How long a decision takes: hard rules, the question from the facts, the slice, Cedar, duties and the record of it.
 * With 10 policies and with 1,000, of which the same 10 can concern the question.
 */
import { createPolicyEngine } from '../packages/server/src/adapters/cedar/policy-engine.ts'
import { caseFacts } from '../packages/server/src/application/decision/case-facts.ts'
import { decide as decideOn } from '../packages/server/src/application/decision/decide.ts'
import type { Facts } from '../packages/server/src/application/decision/facts.ts'
import { policyCase } from '../packages/server/src/application/decision/policy-case.ts'
import { type Bench, timeResult } from './bench.ts'
import { measureRawDecisions, prepareRawDecision, tenPolicies } from './limits/decide.ts'

const rounds = 15
const decisionsInRound = 400

const question = policyCase.parse({
  name: 'a job in production, within a task',
  principal: { identity: 'payroll-job', owner: 'payroll', environment: 'production' },
  action: 'credential.issue',
  resource: { role: 'payroll-db/readonly', owner: 'payroll', environment: 'production' },
  task: { seconds_left: 600, declared_by: { person: 'kim', answers_for: ['payroll'] } },
  proof: { age_seconds: 12 },
  ttl_seconds: 600,
  source_address: '10.0.0.1',
  expect: { outcome: 'permit' },
})

/** What 1,000 policies look like: the ten, and permits of single roles to single identities, owners or resources. */
function thousandPolicies(): readonly string[] {
  const scopes = [
    (at: number) =>
      `principal == Identity::"job-${at}", action == Action::"credential.issue", resource == Role::"db-${at}/readonly"`,
    (at: number) =>
      `principal in Owner::"team-${at}", action == Action::"credential.issue", resource in Resource::"db-${at}"`,
    (at: number) => `principal == Identity::"job-${at}", action, resource is Role`,
  ]
  const more = Array.from(
    { length: 990 },
    (_, at) => `@id("scoped-${at}") permit (${scopes[at % scopes.length]?.(at)}) when { context.risk < 50 };`,
  )
  return [...tenPolicies, ...more]
}

export const decide: Bench = {
  name: 'decide',
  about: 'deciding on facts with 10 and with 1,000 policies, against Cedar alone with 10 parsed policies',
  async run(say) {
    const engine = createPolicyEngine()
    const few = tenPolicies.join('\n')
    const many = thousandPolicies().join('\n')
    await engine.load('few', few)
    const loadStartMs = performance.now()
    await engine.load('many', many)
    const loadMs = Math.round(performance.now() - loadStartMs)
    prepareRawDecision()

    const measure = (facts: Facts): number => {
      const startMs = performance.now()
      for (let at = 0; at < decisionsInRound; at += 1) {
        if (decideOn(engine, facts).outcome !== 'permit') throw new Error('a wrong answer')
      }
      return ((performance.now() - startMs) * 1_000) / decisionsInRound
    }
    const [withFew, withMany]: [number[], number[]] = [[], []]
    const limit: number[] = []
    for (let round = -1; round < rounds; round += 1) {
      const figures = [
        measure(caseFacts(question, 'few')),
        measureRawDecisions(decisionsInRound),
        measure(caseFacts(question, 'many')),
      ] as const
      // The first round warms up.
      if (round < 0) continue
      withFew.push(figures[0])
      limit.push(figures[1])
      withMany.push(figures[2])
      if (round % 5 === 4) say(`round ${round + 1} of ${rounds}`)
    }
    const limitIs = 'cedar-wasm alone, 10 parsed policies'
    return [
      timeResult('decide', 'us/decision, 10 policies', withFew, limit, limitIs),
      timeResult('decide', 'us/decision, 1,000 policies', withMany, limit, limitIs, {
        'ms to load 1,000 policies': loadMs,
      }),
    ]
  },
}
