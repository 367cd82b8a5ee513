/** Small values on the command line: `name=value`, nested by dots. */
import { parse as parseYaml } from 'yaml'
import { UsageError } from './usage-error.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** For options that may be given several times: commander gives each with those before it. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/**
 * `port=5432`, `tls.mode=verify_full`, `member_of=[readers]`: the value is a YAML scalar or list, a text where it is
 * neither.
 *
 * @throws UsageError
 */
export function parsePairs(pairs: readonly string[], option: string): Record<string, Json> {
  const result: Record<string, Json> = {}
  for (const pair of pairs) {
    const { name, value } = splitPair(pair, option)
    const path = name.split('.')
    if (path.includes('__proto__') || path.includes('')) throw new UsageError(`\`${name}\` is not a name (${option})`)
    let place = result
    for (const step of path.slice(0, -1)) {
      const inner = place[step]
      const next = isRecord(inner) ? { ...inner } : {}
      place[step] = next
      place = next
    }
    place[path.at(-1) ?? ''] = parseScalar(value)
  }
  return result
}

/** Claims and parameters are texts, whatever they look like. */
export function parseTextPairs(pairs: readonly string[], option: string): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const { name, value } = splitPair(pair, option)
      return [name, value]
    }),
  )
}

/** @throws UsageError */
export function parseScalar(text: string): Json {
  try {
    const value = parseYaml(text, { maxAliasCount: 0, schema: 'core' }) as Json
    // A text of several lines is what it is, e.g. a certificate: YAML would make one line of it.
    return typeof value === 'string' && text.includes('\n') ? text : value
  } catch {
    return text
  }
}

function splitPair(pair: string, option: string): { name: string; value: string } {
  const at = pair.indexOf('=')
  if (at < 1) throw new UsageError(`\`${pair}\` is not of the form \`NAME=VALUE\``, `write \`${option} NAME=VALUE\``)
  return { name: pair.slice(0, at), value: pair.slice(at + 1) }
}

function isRecord(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
