/**
 * What a provider needs to know of one target, judged by the provider's own schemas.
 *
 * Promise: the admin login is sealed and never shown, and settings never hold it, because the provider's closed schema
 * has no field for it. A stored login goes only to the address and under the TLS rules for which it was entered.
 */
import { canonicalJson, type JsonObject, type JsonValue, MayflyError } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import type { Provider } from '../../adapters/targets/targets.ts'
import type { Tx } from '../../store/database.ts'
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

export interface SealedSecret {
  readonly sealed_secret: string
  readonly fingerprint: string
}

/** Seals the canonical JSON of what was entered, for the one resource that it belongs to. */
export async function sealSecret(
  deps: Pick<RegistryDeps, 'keys'>,
  tx: Tx,
  resourceId: string,
  secret: JsonValue,
): Promise<SealedSecret> {
  const value = new Secret(canonicalJson(secret))
  return {
    sealed_secret: await deps.keys.seal(tx, value, sealPlace.resourceSecret(resourceId)),
    fingerprint: await deps.keys.fingerprint(tx, value),
  }
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
