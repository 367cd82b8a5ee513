/**
 * What an OpenID provider says of itself (OpenID Connect Discovery 1.0 section 4), read from its own pinned issuer.
 *
 * Promise: another issuer's document is refused; what was read is kept for ten minutes; while the provider cannot be
 * reached it is asked at most every ten seconds.
 */
import { type Clock, MayflyError } from '@mayfly/domain'
import { guardedFetch, isFetchableUrl } from '@mayfly/provider-kit'
import { parseStrictObject } from '../strict-json.ts'
import type { SignInSettings } from './sign-in-settings.ts'

export interface ProviderMetadata {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly deviceAuthorizationEndpoint: string | undefined
  readonly userinfoEndpoint: string | undefined
  /** RFC 9207: an authorization response without `iss` is not this provider's. */
  readonly namesItself: boolean
}

export interface MetadataSource {
  /** @throws MayflyError `sign_in_provider_unavailable` */
  read(): Promise<ProviderMetadata>
}

export const fetchTimeoutMs = 10_000
export const maxAnswerSizeBytes = 262_144
const freshForMs = 600_000
const coolDownMs = 10_000

export function openMetadataSource(settings: SignInSettings, clock: Clock): MetadataSource {
  let held: { readonly metadata: ProviderMetadata; readonly readAtMs: number } | undefined
  let failed: { readonly error: MayflyError; readonly atMs: number } | undefined
  let reading: Promise<ProviderMetadata> | undefined

  async function fetchMetadata(): Promise<ProviderMetadata> {
    const address = `${settings.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    try {
      const { text } = await guardedFetch(address, {
        signal: AbortSignal.timeout(fetchTimeoutMs),
        maxSizeBytes: maxAnswerSizeBytes,
        ca: settings.ca_pem,
      })
      const metadata = parseMetadata(settings.issuer, text)
      held = { metadata, readAtMs: clock.now().getTime() }
      failed = undefined
      return metadata
    } catch (cause) {
      const error = providerUnavailable(settings, 'its discovery document cannot be read', cause)
      failed = { error, atMs: clock.now().getTime() }
      throw error
    }
  }

  return {
    async read() {
      const nowMs = clock.now().getTime()
      if (held !== undefined && nowMs - held.readAtMs < freshForMs) return held.metadata
      if (failed !== undefined && nowMs - failed.atMs < coolDownMs) throw failed.error
      reading ??= fetchMetadata().finally(() => (reading = undefined))
      return reading
    },
  }
}

/** @throws Error with a message for the log */
function parseMetadata(issuer: string, text: string): ProviderMetadata {
  const document = parseStrictObject(text)
  if (document === undefined) throw new Error('the discovery document is not one JSON object')
  // Section 4.3: another issuer's document would bring another issuer's keys and endpoints.
  if (document['issuer'] !== issuer) throw new Error('the discovery document is of another issuer')
  const methods = document['code_challenge_methods_supported']
  // Absent says nothing: several providers that take S256 do not say so.
  if (methods !== undefined && !(Array.isArray(methods) && methods.includes('S256'))) {
    throw new Error('the provider does not take PKCE with S256')
  }
  const find = (name: string): string | undefined => {
    const address = document[name]
    if (address === undefined) return undefined
    if (typeof address !== 'string' || address.length > 2000 || !isFetchableUrl(address)) {
      throw new Error(`\`${name}\` is not an https address`)
    }
    return address
  }
  const get = (name: string): string => {
    const address = find(name)
    if (address === undefined) throw new Error(`\`${name}\` is missing`)
    return address
  }
  return {
    authorizationEndpoint: get('authorization_endpoint'),
    tokenEndpoint: get('token_endpoint'),
    deviceAuthorizationEndpoint: find('device_authorization_endpoint'),
    userinfoEndpoint: find('userinfo_endpoint'),
    namesItself: document['authorization_response_iss_parameter_supported'] === true,
  }
}

/** The caller learns that the provider fails, the log why. */
export function providerUnavailable({ issuer }: SignInSettings, why: string, cause?: unknown): MayflyError {
  return new MayflyError('sign_in_provider_unavailable', {
    log: `sign-in provider ${issuer}: ${why}${cause instanceof Error ? `: ${cause.message}` : ''}`,
    hint: 'try again; if it stays so, let an administrator check the settings of the sign-in provider',
    cause,
  })
}
