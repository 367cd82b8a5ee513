/**
 * Where an issuer's keys come from, and for how long they are believed.
 *
 * Promise: a key that the issuer has withdrawn is refused once its set is read again (at most ten minutes); a new key is
 * found at once; an issuer that cannot be reached stops nothing for a bounded time and everything after it; a stream of
 * tokens with invented key ids makes one request every ten seconds, not one each.
 * Times are read from the injected clock.
 */
import { type Clock, MayflyError } from '@mayfly/domain'
import { guardedFetch, isFetchableUrl } from '@mayfly/provider-kit'
import { parseStrictObject } from '../strict-json.ts'
import type { JwsAlgorithm } from '../verify-jws.ts'
import { keysFor, parseKeySet, type SetKey, usableKeys } from './key-set.ts'
import type { OidcSettings } from './oidc-settings.ts'

export interface KeySource {
  /**
   * @returns the keys that may have made the signature; none when the issuer knows no such key
   * @throws MayflyError `trust_bundle_unavailable`: the keys cannot be had, or are too old to be believed
   */
  keysFor(kid: string | undefined, alg: JwsAlgorithm): Promise<readonly SetKey[]>
}

const freshForSeconds = 600
const minFreshSeconds = 30
const coolDownSeconds = 10
const fetchTimeoutMs = 5_000
const maxSizeBytes = 524_288

interface Held {
  readonly keys: readonly SetKey[]
  readonly readAtMs: number
  readonly freshUntilMs: number
}

export function openKeySource(settings: OidcSettings, clock: Clock): KeySource {
  // Carried keys come with each proof (offline-keys.ts): there is nothing to keep, and nobody to ask.
  if (settings.keys.from === 'offline_site') return { keysFor: async () => [] }
  if (settings.keys.from === 'static') {
    const keys = usableKeys(settings.keys.keys)
    return { keysFor: async (kid, alg) => keysFor(keys, kid, alg) }
  }
  let held: Held | undefined
  let reading: Promise<void> | undefined
  let triedAtMs = Number.NEGATIVE_INFINITY
  let failure: unknown

  async function read(): Promise<void> {
    triedAtMs = clock.now().getTime()
    try {
      const { text, maxAgeSeconds } = await fetchText(await keySetAddress(settings), settings)
      const freshSeconds = Math.min(Math.max(maxAgeSeconds ?? freshForSeconds, minFreshSeconds), freshForSeconds)
      const readAtMs = clock.now().getTime()
      held = { keys: parseKeySet(text), readAtMs, freshUntilMs: readAtMs + freshSeconds * 1000 }
      failure = undefined
    } catch (error) {
      failure = error
    }
  }

  /** One request at a time, and none within the cool-down after the last. */
  function refresh(): Promise<void> {
    if (reading === undefined && clock.now().getTime() - triedAtMs >= coolDownSeconds * 1000) {
      reading = read().finally(() => (reading = undefined))
    }
    return reading ?? Promise.resolve()
  }

  function believed(): Held | undefined {
    const staleAfterMs = (held?.freshUntilMs ?? 0) + settings.keys_max_stale_seconds * 1000
    return clock.now().getTime() < staleAfterMs ? held : undefined
  }

  return {
    async keysFor(kid, alg) {
      if (believed() === undefined) await refresh()
      else if (held !== undefined && held.freshUntilMs <= clock.now().getTime()) {
        // Waited for, since a key may have been withdrawn; but while the issuer is known to be down, nobody waits.
        if (failure === undefined) await refresh()
        else void refresh()
      }
      const first = keysFor(believed()?.keys ?? [], kid, alg)
      if (first.length > 0) return first
      // A key not seen before: the issuer may have rotated.
      await refresh()
      const second = keysFor(believed()?.keys ?? [], kid, alg)
      if (second.length === 0 && (believed() === undefined || failure !== undefined))
        throw unavailable(settings, failure)
      return second
    },
  }
}

async function keySetAddress(settings: OidcSettings): Promise<string> {
  if (settings.keys.from === 'url') return settings.keys.url
  const { text } = await fetchText(`${settings.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, settings)
  const document = parseStrictObject(text)
  // OpenID Connect Discovery section 4.3: another issuer's document would bring another issuer's keys.
  if (document?.['issuer'] !== settings.issuer) throw new Error('the discovery document is of another issuer')
  const address = document['jwks_uri']
  if (typeof address !== 'string' || !isFetchableUrl(address)) throw new Error('`jwks_uri` is not an https address')
  return address
}

function fetchText(address: string, settings: OidcSettings): ReturnType<typeof guardedFetch> {
  return guardedFetch(address, { signal: AbortSignal.timeout(fetchTimeoutMs), maxSizeBytes, ca: settings.ca_pem })
}

function unavailable(settings: OidcSettings, cause: unknown): MayflyError {
  return new MayflyError('trust_bundle_unavailable', {
    log: `keys of ${settings.issuer}: ${cause instanceof Error ? cause.message : 'read too long ago'}`,
    hint: 'try again; if it stays so, check that the server can reach the issuer',
    cause,
  })
}
