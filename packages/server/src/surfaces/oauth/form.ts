/** Parameters of an OAuth request: a form, each named once (RFC 6749 section 3.1) but for those that may be several. */
import { OAuthError } from './oauth-error.ts'

/** RFC 8707 section 2 and RFC 8693 section 2.1 let these be named more than once. */
const listParameters = ['resource', 'audience'] as const
type ListParameter = (typeof listParameters)[number]

export interface Form {
  /** The only value; `undefined` where there is none, or an empty one. */
  get(name: string): string | undefined
  has(name: string): boolean
  /** Every value, in the order in which they came. */
  all(name: ListParameter): readonly string[]
}

const maxParameters = 30

/** @throws OAuthError `invalid_request` */
export function parseForm(body: string): Form {
  const values = new Map<string, string[]>()
  let count = 0
  for (const [name, value] of new URLSearchParams(body)) {
    const before = values.get(name)
    if (before !== undefined && !isListParameter(name)) {
      throw new OAuthError('invalid_request', { description: `${name} is there more than once` })
    }
    if (++count > maxParameters) throw new OAuthError('invalid_request', { description: 'too many parameters' })
    // An empty value is kept until the end: one that is there twice is a repetition, whatever it holds.
    values.set(name, [...(before ?? []), value])
  }
  // Section 3.1: a parameter without a value is treated as if it were not there.
  const given = (name: string) => (values.get(name) ?? []).filter((value) => value !== '')
  return {
    get: (name) => given(name)[0],
    has: (name) => given(name).length > 0,
    all: given,
  }
}

function isListParameter(name: string): boolean {
  return (listParameters as readonly string[]).includes(name)
}

/** @throws OAuthError `invalid_request` */
export function requireParameter(form: Form, name: string): string {
  const value = form.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', { description: `${name} is missing` })
  return value
}
