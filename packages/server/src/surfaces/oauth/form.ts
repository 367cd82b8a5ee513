/** Parameters of an OAuth request: a form, each named once (RFC 6749 section 3.1). */
import { OAuthError } from './oauth-error.ts'

export type Form = ReadonlyMap<string, string>

const maxParameters = 30

/** @throws OAuthError `invalid_request` */
export function parseForm(body: string): Form {
  const form = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(body)) {
    if (form.has(name)) throw new OAuthError('invalid_request', { description: `${name} is there more than once` })
    if (form.size === maxParameters) throw new OAuthError('invalid_request', { description: 'too many parameters' })
    // Section 3.1: a parameter without a value is treated as if it were not there.
    if (value !== '') form.set(name, value)
  }
  return form
}

/** @throws OAuthError `invalid_request` */
export function requireParameter(form: Form, name: string): string {
  const value = form.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', { description: `${name} is missing` })
  return value
}
