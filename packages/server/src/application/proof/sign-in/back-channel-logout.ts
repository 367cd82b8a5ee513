/**
 * A provider tells that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0): their sessions here end.
 *
 * Promise: the logout token is judged like an ID token, is none (section 2.4: no `nonce`, an event of its own), and counts
 * once; what ends, ends by the one path (law 2).
 */
import { createHash } from 'node:crypto'
import { MayflyError, type TenantId } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { isJwtFault, readJwt } from '../../../adapters/trust-providers/jwt.ts'
import { checkTimes } from '../../../adapters/trust-providers/proof-times.ts'
import type { OpenSignInProvider } from '../../../adapters/trust-providers/sign-in/sign-in-trust-provider.ts'
import { type Rejection, rejected } from '../../../adapters/trust-providers/trust-provider.ts'
import { isJwsAlgorithm, verifyJws } from '../../../adapters/trust-providers/verify-jws.ts'
import { listSessionsToLogOut } from '../../../store/session-rows.ts'
import { rememberProof } from '../../../store/sign-in-rows.ts'
import { findTrustProvider } from '../../../store/trust-provider-rows.ts'
import { actorRecord } from '../../context.ts'
import { requestRevocation } from '../../revocation/request-revocation.ts'
import type { ProofDeps } from '../proof-deps.ts'

export interface ProviderLogout {
  readonly tenantId: TenantId
  /** Name or id. */
  readonly provider: string
  readonly logoutToken: Secret
  readonly requestId: string
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
const maxAgeSeconds = 300

/**
 * @returns a rejection of the token, or how many sessions ended; none where it came before
 * @throws MayflyError `resource_not_found`, `trust_bundle_unavailable`
 */
export async function logOutAtProvider(
  deps: ProofDeps,
  logout: ProviderLogout,
): Promise<Rejection | { readonly outcome: 'logged_out'; readonly sessions: number }> {
  const { tenantId } = logout
  const row = await deps.database.transaction(tenantId, (tx) => findTrustProvider(tx, logout.provider))
  if (row === undefined || row.kind !== 'sign_in' || row.state !== 'active') throw new MayflyError('resource_not_found')
  const now = deps.clock.now()
  const judged = await judge(deps.signInProviders.open(tenantId, row), logout.logoutToken, now)
  if (judged.outcome === 'rejected') return judged
  const sessions = await deps.database.transaction(tenantId, async (tx) => {
    const fresh = await rememberProof(tx, row.trust_provider_id, judged.digest, judged.expiresAt)
    if (!fresh) return 0
    const ids = await listSessionsToLogOut(tx, row.trust_provider_id, judged)
    for (const id of ids) {
      await requestRevocation(tx, {
        selector: { kind: 'attestation', id },
        cause: 'session_ended',
        requestedBy: actorRecord({ kind: 'system', worker: 'back-channel-logout' }),
        reason: 'signed out at the provider',
        now,
        requestId: logout.requestId,
      })
    }
    return ids.length
  })
  return { outcome: 'logged_out', sessions }
}

interface JudgedLogout {
  readonly outcome: 'judged'
  readonly subject: string | undefined
  readonly sid: string | undefined
  readonly digest: Buffer
  readonly expiresAt: Date
}

async function judge(
  { settings, keys }: OpenSignInProvider,
  token: Secret,
  now: Date,
): Promise<Rejection | JudgedLogout> {
  const jwt = readJwt(token.reveal())
  if (isJwtFault(jwt)) return rejected('proof_malformed', `the logout token cannot be read: ${jwt.fault}`)
  const { header, claims } = jwt
  const { alg, kid, typ } = header
  if (typ !== undefined && !['logout+jwt', 'jwt'].includes(typ.toLowerCase())) {
    return rejected('type_not_allowed', '`typ` must be `logout+jwt`')
  }
  if (!isJwsAlgorithm(alg) || !settings.algorithms.includes(alg)) {
    return rejected('algorithm_not_allowed', `\`alg\` must be one of ${settings.algorithms.join(', ')}`)
  }
  const { iss, aud, jti, sub, sid, events, nonce } = claims
  if (iss !== settings.issuer) return rejected('issuer_unknown', '`iss` is another issuer')
  const audiences = Array.isArray(aud) ? aud : [aud]
  if (audiences.length !== 1 || audiences[0] !== settings.client_id) {
    return rejected('audience_wrong', '`aud` is not this client, or not alone')
  }
  if (nonce !== undefined) return rejected('claim_wrong', '`nonce` makes it an ID token')
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, logoutEvent)) {
    return rejected('claim_missing', '`events` does not tell of a logout')
  }
  if (typeof jti !== 'string' || jti === '') return rejected('claim_missing', '`jti` is missing')
  if (!isNamed(sub) || !isNamed(sid) || (sub ?? sid) === undefined) {
    return rejected('claim_missing', '`sub` and `sid` are both missing, or not texts')
  }
  const ends = checkTimes(claims, { now, clockToleranceSeconds: settings.clock_tolerance_seconds, maxAgeSeconds })
  if (!(ends instanceof Date)) return ends
  const fitting = await keys.keysFor(kid, alg)
  if (!fitting.some((key) => verifyJws(alg, key, jwt))) {
    return rejected('signature_invalid', 'the signature is not valid, or of a key that the provider does not know')
  }
  const digest = createHash('sha256').update(`logout_token ${jti}`).digest()
  return { outcome: 'judged', subject: sub, sid, digest, expiresAt: ends }
}

/** Absent, or a text that is not blank. */
function isNamed(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.trim() !== '' && value.length <= 2000)
}
