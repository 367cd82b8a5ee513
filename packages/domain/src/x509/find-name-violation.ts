/**
 * Holding names against name constraints (RFC 5280 section 4.2.1.10): URI, DNS, email and IP.
 *
 * Promise: where it is not clear whether a name lies within a subtree, it is a violation.
 * Does NOT look at forms that Mayfly cannot compare (`otherForms` of the constraints): refuse the certificate then.
 */
import type { DistinguishedName } from './distinguished-name.ts'
import type { ReadAlternativeNames } from './general-names.ts'
import { isInIpRange, parseIpAddress } from './ip-address.ts'
import type { ReadNameConstraints, ReadNameSubtrees } from './name-constraints.ts'
import { oid } from './object-identifiers.ts'

type Match = 'within' | 'outside' | 'unclear'

interface Names {
  readonly subject: DistinguishedName
  readonly subjectAltName: ReadAlternativeNames | undefined
}

/** Names times constraints: more than any honest certificate needs, and cheap. */
const maxComparisons = 20_000
const hostShape = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/** @returns what is wrong, for the caller, or nothing */
export function findNameViolation(constraints: ReadNameConstraints, names: Names): string | undefined {
  const { permitted, excluded } = constraints
  const { uri = [], dns = [], ip = [] } = names.subjectAltName ?? {}
  // Also those in the subject (RFC 5280 section 4.2.1.10).
  const email = [
    ...(names.subjectAltName?.email ?? []),
    ...names.subject.attributes.filter((attribute) => attribute.oid === oid.emailAddress).map(({ value }) => value),
  ]
  const count = uri.length + dns.length + ip.length + email.length
  if (count * Math.max(1, sizeOf(permitted) + sizeOf(excluded)) > maxComparisons) {
    return 'there are too many names and name constraints to compare'
  }
  return (
    findIn('URI', uri, permitted.uri, excluded.uri, matchUri) ??
    findIn('DNS name', dns, permitted.dns, excluded.dns, matchDns) ??
    findIn('email address', email, permitted.email, excluded.email, matchEmail) ??
    findIn('IP address', ip, permitted.ip, excluded.ip, (name, range) => {
      const address = parseIpAddress(name)
      // The same host as its IPv4 address, and yet in no IPv4 range.
      if (address === undefined || isMappedIpv4(address)) return 'unclear'
      return isInIpRange(address, range) ? 'within' : 'outside'
    })
  )
}

function sizeOf({ uri, dns, email, ip }: ReadNameSubtrees): number {
  return uri.length + dns.length + email.length + ip.length
}

function findIn<Base>(
  form: string,
  names: readonly string[],
  permitted: readonly Base[],
  excluded: readonly Base[],
  match: (name: string, base: Base, list: 'permitted' | 'excluded') => Match,
): string | undefined {
  for (const name of names) {
    const shown = `the ${form} \`${name.slice(0, 200)}\``
    if (excluded.some((base) => match(name, base, 'excluded') !== 'outside')) return `${shown} is excluded`
    if (permitted.length > 0 && !permitted.some((base) => match(name, base, 'permitted') === 'within')) {
      return `${shown} is not permitted`
    }
  }
  return undefined
}

/** The host alone counts; a URI without a host name is never permitted. */
function matchUri(uri: string, base: string): Match {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1]
  const host = authority?.replace(/^.*@/, '').replace(/:[0-9]*$/, '')
  if (host === undefined || parseIpAddress(host) !== undefined) return 'unclear'
  return matchHost(host, base)
}

function matchEmail(email: string, base: string): Match {
  const [local, host] = splitMailbox(email)
  if (local === '' || host === undefined) return 'unclear'
  if (!base.includes('@')) return matchHost(host, base)
  const [baseLocal, baseHost = ''] = splitMailbox(base)
  const match = baseHost.startsWith('.') || baseHost === '' ? 'unclear' : matchHost(host, baseHost)
  return match === 'within' && local !== baseLocal ? 'outside' : match
}

function splitMailbox(text: string): [string, string | undefined] {
  const at = text.lastIndexOf('@')
  return at < 0 ? ['', undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** `.domain`: hosts below it. `host`: itself. Empty: all, as every library has it. */
function matchHost(host: string, base: string): Match {
  const [name, root] = [host.toLowerCase(), base.toLowerCase()]
  if (!hostShape.test(name)) return 'unclear'
  if (root === '') return 'within'
  if (!hostShape.test(root.startsWith('.') ? root.slice(1) : root)) return 'unclear'
  const isWithin = root.startsWith('.') ? name.length > root.length && name.endsWith(root) : name === root
  return isWithin ? 'within' : 'outside'
}

/** A name and all below it; a wildcard stands for each host that it covers. */
function matchDns(dns: string, base: string, list: 'permitted' | 'excluded'): Match {
  const name = dns.toLowerCase()
  const isWildcard = name.startsWith('*.')
  const parent = isWildcard ? name.slice(2) : name
  const root = base.toLowerCase()
  if (!hostShape.test(parent)) return 'unclear'
  if (root === '') return 'within'
  const domain = root.startsWith('.') ? root.slice(1) : root
  if (!hostShape.test(domain)) return 'unclear'
  if (name.endsWith(`.${domain}`) || (name === domain && !root.startsWith('.'))) return 'within'
  // `*.example.org` covers the excluded `host.example.org`.
  return isWildcard && list === 'excluded' && domain.slice(domain.indexOf('.') + 1) === parent ? 'unclear' : 'outside'
}

function isMappedIpv4(address: Uint8Array): boolean {
  return address.length === 16 && address.subarray(0, 12).every((byte, at) => byte === (at < 10 ? 0 : 0xff))
}
