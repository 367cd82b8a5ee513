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

/** What a proof of a kind is worth where nobody says. */
export function usualStrength({ defaultStrength, maxStrength }: TrustProvider<unknown>): Strength {
  return defaultStrength ?? maxStrength
}

export function judgeFreshFor(
  faults: Faults,
  { kind, maxFreshForSeconds: max = 2_678_400 }: TrustProvider<unknown>,
  freshForSeconds: number | undefined,
): void {
  if (freshForSeconds === undefined) return
  if (!Number.isInteger(freshForSeconds) || freshForSeconds < 1 || freshForSeconds > max) {
    faults.add('/fresh_for_seconds', `must be a whole number from 1 to ${max} for kind \`${kind}\``)
  }
}

/** What bindings rest on stays as it is: under another issuer the same subject is somebody else. */
export function judgeFixedSettings(
  faults: Faults,
  { fixedSettings = [] }: TrustProvider<unknown>,
  current: JsonObject,
  wanted: JsonObject | undefined,
): void {
  for (const name of wanted === undefined ? [] : fixedSettings) {
    if (JSON.stringify(current[name]) !== JSON.stringify(wanted?.[name])) {
      faults.add(`/settings/${name}`, 'is fixed: bindings rest on it; register another trust provider')
    }
  }
}
