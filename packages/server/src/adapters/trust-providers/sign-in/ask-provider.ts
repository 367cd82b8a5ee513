/**
 * Asks an OpenID provider as its client: token requests (RFC 6749 section 4.1.3, RFC 8628 section 3.4), device
 * authorization (RFC 8628 section 3.1) and UserInfo (OpenID Connect Core section 5.3).
 *
 * Promise: what the provider gives out stays here; the server passes none of it on and keeps none of it.
 */
import { randomUUID } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import type { Signer } from '../../keys/signing-key.ts'
import { guardedFetch, isFetchableUrl } from '@mayfly/provider-kit'
import { parseStrictObject } from '../strict-json.ts'
import { fetchTimeoutMs, maxAnswerSizeBytes, type ProviderMetadata, providerUnavailable } from './provider-metadata.ts'
import type { SignInSettings } from './sign-in-settings.ts'

/** With what the server proves itself at the provider, as `client_authentication` says. */
export type ClientProof =
  | { readonly kind: 'none' }
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'key'; readonly signer: Signer; readonly now: Date }

export interface ProviderTokens {
  readonly outcome: 'tokens'
  readonly idToken: Secret
  readonly accessToken: Secret | undefined
}

/** What the provider says against it (RFC 6749 section 5.2, RFC 8628 section 3.5). */
export interface ProviderRefusal {
  readonly outcome: 'refused'
  readonly error: string
}

const assertionLifeSeconds = 60
const errorShape = /^[\w.:-]{1,100}$/

/** @throws MayflyError `sign_in_provider_unavailable` */
export async function requestTokens(
  settings: SignInSettings,
  { tokenEndpoint }: ProviderMetadata,
  proof: ClientProof,
  form: Readonly<Record<string, string>>,
): Promise<ProviderTokens | ProviderRefusal> {
  const answer = await postForm(settings, tokenEndpoint, tokenEndpoint, proof, form)
  if ('outcome' in answer) return answer
  const { id_token: idToken, access_token: accessToken } = answer.body
  if (typeof idToken !== 'string') throw providerUnavailable(settings, 'the token endpoint gave no ID token')
  return {
    outcome: 'tokens',
    idToken: new Secret(idToken),
    accessToken: typeof accessToken === 'string' ? new Secret(accessToken) : undefined,
  }
}

export interface DeviceAuthorization {
  readonly outcome: 'device'
  readonly deviceCode: Secret
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete: string | undefined
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

/** @throws MayflyError `sign_in_provider_unavailable` */
export async function requestDevice(
  settings: SignInSettings,
  { tokenEndpoint }: ProviderMetadata,
  deviceEndpoint: string,
  proof: ClientProof,
): Promise<DeviceAuthorization | ProviderRefusal> {
  const scope = settings.scopes.join(' ')
  const answer = await postForm(settings, deviceEndpoint, tokenEndpoint, proof, { scope })
  if ('outcome' in answer) return answer
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval = 5 } = answer.body
  if (
    typeof device_code !== 'string' ||
    typeof user_code !== 'string' ||
    !/^[\x21-\x7e ]{1,64}$/.test(user_code) ||
    !isWebAddress(verification_uri) ||
    !isSeconds(expires_in, 86_400) ||
    !isSeconds(interval, 600)
  ) {
    throw providerUnavailable(settings, 'the device authorization endpoint gave no device code')
  }
  return {
    outcome: 'device',
    deviceCode: new Secret(device_code),
    userCode: user_code,
    verificationUri: verification_uri,
    verificationUriComplete: isWebAddress(verification_uri_complete) ? verification_uri_complete : undefined,
    expiresInSeconds: expires_in,
    intervalSeconds: interval,
  }
}

/** @throws MayflyError `sign_in_provider_unavailable` */
export async function requestUserinfo(
  settings: SignInSettings,
  endpoint: string,
  accessToken: Secret,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { text } = await guardedFetch(endpoint, {
      ...bounds(settings),
      headers: { authorization: `Bearer ${accessToken.reveal()}` },
    })
    const claims = parseStrictObject(text)
    if (claims === undefined) throw new Error('not one JSON object')
    return claims
  } catch (cause) {
    throw providerUnavailable(settings, 'the UserInfo endpoint cannot be read', cause)
  }
}

async function postForm(
  settings: SignInSettings,
  endpoint: string,
  tokenEndpoint: string,
  proof: ClientProof,
  form: Readonly<Record<string, string>>,
): Promise<ProviderRefusal | { readonly body: Readonly<Record<string, unknown>> }> {
  const { headers, parameters } = authentication(settings, tokenEndpoint, proof)
  const fetched = await guardedFetch(endpoint, {
    ...bounds(settings),
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ client_id: settings.client_id, ...form, ...parameters }).toString(),
    accepts: (status) => status === 200 || status === 400 || status === 401 || status === 403,
  }).catch((cause: unknown) => {
    throw providerUnavailable(settings, 'it does not answer', cause)
  })
  const body = parseStrictObject(fetched.text)
  if (body === undefined) throw providerUnavailable(settings, `it answered ${fetched.status} without JSON`)
  if (fetched.status === 200) return { body }
  const { error } = body
  if (typeof error !== 'string' || !errorShape.test(error)) {
    throw providerUnavailable(settings, `it answered ${fetched.status} without an error`)
  }
  // That the server itself is not believed, or asks wrongly, is no fault of the person.
  if (
    ['invalid_client', 'unauthorized_client', 'invalid_scope', 'invalid_request', 'unsupported_grant_type'].includes(
      error,
    )
  ) {
    throw providerUnavailable(settings, `it refuses this server as its client (${error})`)
  }
  return { outcome: 'refused', error }
}

function authentication(settings: SignInSettings, tokenEndpoint: string, proof: ClientProof) {
  const { client_id: clientId, issuer } = settings
  switch (proof.kind) {
    case 'none':
      return { headers: {}, parameters: {} }
    case 'secret': {
      if (settings.client_authentication === 'client_secret_post') {
        return { headers: {}, parameters: { client_secret: proof.secret.reveal() } }
      }
      // RFC 6749 section 2.3.1: each half is form-encoded before it is joined.
      const pair = `${formEncode(clientId)}:${formEncode(proof.secret.reveal())}`
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, parameters: {} }
    }
    case 'key': {
      const audience = settings.assertion_audience === 'issuer' ? issuer : tokenEndpoint
      return {
        headers: {},
        parameters: {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: signAssertion(proof.signer, clientId, audience, proof.now),
        },
      }
    }
  }
}

/** RFC 7523 section 2.2. */
function signAssertion(signer: Signer, clientId: string, audience: string, now: Date): string {
  const iat = Math.floor(now.getTime() / 1000)
  const header = { alg: signer.algorithm, typ: 'JWT', kid: signer.keyId }
  const claims = { iss: clientId, sub: clientId, aud: audience, iat, exp: iat + assertionLifeSeconds }
  const signedText = `${encode(header)}.${encode({ ...claims, jti: randomUUID() })}`
  return `${signedText}.${Buffer.from(signer.sign(Buffer.from(signedText, 'latin1'))).toString('base64url')}`
}

function bounds(settings: SignInSettings) {
  return { signal: AbortSignal.timeout(fetchTimeoutMs), maxSizeBytes: maxAnswerSizeBytes, ca: settings.ca_pem }
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function isSeconds(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= max
}

/** It is shown to a person, who opens it. */
function isWebAddress(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 2000 && isFetchableUrl(value)
}
