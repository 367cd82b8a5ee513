/** Decides everything that must be permitted; one no is a no. */
import { bindings } from '@mayfly/domain'
import type { PolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import { decide } from './decide.ts'
import type { Decision, PermitDecision } from './decision.ts'
import { questionsOf } from './delegated-questions.ts'
import type { Duties } from './duties.ts'
import type { Facts } from './facts.ts'

/**
 * @returns the first denial; else the permit of the question itself, with the strictest of all duties and the other permits
 * `alongside`
 */
export function decideAll(engine: PolicyEngine, facts: Facts): Decision {
  const [first, ...others] = questionsOf(facts)
  const decision = decide(engine, first)
  if (decision.outcome === 'deny' || others.length === 0) return decision
  const alongside: PermitDecision[] = []
  for (const question of others) {
    const answer = decide(engine, question)
    if (answer.outcome === 'deny') return answer
    alongside.push(answer)
  }
  return { ...decision, duties: [decision, ...alongside].map(({ duties }) => duties).reduce(stricter), alongside }
}

function stricter(one: Duties, other: Duties): Duties {
  // Strongest first in the vocabulary.
  const requireBinding = bindings.find((binding) => [one, other].some((duties) => duties.requireBinding === binding))
  return {
    ...one,
    ...other,
    maxTtlSeconds: Math.min(one.maxTtlSeconds, other.maxTtlSeconds),
    ...(requireBinding === undefined ? {} : { requireBinding }),
    ...(one.untilTaskDeadlineSeconds === undefined || other.untilTaskDeadlineSeconds === undefined
      ? {}
      : { untilTaskDeadlineSeconds: Math.min(one.untilTaskDeadlineSeconds, other.untilTaskDeadlineSeconds) }),
  }
}
