import type { PolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import { caseFacts } from './case-facts.ts'
import { decide } from './decide.ts'
import type { Decision, DenyReason } from './decision.ts'
import type { Duties } from './duties.ts'
import type { PolicyCase } from './policy-case.ts'
import { policyDigest } from './policy-digest.ts'

export interface PolicyCaseResult {
  readonly name: string
  readonly passed: boolean
  readonly outcome: Decision['outcome']
  readonly determining: readonly string[]
  readonly reasons: readonly DenyReason[]
  readonly duties?: Duties
  /** What differs from what was expected, in words; empty where it passed. */
  readonly differences: readonly string[]
}

/**
 * Runs cases against a policy text. Touches no database and changes nothing.
 *
 * The identities, people and resources of a case are alive and its proof is fresh: what is tested are the policies, and
 * how they meet with the rules that are code.
 *
 * @throws MayflyError `policy_invalid` with every fault
 */
export async function runPolicyCases(
  engine: PolicyEngine,
  text: string,
  cases: readonly PolicyCase[],
): Promise<PolicyCaseResult[]> {
  const digest = policyDigest(text)
  await engine.load(digest, text)
  return cases.map((one) => judge(one, decide(engine, caseFacts(one, digest))))
}

function judge({ name, expect }: PolicyCase, decision: Decision): PolicyCaseResult {
  const { outcome, determining } = decision
  const reasons = decision.outcome === 'deny' ? decision.reasons : []
  const duties = decision.outcome === 'permit' ? decision.duties : undefined
  const named = new Set([...determining, ...reasons.map((reason) => reason.policyId)])
  const differences: string[] = []
  if (outcome !== expect.outcome) differences.push(`expected \`${expect.outcome}\`, got \`${outcome}\``)
  if (expect.policy !== undefined && !named.has(expect.policy)) {
    differences.push(`\`${expect.policy}\` is not among the policies that determined it`)
  }
  if (expect.reason !== undefined && !reasons.some(({ code }) => code === expect.reason)) {
    differences.push(`\`${expect.reason}\` is not among the reasons`)
  }
  if (expect.max_ttl_seconds !== undefined && duties?.maxTtlSeconds !== expect.max_ttl_seconds) {
    differences.push(`expected at most ${expect.max_ttl_seconds} s, got ${duties?.maxTtlSeconds ?? 'none'}`)
  }
  const passed = differences.length === 0
  return { name, passed, outcome, determining, reasons, differences, ...(duties === undefined ? {} : { duties }) }
}
