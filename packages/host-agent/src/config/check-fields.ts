/** Holds a value against a table of fields, and says everything that is wrong with it. */
import { didYouMean } from '@mayfly/domain'
import type { ConfigField, ConfigFields } from './config-fields.ts'

export interface ConfigFault {
  /** Where, e.g. `files[0].mode`. */
  readonly at: string
  /** What, and the fix. Lower case, no full stop. */
  readonly detail: string
}

type ConfigObject = Readonly<Record<string, unknown>>

export function checkFields(fields: ConfigFields, value: unknown, at: string): readonly ConfigFault[] {
  if (!isObject(value)) return [{ at: at === '' ? 'the file' : at, detail: 'must be an object of named fields' }]
  const path = (name: string) => (at === '' ? name : `${at}.${name}`)
  const unknown = Object.keys(value)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => {
      const meant = didYouMean(name, Object.keys(fields))
      return {
        at: path(name),
        detail: `unrecognised${meant === undefined ? `: known are ${Object.keys(fields).join(', ')}` : ` (did you mean \`${meant}\`?)`}`,
      }
    })
  const found = Object.entries(fields).flatMap(([name, field]) => {
    const one = Object.hasOwn(value, name) ? value[name] : undefined
    if (one === undefined || one === null) {
      return field.isRequired === true ? [{ at: path(name), detail: 'is missing' }] : []
    }
    return checkField(field, one, path(name))
  })
  return [...unknown, ...found]
}

function checkField(field: ConfigField, value: unknown, at: string): readonly ConfigFault[] {
  const says = (detail: string): readonly ConfigFault[] => [{ at, detail }]
  const { pattern, least = 0, most = Number.MAX_SAFE_INTEGER } = field
  switch (field.kind) {
    case 'text':
      if (typeof value !== 'string' || value === '') return says('must be a text that is not empty')
      return pattern === undefined || pattern.test.test(value) ? [] : says(`\`${value}\` is not ${pattern.says}`)
    case 'absolute path':
      if (typeof value !== 'string' || !/^\/[^\0]+$/.test(value)) return says('must be an absolute path')
      return []
    case 'whole number':
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
        return says(`must be a whole number from ${least} to ${most}`)
      }
      return []
    case 'file mode':
      // A bare 600 would be read as decimal by YAML.
      if (typeof value !== 'string' || !/^0?[0-7]{3}$/.test(value)) return says("must be octal and a text: `'0600'`")
      return []
    case 'list of texts':
      if (!Array.isArray(value) || value.length === 0 || value.length > Math.min(most, 1_000)) {
        return says(`must be a list of 1 to ${most} texts`)
      }
      return value.every((one) => typeof one === 'string' && one !== '')
        ? []
        : says('each must be a text that is not empty')
    case 'object':
      return checkFields(field.fields ?? {}, value, at)
    case 'list of objects':
      if (!Array.isArray(value) || value.length > most) return says(`must be a list of at most ${most}`)
      return value.flatMap((one, index) => checkFields(field.fields ?? {}, one, `${at}[${index}]`))
  }
}

export function isObject(value: unknown): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
