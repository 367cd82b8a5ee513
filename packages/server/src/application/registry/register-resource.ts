import {
  type DataClass,
  type Delivery,
  type Environment,
  type Exposure,
  findNameFault,
  type JsonValue,
  newId,
  type Reach,
  type ResourceId,
} from '@mayfly/domain'
import { getResource, insertResource, type ResourceWithOwner } from '../../store/resource-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from './change.ts'
import { allFields } from './diff-fields.ts'
import { collectFaults } from './faults.ts'
import { type Attributes, getAnsweringOwner, judgeAttributes } from './identity-fields.ts'
import { recordChange } from './record-change.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { claimLogin, getProvider, judgeSecret, parseSettings, sealSecret } from './resource-settings.ts'

export interface NewResource {
  readonly name: string
  /** The kind of its provider, e.g. `postgres`. */
  readonly provider: string
  readonly environment: Environment
  readonly reach: Reach
  readonly dataClass: DataClass
  readonly exposure: Exposure
  readonly delivery: Delivery
  readonly owner: string
  readonly settings: unknown
  /** Mayfly's own login at the target, in the fields of the provider. */
  readonly secret: JsonValue
  readonly attributes?: Attributes | undefined
  /** Whether Mayfly changes the password of its own login, once a check has passed, to one that only it knows. */
  readonly adoptLogin?: boolean | undefined
}

export const shownResourceFields = [
  'name',
  'provider_kind',
  'environment',
  'reach',
  'data_class',
  'exposure',
  'delivery',
  'owner_id',
  'state',
  'same_target',
  'secret',
  'adopt_login',
]

/**
 * Registers a system that credentials open. The target is not touched: `checkResource` proves that the settings suffice.
 *
 * @throws MayflyError `request_invalid`, `provider_unknown`, `identity_owner_missing`, `name_taken`
 */
export async function registerResource(
  deps: RegistryDeps,
  change: Change,
  input: NewResource,
): Promise<Changed<ResourceWithOwner>> {
  const { tx, now } = change
  const provider = getProvider(deps, input.provider)
  const faults = collectFaults()
  faults.add('/name', findNameFault(input.name))
  judgeAttributes(faults, input.attributes)
  const settings = parseSettings(faults, provider, input.settings)
  judgeSecret(faults, provider, input.secret)
  faults.refuse()
  if (settings === undefined) throw new Error('a fault was not told')
  const owner = await getAnsweringOwner(tx, input.owner)
  const resourceId = newId<ResourceId>()
  const wanted = {
    name: input.name,
    provider_kind: input.provider,
    environment: input.environment,
    reach: input.reach,
    data_class: input.dataClass,
    exposure: input.exposure,
    delivery: input.delivery,
    owner_id: owner.owner_id,
    settings,
    attributes: input.attributes ?? {},
    adopt_login: input.adoptLogin ?? true,
  }
  const loginFingerprint = await claimLogin(deps, tx, provider, {
    settings,
    secret: input.secret,
    resourceId: undefined,
  })
  const row = await insertResource(tx, {
    resource_id: resourceId,
    ...wanted,
    ...(await sealSecret(deps, tx, { resourceId, provider, settings }, input.secret)),
    login_fingerprint: loginFingerprint,
    settings: JSON.stringify(settings),
    attributes: JSON.stringify(wanted.attributes),
    created_at: now,
  })
  const changes = [...allFields(wanted), { field: 'secret', from: null, to: '[secret]' }]
  const receipt = await recordChange(change, {
    action: 'resource.registered',
    rows: [statedRow('resource', row)],
    changes,
    shown: shownResourceFields,
  })
  return { row: await getResource(tx, resourceId), receipt, outcome: 'created', changes }
}
