import { inspect } from 'node:util'

/** Every way in which a value usually ends up in a log: joined, inspected, serialised, its stack and its causes. */
export function printsOf(value: unknown): readonly string[] {
  const prints = [String(value), inspect(value, { depth: 12, showHidden: true, maxStringLength: null }), toJson(value)]
  if (value instanceof Error) {
    prints.push(
      value.stack ?? '',
      ...Object.values(value).flatMap((field) => [inspect(field, { depth: 12 }), toJson(field)]),
    )
    if (value.cause !== undefined) prints.push(...printsOf(value.cause))
  }
  return prints
}

/** @returns the prints of `value` that show one of the secrets, raw, in base64, in hex or in a URL; cut short */
export function findPrinted(value: unknown, secrets: readonly string[]): readonly string[] {
  const forms = secrets.flatMap((secret) => {
    const bytes = Buffer.from(secret)
    return [secret, bytes.toString('base64').replaceAll('=', ''), bytes.toString('hex'), encodeURIComponent(secret)]
  })
  return printsOf(value)
    .filter((print) => forms.some((form) => print.includes(form)))
    .map((print) => `${print.slice(0, 40)}…`)
}

function toJson(value: unknown): string {
  const seen = new WeakSet()
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'bigint') return String(inner)
      if (typeof inner !== 'object' || inner === null) return inner
      if (seen.has(inner)) return '[seen]'
      seen.add(inner)
      return inner
    }) ?? ''
  )
}
