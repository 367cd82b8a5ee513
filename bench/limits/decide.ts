/**
 * The limit of deciding: Cedar's WebAssembly alone, with ten parsed policies and a question that is ready to be asked.
 * Knows nothing of Mayfly's code.
 */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'

/** Ten policies that all can concern the question: what a team's own and the guard rails come to. */
export const tenPolicies = [
  '@id("own-team") permit (principal is Identity, action == Action::"credential.issue", resource is Role) when { resource.owner == principal.owner && resource.reach == "data" };',
  '@id("task") forbid (principal, action == Action::"credential.issue", resource is Role) when { resource.environment == "production" } unless { context has task };',
  '@id("environment") forbid (principal is Identity, action == Action::"credential.issue", resource is Role) when { principal.environment != resource.environment };',
  '@id("agents") forbid (principal is Identity, action == Action::"credential.issue", resource is Role) when { principal.kind == "agent" && context.delivery != "gateway" };',
  '@id("proof") forbid (principal, action == Action::"credential.issue", resource is Role) when { resource.environment == "production" && context.attestation.strength_rank < 1 };',
  '@id("restricted") forbid (principal is Identity, action == Action::"credential.issue", resource is Role) when { resource.data_class == "restricted" && principal.kind == "third_party" };',
  '@id("internet") forbid (principal, action == Action::"credential.issue", resource is Role) when { resource.exposure == "internet" && context.attestation.age_seconds > 3600 };',
  '@id("pipelines") permit (principal is Identity, action == Action::"credential.issue", resource is Role) when { principal.kind == "pipeline" && resource.reach == "deploy" };',
  '@id("risk") forbid (principal, action == Action::"credential.issue", resource) when { context.risk > 80 };',
  '@id("chain") forbid (principal, action == Action::"credential.issue", resource) when { context.chain_length > 3 };',
]

const owner = { type: 'Owner', id: 'payroll' }
const person = { type: 'Person', id: '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f' }
const identity = { type: 'Identity', id: 'payroll-job' }
const role = { type: 'Role', id: 'payroll-db/readonly' }

const call = {
  principal: identity,
  action: { type: 'Action', id: 'credential.issue' },
  resource: role,
  context: {
    now: { __extn: { fn: 'datetime', arg: '2026-11-22T12:00:00.000Z' } },
    attestation: {
      age_seconds: 12,
      strength: 'platform',
      strength_rank: 2,
      trust_provider: { __entity: { type: 'TrustProvider', id: 'github' } },
    },
    source_address: { __extn: { fn: 'ip', arg: '10.0.0.1' } },
    risk: 0,
    chain_length: 0,
    task: {
      id: { __entity: { type: 'Task', id: '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e60' } },
      kind: 'declared',
      seconds_left: 600,
      declared_by_self: false,
      declared_by_person: { __entity: person },
    },
    delivery: 'direct',
    ttl_seconds: 600,
  },
  entities: [
    {
      uid: identity,
      attrs: { kind: 'job', environment: 'production', owner: { __entity: owner } },
      parents: [owner],
      tags: {},
    },
    {
      uid: role,
      attrs: {
        environment: 'production',
        reach: 'data',
        data_class: 'internal',
        exposure: 'internal',
        provider: 'postgres',
        owner: { __entity: owner },
      },
      parents: [{ type: 'Resource', id: 'payroll-db' }, owner],
      tags: {},
    },
    { uid: person, attrs: { roles: [] }, parents: [owner] },
  ],
  preparsedPolicySetId: 'ten',
}

export function prepareRawDecision(): void {
  const parsed = cedar.preparsePolicySet('ten', { staticPolicies: tenPolicies.join('\n') })
  if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors))
}

/** @returns microseconds a decision */
export function measureRawDecisions(count: number): number {
  const startMs = performance.now()
  for (let at = 0; at < count; at += 1) {
    const answer = cedar.statefulIsAuthorized(call)
    if (answer.type === 'failure' || answer.response.decision !== 'allow') throw new Error('a wrong answer')
  }
  return ((performance.now() - startMs) * 1_000) / count
}
