/**
 * What a provider needs to know of one target, judged by the provider's own schemas.
 *
 * Promise: the admin login is sealed and never shown, and settings never hold it, because the provider's closed schema
 * has no field for it. A stored login goes only to the address and under the TLS rules for which it was entered.
 */
import { canonicalJson, type JsonObject, type JsonValue, MayflyError, type ResourceId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import type { Provider } from '../../adapters/targets/targets.ts'
import type { Tx } from '../../store/database.ts'
import { listResourcesWithLogin, lockLogin } from '../../store/resource-rows.ts'
import type { Faults } from './faults.ts'
import type { RegistryDeps } from './registry-deps.ts'

/** @throws MayflyError `provider_unknown` */
export function getProvider(deps: Pick<RegistryDeps, 'providers'>, kind: string): Provider {
  const provider = deps.providers.get(kind)
  if (provider !== undefined) return provider
  const detail = `there is no provider \`${kind}\`; there are ${[...deps.providers.keys()].join(', ')}`
  throw new MayflyError('provider_unknown', { publicDetail: detail, fields: [{ pointer: '/provider', detail }] })
}

/** @returns the settings as they are stored, defaults filled in; undefined where faults were added */
export function parseSettings(faults: Faults, provider: Provider, settings: unknown): JsonObject | undefined {
  return faults.parse('/settings', provider.settings, settings) as JsonObject | undefined
}

/** Only whether it fits: what was entered is sealed, not what the schema made of it (that holds `Secret`s). */
export function judgeSecret(faults: Faults, provider: Provider, secret: unknown): void {
  faults.parse('/secret', provider.secret, secret)
}

/** The columns of a login that a person has entered, and that Mayfly has not made its own yet. */
export interface SealedSecret {
  readonly sealed_secret: string
  readonly fingerprint: string
  readonly entered_fingerprint: string
  readonly login_adopted_at: null
}

/** What a secret is sealed for, and what was in force before. */
export interface SecretPlace {
  readonly resourceId: ResourceId
  readonly provider: Provider
  readonly settings: unknown
  /** As sealed in the row; absent for a new resource. */
  readonly current?: string
}

/**
 * Seals the canonical JSON of what was entered, for the one resource that it belongs to; completed with what Mayfly makes
 * itself, where the provider's kind has such a thing (the key of a CA).
 */
export async function sealSecret(
  deps: Pick<RegistryDeps, 'keys'>,
  tx: Tx,
  place: SecretPlace,
  entered: JsonValue,
): Promise<SealedSecret> {
  const enteredFingerprint = await deps.keys.fingerprint(tx, new Secret(canonicalJson(entered)))
  const value = await completedSecret(deps, tx, place, entered)
  return {
    sealed_secret: await deps.keys.seal(tx, value, sealPlace.resourceSecret(place.resourceId)),
    fingerprint: await deps.keys.fingerprint(tx, value),
    entered_fingerprint: enteredFingerprint,
    login_adopted_at: null,
  }
}

async function completedSecret(
  deps: Pick<RegistryDeps, 'keys'>,
  tx: Tx,
  { resourceId, provider, settings, current }: SecretPlace,
  entered: JsonValue,
): Promise<Secret> {
  if (provider.completeSecret === undefined) return new Secret(canonicalJson(entered))
  const parse = (text: Secret): unknown => provider.secret.parse(JSON.parse(text.reveal()))
  const before =
    current === undefined ? undefined : await deps.keys.open(tx, current, sealPlace.resourceSecret(resourceId))
  return provider.completeSecret(
    provider.settings.parse(settings),
    provider.secret.parse(entered),
    before === undefined ? undefined : parse(before),
  )
}

/** What the provider knows of Mayfly's own login; undefined where that is not changed with these settings. */
export function findOwnLogin(provider: Provider, settings: unknown): Provider['ownLogin'] {
  const { ownLogin } = provider
  if (ownLogin?.offeredUnder?.(provider.settings.parse(settings)) === false) return undefined
  return ownLogin
}

/**
 * Which login it is at which target, as a keyed fingerprint; null where the provider does not change logins.
 *
 * @throws MayflyError `request_invalid` where another resource uses the login and has made it its own: the password that
 * was entered here is not in force any more, and nobody knows the one that is
 */
export async function claimLogin(
  deps: Pick<RegistryDeps, 'keys'>,
  tx: Tx,
  provider: Provider,
  of: { readonly settings: unknown; readonly secret: unknown; readonly resourceId: ResourceId | undefined },
): Promise<string | null> {
  const ownLogin = findOwnLogin(provider, of.settings)
  if (ownLogin === undefined) return null
  const config = { settings: provider.settings.parse(of.settings), secret: provider.secret.parse(of.secret) }
  // One login at one target, whichever kind of resource uses it.
  const kind = ownLogin.kindOf?.(config.settings) ?? provider.kind
  const fingerprint = await deps.keys.fingerprint(tx, new Secret(`login ${kind} ${ownLogin.keyOf(config)}`))
  await lockLogin(tx, fingerprint)
  const others = await listResourcesWithLogin(tx, fingerprint, of.resourceId)
  const taken = others.find((other) => other.login_adopted_at !== null || other.sealed_next_secret !== null)
  if (taken === undefined) return fingerprint
  const detail = `\`${taken.name}\` uses this login, and Mayfly has changed its password`
  throw new MayflyError('request_invalid', {
    publicDetail: detail,
    hint: 'make another login at the target: one for each resource',
    fields: [{ pointer: '/secret', detail }],
  })
}

/**
 * Whoever could point a stored login at a server of their own would be given it: a new address or other TLS rules need
 * the login entered again.
 *
 * @throws MayflyError `secret_required` naming the settings
 */
export function requireSecretForAddress(
  provider: Provider,
  current: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
  secretGiven: boolean,
): readonly string[] {
  const moved = provider.addressSettings.filter(
    (name) =>
      canonicalJson((current[name] ?? null) as JsonValue) !== canonicalJson((wanted[name] ?? null) as JsonValue),
  )
  if (moved.length === 0 || secretGiven) return moved
  const names = moved.map((name) => `\`${name}\``).join(', ')
  throw new MayflyError('secret_required', {
    publicDetail: `${names} say where the login is sent or how that place is trusted`,
    hint: 'give `secret` too, so that a stored login never goes to a place that it was not entered for',
    fields: [{ pointer: '/secret', detail: `is required when ${names} change` }],
  })
}
