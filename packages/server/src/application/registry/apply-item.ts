/**
 * Brings one thing to what the manifest says of it, by the use cases that single commands use: registered where it is not
 * there, changed where it differs, left alone where it does not.
 */
import { canonicalJson, type JsonObject, type ManifestSection, MayflyError } from '@mayfly/domain'
import { listBindings } from '../../store/binding-rows.ts'
import { findIdentity } from '../../store/identity-rows.ts'
import { findOfflineSite } from '../../store/offline-rows.ts'
import { findOwner } from '../../store/owner-rows.ts'
import { findPerson } from '../../store/person-rows.ts'
import { findResource } from '../../store/resource-rows.ts'
import { findRole } from '../../store/role-rows.ts'
import { findTrustProvider } from '../../store/trust-provider-rows.ts'
import { changeOfflineSite } from '../offline/change-site.ts'
import { registerOfflineSite } from '../offline/register-site.ts'
import { defaultMaxAgeSeconds } from '../offline/site-fields.ts'
import { changeBinding } from './change-binding.ts'
import { changeIdentity } from './change-identity.ts'
import { changeOwner } from './change-owner.ts'
import { changePerson } from './change-person.ts'
import { changeResource } from './change-resource.ts'
import { changeRole } from './change-role.ts'
import { changeTrustProvider } from './change-trust-provider.ts'
import type { Change, Changed } from './change.ts'
import { collectFaults } from './faults.ts'
import type { ManifestValue } from './manifest-schemas.ts'
import { normalEmail } from './person-fields.ts'
import { parseProof, registerBinding } from './register-binding.ts'
import { registerIdentity } from './register-identity.ts'
import { registerOwner } from './register-owner.ts'
import { registerPerson } from './register-person.ts'
import { registerResource } from './register-resource.ts'
import { defaultMaxLivePerIdentity, registerRole } from './register-role.ts'
import { defaultFreshForSeconds, registerTrustProvider } from './register-trust-provider.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { getTrustProviderPlugIn, usualStrength } from './trust-provider-fields.ts'

type Applied = Changed<unknown>
type Apply<S extends ManifestSection> = (deps: RegistryDeps, change: Change, item: ManifestValue<S>) => Promise<Applied>

