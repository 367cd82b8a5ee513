/**
 * A host agent vouches for a process of its host: it has read from the kernel who is at the other end of its socket.
 *
 * Promise: only agents that are named here may vouch, each proven itself and no weaker than asked; what they vouch for is
 * worth no more than their own proof, and ends with it.
 * Limit: an agent is believed in all that it says of its host, and root on that host can be any of its processes. A
 * runner that many share is one process to the kernel, whoever's job it runs.
 */
import { randomUUID } from 'node:crypto'
import { strengthRank, strengths } from '@mayfly/domain'
import { z } from 'zod'
import { exactText, refuse, refuseKey } from '../exact-claims.ts'
import { policyClaimsOf } from '../policy-claims.ts'
import {
  type BindingInput,
  type BindingRule,
  type ProofExpectations,
  proofIn,
  type ProofVerdict,
  type ReadProof,
  rejected,
  type TrustProvider,
} from '../trust-provider.ts'
import { findValueFault, parseSelector, type SelectorType, selectorTypes } from './selectors.ts'

const settings = z.strictObject({
  agents: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be the name of an identity'))
    .min(1)
    .max(1000)
    .describe('names of the identities that may vouch: the host agents'),
  require_selectors: z
    .array(z.enum(selectorTypes))
    .max(selectorTypes.length)
    .default([])
    .describe('selectors that every binding must name, e.g. `unix:path` and `unix:sha256`'),
  min_agent_strength: z
    .enum(strengths.filter((one) => one !== 'bootstrap'))
    .default('bound_key')
    .describe("what the agent's own proof must be worth at least"),
})
export type HostAgentSettings = z.output<typeof settings>

type ProcessProof = Extract<ReadProof, { form: 'process' }>

export const hostAgentTrustProvider: TrustProvider<HostAgentSettings> = {
  kind: 'host_agent',
  title: 'processes of a host, vouched for by its host agent',
  forms: ['process'],
  settings,
  maxStrength: 'platform',
  renewal: 'new_proof',
  severalHolders: true,
  issuerOf: () => null,
  parseBinding,
  open: (config) => ({ verify: (proof, expected) => verifyProcess(config, proofIn('process', proof), expected) }),
}

function parseBinding(input: BindingInput, config: HostAgentSettings): BindingRule {
  refuseKey(input, 'host_agent')
  const subject = exactText('/subject', input.subject)
  const first = parseSelector(subject)
  if (first === undefined) {
    throw refuse(
      '/subject',
      `\`${subject}\` is no selector`,
      `write e.g. \`unix:uid:1000\`; types: ${selectorTypes.join(', ')}`,
    )
  }
  const claims: Record<string, string> = {}
  for (const [type, value] of Object.entries(input.claims ?? {})) {
    const pointer = `/claims/${type}`
    if (!isSelectorType(type)) {
      throw refuse(pointer, 'is no type of selector', `there are ${selectorTypes.join(', ')}`)
    }
    const text = String(value)
    const fault = findValueFault(type, text)
    if (fault !== undefined) throw refuse(pointer, fault, 'write the value that the agent will see')
    if (type === first.type && text !== first.value) {
      throw refuse(pointer, 'is another value than that of `subject`', 'no process has both')
    }
    claims[type] = text
  }
  const missing = config.require_selectors.filter((type) => type !== first.type && claims[type] === undefined)
  if (missing.length > 0) {
    throw refuse(
      '/claims',
      `this trust provider asks for ${missing.map((type) => `\`${type}\``).join(' and ')}`,
      'add them: without, other programs of the same user would be this identity',
    )
  }
  return { subject, claims, publicJwk: null }
}

function verifyProcess(config: HostAgentSettings, proof: ProcessProof, expected: ProofExpectations): ProofVerdict {
  const { agent, selectors, instance } = proof
  if (!config.agents.includes(agent.name)) {
    return rejected('agent_not_allowed', `\`${agent.name}\` is no host agent of this trust provider`)
  }
  if (strengthRank(agent.strength) < strengthRank(config.min_agent_strength)) {
    return rejected(
      'agent_not_allowed',
      `the agent's own proof is \`${agent.strength}\`, at least \`${config.min_agent_strength}\` is asked for`,
    )
  }
  if (agent.freshUntil <= expected.now) return rejected('proof_expired', "the agent's own proof is stale")
  const claims: Partial<Record<SelectorType, string>> = {}
  for (const text of selectors) {
    const selector = parseSelector(text)
    if (selector === undefined) return rejected('proof_malformed', `\`${text.slice(0, 100)}\` is no selector`)
    if (claims[selector.type] !== undefined && claims[selector.type] !== selector.value) {
      // Supplementary groups would be the one honest reason, and they prove little.
      return rejected('proof_malformed', `\`${selector.type}\` is there twice`)
    }
    claims[selector.type] = selector.value
  }
  return {
    outcome: 'accepted',
    subjects: selectors,
    claims,
    policyClaims: { ...policyClaimsOf(claims, selectorTypes), host: agent.name },
    instance: `${agent.identityId}/${instance}`,
    // An agent may vouch for the same process again and again: each time is a proof of its own.
    uniqueId: `process:${randomUUID()}`,
    expiresAt: new Date(expected.now.getTime() + 60_000),
    recorded: { host: agent.name, selectors: [...selectors] },
    freshUntil: agent.freshUntil,
    maxStrength: agent.strength,
  }
}

function isSelectorType(text: string): text is SelectorType {
  return (selectorTypes as readonly string[]).includes(text)
}
