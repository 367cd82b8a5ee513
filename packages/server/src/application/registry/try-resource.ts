/**
 * Proves at a target, by doing, that settings, secret and a permission suffice, before anything is registered.
 *
 * Promise: nothing is kept: no row, no secret. Who may register a resource of the owner may try one.
 * Limit: the login that it makes has no credential row. It is short-lived at the target, and the check removes it.
 */
import { type DecisionId, type JsonValue, withDeadline } from '@mayfly/domain'
import { type CheckFinding, createMemoryEnds } from '@mayfly/provider-kit'
import type { Tx } from '../../store/database.ts'
import type { RequestContext } from '../context.ts'
import { collectFaults } from './faults.ts'
import { getAnsweringOwner } from './identity-fields.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { getProvider, judgeSecret, parseSettings } from './resource-settings.ts'
import { checkTimeoutMs, runCheck } from './run-check.ts'

export interface ResourceTry {
  readonly provider: string
  readonly owner: string
  readonly settings: unknown
  readonly secret: JsonValue
  /** Of the role that is to be; absent: no login is made. */
  readonly permission?: unknown
}

export interface ResourceTryDeps {
  gate<T>(
    ctx: RequestContext,
    request: { readonly action: 'resource.write'; readonly resource: { readonly type: 'Owner'; readonly id: string } },
    work: (tx: Tx, decision: { readonly decisionId: DecisionId }) => Promise<T>,
  ): Promise<T>
}

/** @throws MayflyError `policy_denied`, `request_invalid`, `provider_unknown`, `identity_owner_missing` */
export async function tryResource(
  deps: RegistryDeps & ResourceTryDeps,
  ctx: RequestContext,
  input: ResourceTry,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const asked = { action: 'resource.write', resource: { type: 'Owner', id: input.owner } } as const
  const provider = await deps.gate(ctx, asked, async (tx) => {
    await getAnsweringOwner(tx, input.owner)
    return getProvider(deps, input.provider)
  })
  const faults = collectFaults()
  parseSettings(faults, provider, input.settings)
  judgeSecret(faults, provider, input.secret)
  if (input.permission !== undefined) faults.parse('/permission', provider.permission, input.permission)
  faults.refuse()
  const settings = provider.settings.parse(input.settings)
  const entered = provider.secret.parse(input.secret)
  const completed = await provider.completeSecret?.(settings, entered, undefined)
  const secret = completed === undefined ? entered : provider.secret.parse(JSON.parse(completed.reveal()))
  const target = await provider.open({ settings, secret, published: createMemoryEnds() })
  try {
    return await withDeadline([signal], checkTimeoutMs, (limit) =>
      runCheck({ provider, use: (work) => work(target) }, input.permission, limit),
    )
  } finally {
    await target.close()
  }
}
