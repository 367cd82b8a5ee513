import { type DecisionId, newId } from '@mayfly/domain'
import type { DenyDecision, PermitDecision } from './decision.ts'

/** Why a permit gives no JWT-SVID: that is bound to nothing; an X509-SVID is bound to its key. */
export function unboundDenial(decision: PermitDecision): DenyDecision | undefined {
  const wanted = decision.duties.requireBinding
  if (wanted === undefined || wanted === 'none') return undefined
  const detail = `a JWT-SVID is bound to nothing, and policy asks for \`${wanted}\`: get an X509-SVID`
  return {
    ...decision,
    decisionId: newId<DecisionId>(),
    outcome: 'deny',
    reasons: [{ code: 'binding_not_offered', detail }],
  }
}
