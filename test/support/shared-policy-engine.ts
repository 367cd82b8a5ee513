import { createPolicyEngine, type PolicyEngine } from '../../packages/server/src/adapters/cedar/policy-engine.ts'

let engine: PolicyEngine | undefined

/** One for all suites of a process: it keeps compiled policies by their digest, and to compile them takes most of a second. */
export function sharedPolicyEngine(): PolicyEngine {
  engine ??= createPolicyEngine()
  return engine
}
