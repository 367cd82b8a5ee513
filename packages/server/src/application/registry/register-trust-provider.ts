import { findNameFault, newId, type Strength, type TrustProviderId } from '@mayfly/domain'
import { insertTrustProvider, type TrustProviderRow } from '../../store/trust-provider-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from './change.ts'
import { allFields } from './diff-fields.ts'
import { collectFaults } from './faults.ts'
import { recordChange } from './record-change.ts'
import {
  getTrustProviderPlugIn,
  judgeFreshFor,
  judgeStrength,
  parseTrustSettings,
  usualStrength,
} from './trust-provider-fields.ts'

export interface NewTrustProvider {
  readonly name: string
  readonly kind: string
  readonly settings: unknown
  /** Default: what its kind is usually worth. */
  readonly strength?: Strength | undefined
  /** How long a proof counts; at its end it is proven again, or what it gave ends. Default 3,600. */
  readonly freshForSeconds?: number | undefined
}

export const defaultFreshForSeconds = 3_600

export const shownTrustProviderFields = ['name', 'kind', 'issuer', 'strength', 'fresh_for_seconds', 'state']

/** @throws MayflyError `request_invalid`, `provider_unknown`, `name_taken` (the name, or the issuer) */
export async function registerTrustProvider(
  change: Change,
  input: NewTrustProvider,
): Promise<Changed<TrustProviderRow>> {
  const plugIn = getTrustProviderPlugIn(input.kind)
  const faults = collectFaults()
  faults.add('/name', findNameFault(input.name))
  const parsed = parseTrustSettings(faults, plugIn, input.settings)
  judgeStrength(faults, plugIn, input.strength)
  judgeFreshFor(faults, plugIn, input.freshForSeconds)
  faults.refuse()
  if (parsed === undefined) throw new Error('a fault was not told')
  const wanted = {
    name: input.name,
    kind: input.kind,
    issuer: parsed.issuer,
    settings: parsed.settings,
    strength: input.strength ?? usualStrength(plugIn),
    fresh_for_seconds: input.freshForSeconds ?? defaultFreshForSeconds,
  }
  const row = await insertTrustProvider(change.tx, {
    trust_provider_id: newId<TrustProviderId>(),
    ...wanted,
    settings: JSON.stringify(parsed.settings),
    created_at: change.now,
  })
  const changes = allFields(wanted)
  const receipt = await recordChange(change, {
    action: 'trust_provider.registered',
    rows: [statedRow('trust_provider', row)],
    changes,
    shown: shownTrustProviderFields,
  })
  return { row, receipt, outcome: 'created', changes }
}
