/** `JSON.rawJSON` and the third argument of a reviver (ECMA-262, "JSON.parse source text access"), which TypeScript's library lacks. */
interface ExactJson {
  rawJSON(text: string): unknown
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
}
const exact = JSON as unknown as ExactJson

/**
 * Parses JSON so that `JSON.stringify` writes every number as it stood: limits of NATS are 64-bit integers, which a number
 * of JavaScript rounds.
 */
export function parseExactly(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value,
  )
}
