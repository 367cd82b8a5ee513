/**
 * Checks an ID token (OpenID Connect Core section 3.1.3.7) of a sign-in that this server began.
 *
 * Promise: of this issuer, for this client alone, signed by a key of the issuer's own set with an algorithm of the list, in
 * time, with the nonce of this very sign-in, and as strong as the settings ask for.
 * Not here: whose it is, and that it counts once.
 */
import { createHash } from 'node:crypto'
import type { Secret } from '@mayfly/provider-kit'
import { isJwtFault, readJwt } from '../jwt.ts'
import type { KeySource } from '../oidc/key-source.ts'
import { checkTimes } from '../proof-times.ts'
import { type Rejection, rejected } from '../trust-provider.ts'
import { isJwsAlgorithm, verifyJws } from '../verify-jws.ts'
import type { SignInSettings } from './sign-in-settings.ts'

export interface CheckedIdToken {
  readonly outcome: 'checked'
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
  /** What makes this token this one. */
  readonly digest: string
  readonly expiresAt: Date
}

/** It was made a moment ago, for the request that is under way. */
const maxAgeSeconds = 600
const maxIdTokenSizeBytes = 65_536

/**
 * @param nonce of the sign-in; absent for a device, which sends none
 * @throws MayflyError `trust_bundle_unavailable`: the provider's keys cannot be had
 */
export async function checkIdToken(
  settings: SignInSettings,
  keySource: KeySource,
  token: Secret,
  expected: { readonly now: Date; readonly nonce: string | undefined },
): Promise<CheckedIdToken | Rejection> {
  const jwt = readJwt(token.reveal(), maxIdTokenSizeBytes)
  if (isJwtFault(jwt)) return rejected('proof_malformed', `the ID token cannot be read: ${jwt.fault}`)
  const { header, claims } = jwt
  const { alg, kid, typ } = header
  // An access token or a logout token of the same issuer is no ID token (RFC 8725 section 3.11).
  if (typ !== undefined && typ.toLowerCase() !== 'jwt') {
    return rejected('type_not_allowed', '`typ` of the ID token must be `JWT`, or absent')
  }
  if (!isJwsAlgorithm(alg) || !settings.algorithms.includes(alg)) {
    return rejected('algorithm_not_allowed', `\`alg\` of the ID token must be one of ${settings.algorithms.join(', ')}`)
  }
  if (claims['iss'] !== settings.issuer) return rejected('issuer_unknown', '`iss` of the ID token is another issuer')
  const { sub, nonce } = claims
  if (typeof sub !== 'string' || sub.trim() === '' || sub.length > 2000) {
    return rejected('claim_missing', '`sub` of the ID token is missing, empty or too long')
  }
  const fault = audienceFault(claims, settings.client_id)
  if (fault !== undefined) return rejected('audience_wrong', fault)
  if (nonce !== expected.nonce) {
    return rejected('claim_wrong', '`nonce` of the ID token is not that of this sign-in', 'begin again')
  }
  const ends = checkTimes(claims, {
    now: expected.now,
    clockToleranceSeconds: settings.clock_tolerance_seconds,
    maxAgeSeconds,
  })
  if (!(ends instanceof Date)) return ends
  const keys = await keySource.keysFor(kid, alg)
  if (keys.length === 0) return rejected('key_unknown', 'the provider knows no such key')
  if (!keys.some((key) => verifyJws(alg, key, jwt))) {
    return rejected('signature_invalid', 'the signature of the ID token is not valid')
  }
  const weakness = authenticationFault(settings, claims, expected.now)
  if (weakness !== undefined)
    return rejected('claim_wrong', weakness, 'sign in at the provider again, in a stronger way')
  return {
    outcome: 'checked',
    subject: sub,
    claims,
    digest: createHash('sha256').update(jwt.signedText).digest('base64url'),
    expiresAt: ends,
  }
}

/** A token for others too could be presented here by them; and `azp`, where it is, is whom it was given to. */
function audienceFault({ aud, azp }: Readonly<Record<string, unknown>>, clientId: string): string | undefined {
  const audiences = Array.isArray(aud) ? aud : [aud]
  if (audiences.length !== 1 || audiences[0] !== clientId)
    return '`aud` of the ID token is not this client, or not alone'
  return azp === undefined || azp === clientId ? undefined : '`azp` of the ID token is another client'
}

function authenticationFault(
  settings: SignInSettings,
  { acr, amr, auth_time: authTime }: Readonly<Record<string, unknown>>,
  now: Date,
): string | undefined {
  const { acr_values: acrs, amr: methods, max_authentication_age_seconds: maxAge } = settings
  if (acrs.length > 0 && !(typeof acr === 'string' && acrs.includes(acr))) {
    return `\`acr\` must be one of \`${acrs.join('`, `')}\``
  }
  const used: readonly unknown[] = Array.isArray(amr) ? amr : []
  const missing = methods.find((method) => !used.includes(method))
  if (missing !== undefined) return `\`amr\` lacks \`${missing}\``
  if (maxAge === undefined) return undefined
  if (typeof authTime !== 'number' || !Number.isFinite(authTime)) return '`auth_time` is missing'
  const agoSeconds = now.getTime() / 1000 - authTime
  return agoSeconds > maxAge + settings.clock_tolerance_seconds
    ? `the person authenticated ${Math.ceil(agoSeconds)} s ago, at most ${maxAge} s are allowed`
    : undefined
}
