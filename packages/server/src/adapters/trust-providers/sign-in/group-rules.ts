/** What the groups of an ID token give, by the rules of the settings. Exact names; nothing is guessed. */
import type { PersonRole } from '@mayfly/domain'
import { type Rejection, rejected } from '../trust-provider.ts'
import type { SignInSettings } from './sign-in-settings.ts'

export interface GivenByGroups {
  readonly roles: readonly PersonRole[]
  /** Names of owners. */
  readonly owners: readonly string[]
  /** False where the claim was not there: then nobody can say in which groups the person is. */
  readonly told: boolean
}

const maxGroups = 2_000

/** @returns a rejection where the claim cannot be read: a person must not lose or get roles by a mistake of form */
export function readGroupRules(
  settings: SignInSettings,
  claims: Readonly<Record<string, unknown>>,
): GivenByGroups | Rejection {
  const { groups_claim: name, rules } = settings
  const claim = findValue(claims, name)
  if (claim === undefined && hasOverage(claims, name)) {
    return rejected(
      'claim_missing',
      `the person is in more groups than fit into the ID token, so the provider left \`${name}\` out`,
      'let the provider send only groups that are assigned to the application, or roles of the application',
    )
  }
  if (claim === undefined) return { roles: [], owners: [], told: false }
  if (!Array.isArray(claim) || claim.length > maxGroups || !claim.every((group) => typeof group === 'string')) {
    return rejected('claim_wrong', `\`${name}\` must be a list of at most ${maxGroups} names`)
  }
  const groups = new Set(claim)
  const matching = rules.filter(({ group }) => groups.has(group))
  return {
    roles: distinct(matching.flatMap(({ roles = [] }) => roles)),
    owners: distinct(matching.flatMap(({ owner }) => (owner === undefined ? [] : [owner]))),
    told: true,
  }
}

/** By name, or inside others by a JSON pointer (RFC 6901): `/realm_access/roles`. */
function findValue(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  let at: unknown = claims
  const steps = name.startsWith('/') ? name.slice(1).split('/') : [name]
  for (const step of steps) {
    const member = name.startsWith('/') ? step.replaceAll('~1', '/').replaceAll('~0', '~') : step
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, member)) return undefined
    at = (at as Record<string, unknown>)[member]
  }
  return at
}

/** Distributed claims (OpenID Connect Core section 5.6.2), and the words of providers that leave groups out. */
function hasOverage(claims: Readonly<Record<string, unknown>>, name: string): boolean {
  const elsewhere = claims['_claim_names']
  const named = typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, name)
  return named || claims['hasgroups'] === true || claims['hasgroups'] === 'true'
}

function distinct<T extends string>(words: readonly T[]): readonly T[] {
  return [...new Set(words)].toSorted()
}
