import type { Environment, IdentityKind } from './vocabulary.ts'

/** SPIFFE ID section 2.1: letters, digits, dots, dashes and underscores, all lower case; at most 255 bytes. */
const trustDomainPattern = /^[a-z0-9._-]{1,255}$/

export function isTrustDomain(text: string): boolean {
  return trustDomainPattern.test(text)
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
  return `spiffe://${parts.trustDomain}/${parts.environment}/${parts.kind}/${parts.name}`
}
