/**
 * The one gate. Nothing of a tenant is read or changed for anyone but by passing it (laws 8 and 13).
 */
import { MayflyError } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { RequestContext } from '../context.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import type { PermitDecision } from './decision.ts'
import type { AuthorityRequest } from './facts.ts'

export async function withAuthority<T>(
  _deps: AuthorityDeps,
  _ctx: RequestContext,
  _request: AuthorityRequest,
  _work: (tx: Tx, decision: PermitDecision) => Promise<T>,
): Promise<T> {
  throw new MayflyError('decision_engine_failed', { log: 'the gate stands closed: nothing decides yet' })
}