export const applyItem: { readonly [S in ManifestSection]: Apply<S> } = {
  async people(_deps, change, item) {
    const current = await findPerson(change.tx, normalEmail(item.email))
    return current === undefined ? registerPerson(change, item) : changePerson(change, current.person_id, item)
  },
  async owners(_deps, change, item) {
    const current = await findOwner(change.tx, item.name)
    if (current === undefined) return registerOwner(change, item)
    // What the file does not name is not there.
    return changeOwner(change, current.owner_id, { ...item, deputy: item.deputy ?? null })
  },
  async offline_sites(_deps, change, item) {
    const { max_age_seconds: maxAgeSeconds = defaultMaxAgeSeconds, ...given } = item
    const current = await findOfflineSite(change.tx, item.name)
    if (current === undefined) return registerOfflineSite(change, { ...given, maxAgeSeconds })
    requireSame({ origin: [current.origin, item.origin] })
    // Its bundles have listed other keys since: that the file says the pinned ones again must not pin them anew.
    const pinned = current.pinned_keys ?? current.keys
    const keys = sameSet(pinned, item.keys) ? undefined : item.keys
    return changeOfflineSite(change, current.offline_site_id, { keys, maxAgeSeconds })
  },
  async trust_providers(_deps, change, item) {
    const { fresh_for_seconds: freshForSeconds, ...given } = item
    const current = await findTrustProvider(change.tx, item.name)
    if (current === undefined) return registerTrustProvider(change, { ...given, freshForSeconds })
    requireSame({ kind: [current.kind, item.kind] })
    return changeTrustProvider(change, current.trust_provider_id, {
      settings: item.settings,
      strength: item.strength ?? usualStrength(getTrustProviderPlugIn(item.kind)),
      freshForSeconds: freshForSeconds ?? defaultFreshForSeconds,
    })
  },
  async identities(deps, change, item) {
    const { expires_at: expiresAt, ...given } = item
    const current = await findIdentity(change.tx, item.name)
    if (current === undefined) return registerIdentity(deps, change, { ...given, expiresAt })
    requireSame({ kind: [current.kind, item.kind], environment: [current.environment, item.environment] })
    const attributes = item.attributes ?? {}
    return changeIdentity(deps, change, current.identity_id, { ...given, expiresAt, attributes })
  },
  async resources(deps, change, item) {
    const { data_class: dataClass, same_target: sameTarget, adopt_login: adoptLogin, ...given } = item
    const current = await findResource(change.tx, item.name)
    if (current !== undefined) {
      requireSame({
        provider: [current.provider_kind, item.provider],
        environment: [current.environment, item.environment],
      })
      const attributes = item.attributes ?? {}
      const update = { ...given, dataClass, sameTarget, attributes, adoptLogin, repeated: true }
      return changeResource(deps, change, current.resource_id, update)
    }
    const { secret = withoutSecret(deps, item.provider) } = item
    if (secret === undefined) {
      const detail = 'is required for a new resource: `{ env: NAME }` or `{ file: PATH }` for each field'
      throw new MayflyError('secret_required', { publicDetail: detail, fields: [{ pointer: '/secret', detail }] })
    }
    return registerResource(deps, change, { ...given, dataClass, adoptLogin, secret })
  },
  async roles(deps, change, item) {
    const { max_ttl_seconds: maxTtlSeconds, max_live_per_identity: maxLivePerIdentity, ...given } = item
    const resource = await findResource(change.tx, item.resource)
    const current = resource && (await findRole(change.tx, `${resource.name}/${item.name}`))
    if (current === undefined) return registerRole(deps, change, { ...given, maxTtlSeconds, maxLivePerIdentity })
    return changeRole(deps, change, current.role_id, {
      permission: item.permission,
      parameters: item.parameters ?? {},
      maxTtlSeconds: maxTtlSeconds ?? null,
      maxLivePerIdentity: maxLivePerIdentity ?? defaultMaxLivePerIdentity,
    })
  },
  async bindings(_deps, change, item) {
    const { trust_provider: trustProvider, public_jwk: publicJwk, ...given } = item
    const current = await findBinding(change, item)
    if (current === undefined) return registerBinding(change, { ...given, trustProvider, publicJwk })
    return changeBinding(change, current.binding_id, { claims: item.claims ?? {} })
  },
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return canonicalJson(one.toSorted()) === canonicalJson(other.toSorted())
}

/** A kind that keeps nothing at a target has no login there. */
function withoutSecret(deps: RegistryDeps, kind: string): JsonObject | undefined {
  return deps.providers.get(kind)?.selfContained === undefined ? undefined : {}
}

/**
 * A binding has no name: it is the same where trust provider, holder and subject are. Of several such (they differ in
 * claims) it is the one with equal claims, or a new one.
 */
async function findBinding(change: Change, item: ManifestValue<'bindings'>) {
  const provider = await findTrustProvider(change.tx, item.trust_provider)
  const identity = item.identity === undefined ? undefined : await findIdentity(change.tx, item.identity)
  const person = item.person === undefined ? undefined : await findPerson(change.tx, normalEmail(item.person))
  // `registerBinding` says what is missing.
  if (provider === undefined || (identity === undefined) === (person === undefined)) return undefined
  const rule = parseProof(provider, { ...item, publicJwk: item.public_jwk })
  const filter = {
    trustProviderId: provider.trust_provider_id,
    identityId: identity?.identity_id,
    personId: person?.person_id,
    state: 'active' as const,
  }
  const rows = await listBindings(change.tx, filter, { limit: 200 })
  const same = rows.filter((row) => row.subject === rule.subject)
  const wanted = canonicalJson({ ...rule.claims })
  return (
    same.find((row) => canonicalJson(row.claims as JsonObject) === wanted) ?? (same.length === 1 ? same[0] : undefined)
  )
}

/** What was given once and for all: of each field what is there, and what the manifest says. */
function requireSame(fixed: Readonly<Record<string, readonly [current: string, wanted: string]>>): void {
  const faults = collectFaults()
  for (const [field, [current, wanted]] of Object.entries(fixed)) {
    if (current === wanted) continue
    faults.add(`/${field}`, `is fixed (\`${current}\`); retire it and register another under a new name`)
  }
  faults.refuse()
}
