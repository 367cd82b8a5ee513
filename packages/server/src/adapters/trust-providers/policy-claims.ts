/**
 * What of a proof policies may speak of: texts under the names of their claims. A JSON pointer becomes a name without
 * its first slash (`/kubernetes.io/pod/uid` → `kubernetes.io/pod/uid`), with `~1` and `~0` read.
 */
import { findClaim } from './exact-claims.ts'

const maxClaims = 30
const maxTextLength = 500

/** A claim that is absent, a list, or longer than 500 characters is left out: a policy that asks for it does not find it. */
export function policyClaimsOf(
  claims: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of names.slice(0, maxClaims)) {
    const value = findClaim(claims, name)
    if (value === undefined) continue
    const text = String(value)
    if (text.length <= maxTextLength) found[tagName(name)] = text
  }
  return found
}

function tagName(name: string): string {
  return name.startsWith('/') ? name.slice(1).replaceAll('~1', '/').replaceAll('~0', '~') : name
}
