/**
 * What a binding may say, for every kind that compares texts: equal text, equal number, equal boolean; no pattern, no
 * folding of case, nothing empty.
 */
import { MayflyError } from '@mayfly/domain'
import type { BindingInput, BindingRule } from './trust-provider.ts'

export type ClaimValue = string | number | boolean

const maxClaims = 20
const maxTextLength = 2000

/** A claim by its name, or inside others by a JSON pointer (RFC 6901): `/kubernetes.io/namespace`. */
export function findClaim(claims: Readonly<Record<string, unknown>>, name: string): ClaimValue | undefined {
  let at: unknown = claims
  for (const step of name.startsWith('/') ? name.slice(1).split('/').map(unescapeStep) : [name]) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<string, unknown>)[step]
  }
  if (typeof at === 'string') return at === '' ? undefined : at
  return typeof at === 'number' || typeof at === 'boolean' ? at : undefined
}

/** True where every claim is there and exactly equal. A list never equals anything. */
export function claimsHold(
  wanted: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => value !== undefined && findClaim(claims, name) === value)
}

/** Names that are compared anyway, or mean nothing between two tokens. */
const comparedAnyway = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sub']

/** @throws MayflyError `request_invalid` */
export function parseClaims(given: Readonly<Record<string, unknown>> | undefined): Record<string, ClaimValue> {
  const entries = Object.entries(given ?? {})
  if (entries.length > maxClaims) throw refuse('/claims', `more than ${maxClaims} claims`, 'compare fewer')
  const claims: Record<string, ClaimValue> = {}
  for (const [name, value] of entries) {
    const pointer = claimPointer(name)
    if (name === '' || name.length > 200 || name === '__proto__')
      throw refuse(pointer, 'the name of a claim has 1 to 200 characters', 'name a claim')
    if (comparedAnyway.includes(name)) {
      throw refuse(pointer, `\`${name}\` is compared anyway`, 'leave it out; the subject is `subject`')
    }
    claims[name] = exactValue(pointer, value)
  }
  return claims
}

function exactValue(pointer: string, value: unknown): ClaimValue {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  return exactText(pointer, value)
}

/** @throws MayflyError `request_invalid` for what is blank, too long, or a pattern */
export function exactText(pointer: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > maxTextLength) {
    throw refuse(
      pointer,
      `must be a text of 1 to ${maxTextLength} characters, not blank`,
      'write the value that the proof will have',
    )
  }
  if (value.includes('*')) {
    throw refuse(
      pointer,
      `\`${value}\` has a wildcard, and values are compared exactly: what fits many workloads would let each be this one (OWASP NHI6:2025)`,
      'write one binding for each value',
    )
  }
  return value
}

/** A subject and further claims, each exact: what a binding says where nothing more is known of the platform. */
export function parseExactBinding(input: BindingInput, kind: string): BindingRule {
  refuseKey(input, kind)
  return { subject: exactText('/subject', input.subject), claims: parseClaims(input.claims), publicJwk: null }
}

export function claimPointer(name: string): string {
  return `/claims/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

export function refuse(pointer: string, detail: string, hint: string): MayflyError {
  return new MayflyError('request_invalid', {
    publicDetail: `\`${pointer.slice(1)}\`: ${detail}`,
    hint,
    fields: [{ pointer, detail }],
  })
}

export function refuseKey(input: { readonly public_jwk?: unknown }, kind: string): void {
  if (input.public_jwk === undefined) return
  throw refuse('/public_jwk', `a binding of kind \`${kind}\` has no key of its own`, 'leave `public_jwk` out')
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}
