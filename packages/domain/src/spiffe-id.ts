import type { Environment, IdentityKind } from './vocabulary.ts'

/** SPIFFE ID section 2.1: letters, digits, dots, dashes and underscores, all lower case; at most 255 bytes. */
const trustDomainPattern = /^[a-z0-9._-]{1,255}$/
/** SPIFFE ID section 2.2: segments of letters, digits, dots, dashes and underscores, none of them `.` or `..`. */
const pathPattern = /^(?:\/(?!\.\.?(?:\/|$))[a-zA-Z0-9._-]+)+$/
const scheme = 'spiffe://'

/** SPIFFE ID section 2.3: what every reader must take. */
export const maxSpiffeIdSizeBytes = 2_048

export interface SpiffeId {
  readonly trustDomain: string
  /** Empty for the trust domain itself, else `/` and segments. Case matters. */
  readonly path: string
}

/** Why a text is no SPIFFE ID, for the caller. */
export interface SpiffeIdFault {
  readonly fault: string
}

export function isTrustDomain(text: string): boolean {
  return trustDomainPattern.test(text)
}

/**
 * Reads a SPIFFE ID in its one form (SPIFFE ID section 2): two texts are the same identity only where they are equal.
 *
 * Upper case in the scheme or the trust domain is refused: section 2.1 demands lower case, and a reader that folds it
 * (section 2.4) would have two texts for one identity.
 */
export function parseSpiffeId(text: string): SpiffeId | SpiffeIdFault {
  // All that may stand in one is ASCII, so characters are bytes.
  if (text.length > maxSpiffeIdSizeBytes) return { fault: `it is longer than ${maxSpiffeIdSizeBytes} bytes` }
  if (!text.startsWith(scheme)) return { fault: `it does not begin with \`${scheme}\`` }
  const slash = text.indexOf('/', scheme.length)
  const trustDomain = slash < 0 ? text.slice(scheme.length) : text.slice(scheme.length, slash)
  const path = slash < 0 ? '' : text.slice(slash)
  if (trustDomain === '') return { fault: 'its trust domain is empty' }
  if (!isTrustDomain(trustDomain)) {
    return {
      fault: 'its trust domain is not 1 to 255 lower-case letters, digits, dots, dashes and underscores',
    }
  }
  // One expression for the common case: this stands on the way of every SVID.
  if (path === '' || pathPattern.test(path)) return { trustDomain, path }
  return { fault: pathFault(path) }
}

function pathFault(path: string): string {
  for (const segment of path.slice(1).split('/')) {
    if (segment === '') return 'its path has an empty segment, or ends in `/`'
    if (segment === '.' || segment === '..') return 'its path has a segment `.` or `..`'
  }
  return 'its path holds something else than letters, digits, dots, dashes and underscores'
}

export function isSpiffeIdFault(read: SpiffeId | SpiffeIdFault): read is SpiffeIdFault {
  return 'fault' in read
}

export function formatSpiffeId({ trustDomain, path }: SpiffeId): string {
  return `${scheme}${trustDomain}${path}`
}

/**
 * The SPIFFE ID of an identity: `spiffe://<trust domain>/<environment>/<kind>/<name>`.
 *
 * Derived, so that it never has to be chosen and two identities never share one. What it is made of is fixed for the
 * life of the identity. Does NOT check the name (`findNameFault`) nor the trust domain (`isTrustDomain`).
 */
export function spiffeIdOf(parts: {
  readonly trustDomain: string
  readonly environment: Environment
  readonly kind: IdentityKind
  readonly name: string
}): string {
  return `${scheme}${parts.trustDomain}/${parts.environment}/${parts.kind}/${parts.name}`
}
