import type { JsonObject } from '@mayfly/domain'
import type { Provider } from '../../adapters/targets/targets.ts'
import type { Faults } from './faults.ts'

/** Closed parameters: what the holder may choose is a list, never free text. */
export type RoleParameters = Readonly<Record<string, { readonly one_of: readonly string[] }>>

/** @returns the permission as it is stored; undefined where faults were added */
export function parsePermission(faults: Faults, provider: Provider, permission: unknown): JsonObject | undefined {
  return faults.parse('/permission', provider.permission, permission) as JsonObject | undefined
}

export function judgeParameters(faults: Faults, parameters: RoleParameters | undefined): void {
  if (parameters === undefined) return
  const entries = Object.entries(parameters)
  if (entries.length > 16) faults.add('/parameters', `has ${entries.length} members; at most 16 fit`)
  for (const [name, { one_of: values }] of entries) {
    const pointer = `/parameters/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) faults.add(pointer, 'is not a name such as `schema_name`')
    if (values.length < 1 || values.length > 100) faults.add(`${pointer}/one_of`, 'must list 1 to 100 values')
    if (new Set(values).size !== values.length) faults.add(`${pointer}/one_of`, 'lists a value twice')
    values.forEach((value, index) => {
      if (value.length < 1 || value.length > 200 || /\p{Cc}/u.test(value)) {
        faults.add(`${pointer}/one_of/${index}`, 'must have 1 to 200 characters, none of them control characters')
      }
    })
  }
}
