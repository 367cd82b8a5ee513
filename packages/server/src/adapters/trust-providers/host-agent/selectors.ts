/**
 * Selectors: what a host agent says of a process. `type:value`, each type a closed word.
 *
 * What they can tell apart and what not stands in docs/reference/trust-providers/host-agent.md.
 */
export const selectorTypes = [
  'unix:uid',
  'unix:gid',
  'unix:user',
  'unix:group',
  'unix:path',
  'unix:sha256',
  'systemd:unit',
  'cgroup',
  'container:id',
] as const
export type SelectorType = (typeof selectorTypes)[number]

export const maxSelectors = 100
export const maxSelectorLength = 1000

export interface SelectorValue {
  readonly type: SelectorType
  readonly value: string
}

/** @returns undefined for what is no selector that we know */
export function parseSelector(text: string): SelectorValue | undefined {
  if (text.length > maxSelectorLength) return undefined
  const type = selectorTypes.find((one) => text.startsWith(`${one}:`))
  if (type === undefined) return undefined
  const value = text.slice(type.length + 1)
  return findValueFault(type, value) === undefined ? { type, value } : undefined
}

/** What is wrong with a value, and the fix. */
export function findValueFault(type: SelectorType, value: string): string | undefined {
  if (value.trim() === '' || value.length > maxSelectorLength) return 'must not be blank'
  if (/[*\p{Cc}]/u.test(value)) return 'is compared exactly: no wildcard, no control character'
  switch (type) {
    case 'unix:uid':
    case 'unix:gid':
      return /^(0|[1-9]\d{0,9})$/.test(value) ? undefined : 'must be a number'
    case 'unix:sha256':
      return /^[0-9a-f]{64}$/.test(value) ? undefined : 'must be 64 lower-case hexadecimal digits'
    case 'unix:path':
    case 'cgroup':
      return value.startsWith('/') ? undefined : 'must be an absolute path'
    case 'container:id':
      return /^[0-9a-f]{12,64}$/.test(value) ? undefined : 'must be the hexadecimal id of a container'
    case 'unix:user':
    case 'unix:group':
    case 'systemd:unit':
      return undefined
  }
}
