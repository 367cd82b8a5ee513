/** Runs what a provider can prove by doing, and turns a target that cannot be spoken to into one of its findings. */
import { type CredentialId, MayflyError, newId } from '@mayfly/domain'
import type { CheckFinding } from '@mayfly/provider-kit'
import type { OpenTarget, PreparedTarget } from '../../adapters/targets/targets.ts'

export const checkTimeoutMs = 60_000

/** @param permission a role's, as it is stored; absent: what can be shown without one */
export async function runCheck(
  target: PreparedTarget,
  permission: unknown,
  signal: AbortSignal,
): Promise<CheckFinding[]> {
  const { provider } = target
  const probe = {
    newHandle: () => provider.plan(newId<CredentialId>()),
    ...(permission === undefined ? {} : { permission: provider.permission.parse(permission) }),
  }
  try {
    return [...(await target.use((open: OpenTarget) => open.check(probe, signal)))]
  } catch (error) {
    // That the target cannot be reached is what a check is there to find.
    if (!(error instanceof MayflyError) || !error.code.startsWith('target_')) throw error
    const { publicDetail, hint } = error.options
    const detail = publicDetail ?? error.code.replaceAll('_', ' ')
    return [{ check: 'connection', outcome: 'failed', detail, ...(hint === undefined ? {} : { hint }) }]
  }
}
