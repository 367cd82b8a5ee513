import {
  type JsonObject,
  MayflyError,
  type Strength,
  strengthRank,
  type TrustProviderKind,
  trustProviderKinds,
} from '@mayfly/domain'
import type { TrustProvider } from '../../adapters/trust-providers/trust-provider.ts'
import { trustProviderOf } from '../../adapters/trust-providers/trust-providers.ts'
import type { Faults } from './faults.ts'

/** @throws MayflyError `provider_unknown` */
export function getTrustProviderPlugIn(kind: string): TrustProvider<unknown> {
  if ((trustProviderKinds as readonly string[]).includes(kind)) return trustProviderOf(kind as TrustProviderKind)
  const detail = `there is no kind of trust provider \`${kind}\`; there are ${trustProviderKinds.join(', ')}`
  throw new MayflyError('provider_unknown', { publicDetail: detail, fields: [{ pointer: '/kind', detail }] })
}

/** @returns the settings as they are stored, and their issuer; undefined where faults were added */
export function parseTrustSettings(
  faults: Faults,
  plugIn: TrustProvider<unknown>,
  settings: unknown,
): { settings: JsonObject; issuer: string | null } | undefined {
  const parsed = faults.parse('/settings', plugIn.settings, settings)
  return parsed === undefined ? undefined : { settings: parsed as JsonObject, issuer: plugIn.issuerOf(parsed) }
}

/** A kind of proof is worth what it is worth: no setting makes a bearer token hardware. */
export function judgeStrength(faults: Faults, plugIn: TrustProvider<unknown>, strength: Strength | undefined): void {
  if (strength !== undefined && strengthRank(strength) > strengthRank(plugIn.maxStrength)) {
    faults.add(
      '/strength',
      `is more than a proof of kind \`${plugIn.kind}\` can be worth: at most ${plugIn.maxStrength}`,
    )
  }
}

export function judgeFreshFor(faults: Faults, freshForSeconds: number | undefined): void {
  if (freshForSeconds === undefined) return
  if (!Number.isInteger(freshForSeconds) || freshForSeconds < 1 || freshForSeconds > 2_678_400) {
    faults.add('/fresh_for_seconds', 'must be a whole number from 1 to 2678400 (31 days)')
  }
}
