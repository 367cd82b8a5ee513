/**
 * Sign-in: a person authenticates at an OpenID provider, of which this server is a client.
 *
 * Promise: a proof of this kind cannot be presented. It comes only from a sign-in that this server began itself, so that an
 * ID token that was made for another purpose, or stolen, opens nothing.
 * Limit: whoever can make the provider sign for a subject is that person.
 * Not here: whose proof it is, and how a sign-in is begun and finished (application/proof/sign-in).
 */
import type { Clock } from '@mayfly/domain'
import { openKeySource } from '../oidc/key-source.ts'
import { oidcSettings } from '../oidc/oidc-settings.ts'
import { parseExactBinding } from '../exact-claims.ts'
import { rejected, type TrustProvider } from '../trust-provider.ts'
import { openMetadataSource, type MetadataSource } from './provider-metadata.ts'
import type { KeySource } from '../oidc/key-source.ts'
import { signInSettings, type SignInSettings } from './sign-in-settings.ts'

export const signInTrustProvider: TrustProvider<SignInSettings> = {
  kind: 'sign_in',
  title: 'an OpenID provider at which people sign in',
  forms: [],
  settings: signInSettings,
  maxStrength: 'platform',
  renewal: 'new_proof',
  maxFreshForSeconds: 43_200,
  // One issuer may vouch for workloads too, by a trust provider of kind `oidc`: a token finds that one by its issuer.
  issuerOf: () => null,
  // A subject is one person's at one issuer only; another issuer's may be anybody's.
  fixedSettings: ['issuer'],
  parseBinding: (input) => parseExactBinding(input, 'sign_in'),
  open: () => ({
    verify: () => rejected('form_not_allowed', 'a person signs in; an ID token is not presented', 'run `mayfly login`'),
  }),
}

/** A sign-in provider at one version of its row, with what it said of itself lately. */
export interface OpenSignInProvider {
  readonly settings: SignInSettings
  readonly metadata: MetadataSource
  readonly keys: KeySource
}

export function openSignInProvider(settings: SignInSettings, clock: Clock): OpenSignInProvider {
  const { issuer, client_id: clientId, ca_pem } = settings
  const ofIssuer = oidcSettings.parse({ issuer, audiences: [clientId], ...(ca_pem === undefined ? {} : { ca_pem }) })
  return {
    settings,
    metadata: openMetadataSource(settings, clock),
    keys: openKeySource(ofIssuer, clock),
  }
}
