/**
 * Finishes a sign-in: asks the provider who it is, and gives a session.
 *
 * Promise: only whoever began it can finish it, once; what a provider sends is believed only as far as it is of this very
 * sign-in (state, `iss`, code verifier, nonce); the session is an attestation like every other, by the one way in
 * (`decideAndStore`): same decision, same entry, same end.
 */
import { timingSafeEqual } from 'node:crypto'
import { MayflyError, type TenantId } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { sealPlace } from '../../../adapters/keys/seal-place.ts'
import {
  type ClientProof,
  type ProviderTokens,
  requestTokens,
  requestUserinfo,
} from '../../../adapters/trust-providers/sign-in/ask-provider.ts'
import { readGroupRules } from '../../../adapters/trust-providers/sign-in/group-rules.ts'
import { type CheckedIdToken, checkIdToken } from '../../../adapters/trust-providers/sign-in/id-token.ts'
import { providerUnavailable } from '../../../adapters/trust-providers/sign-in/provider-metadata.ts'
import type { OpenSignInProvider } from '../../../adapters/trust-providers/sign-in/sign-in-trust-provider.ts'
import type { AcceptedProof, Rejection } from '../../../adapters/trust-providers/trust-provider.ts'
import type { PersonRow } from '../../../store/person-rows.ts'
import type { ProvingParty } from '../../../store/proof-rows.ts'
import { endSignIn, findSignIn, type SignInRow, slowDown, takePoll } from '../../../store/sign-in-rows.ts'
import { findTrustProvider, type TrustProviderRow } from '../../../store/trust-provider-rows.ts'
import { deniedError } from '../../decision/with-authority.ts'
import { decideAndStore, type GrantedToken } from '../accept-proof.ts'
import type { ProofDeps } from '../proof-deps.ts'
import { type Admission, admitPerson } from './admit-person.ts'
import { readClientProof } from './sign-in-providers.ts'
import { signInRefused } from './sign-in-refusal.ts'
import { digestOf, type SignInMaterial } from './start-sign-in.ts'

export interface SignInFinish {
  readonly tenantId: TenantId
  readonly signInId: string
  readonly starterSecret: Secret
  /** Of flow `code`: what the provider sent back with the browser. */
  readonly code?: Secret | undefined
  readonly state?: string | undefined
  readonly iss?: string | undefined
  readonly sourceAddress: string | undefined
  readonly requestId: string
}

export interface Session {
  readonly outcome: 'signed_in'
  readonly granted: GrantedToken
  readonly boundToKey: boolean
  readonly person: PersonRow
  readonly party: Extract<ProvingParty, { kind: 'person' }>
}

/** Nobody has entered the code yet: ask again after so long. */
export interface Pending {
  readonly outcome: 'pending'
  readonly intervalSeconds: number
}

const slowDownSeconds = 5
const maxAttempts = 3

/**
 * @throws MayflyError `resource_not_found`: no such sign-in, or another's, or one that was finished: there is no telling which
 * @throws MayflyError `sign_in_refused` with `reason`, `policy_denied`, `sign_in_provider_unavailable`,
 *   `trust_bundle_unavailable`
 */
export async function finishSignIn(deps: ProofDeps, finish: SignInFinish): Promise<Session | Pending> {
  const found = await findOwn(deps, finish)
  const tokens =
    found.material.flow === 'code'
      ? await exchangeCode(deps, finish, found, found.material)
      : await pollDevice(deps, finish, found, found.material)
  if (tokens.outcome === 'pending') return tokens
  const nonce = found.material.flow === 'code' ? found.material.nonce : undefined
  return giveSession(deps, finish, found, await readIdentity(deps, found, tokens, nonce))
}

interface Found {
  readonly row: SignInRow
  readonly providerRow: TrustProviderRow
  readonly provider: OpenSignInProvider
  readonly proof: ClientProof
  readonly material: SignInMaterial
}

async function findOwn(deps: ProofDeps, { tenantId, signInId, starterSecret }: SignInFinish): Promise<Found> {
  return deps.database.transaction(tenantId, async (tx) => {
    const row = await findSignIn(tx, signInId)
    const given = digestOf(starterSecret.reveal())
    if (row === undefined || !timingSafeEqual(row.starter_digest, given) || row.state !== 'pending') throw notFound()
    if (row.expires_at <= deps.clock.now()) throw expired()
    const providerRow = await findTrustProvider(tx, row.trust_provider_id)
    if (providerRow?.state !== 'active' || providerRow.version !== row.trust_provider_version) {
      throw signInRefused('provider_changed', 'the sign-in provider has been changed in the meantime', 'begin again')
    }
    const provider = deps.signInProviders.open(tenantId, providerRow)
    const sealed = await deps.keys.open(tx, row.sealed_material, sealPlace.signIn(row.sign_in_id))
    return {
      row,
      providerRow,
      provider,
      proof: await readClientProof(deps, tx, providerRow, provider),
      // Written by startSignIn, and sealed since.
      material: JSON.parse(sealed.reveal()) as SignInMaterial,
    }
  })
}

async function exchangeCode(
  deps: ProofDeps,
  finish: SignInFinish,
  { row, provider, proof }: Found,
  material: Extract<SignInMaterial, { flow: 'code' }>,
): Promise<ProviderTokens> {
  const { code, state, iss } = finish
  if (code === undefined || state === undefined) {
    const detail = 'is required to finish a sign-in of flow `code`'
    const fields = [...(code === undefined ? ['/code'] : []), ...(state === undefined ? ['/state'] : [])]
    throw new MayflyError('request_invalid', { fields: fields.map((pointer) => ({ pointer, detail })) })
  }
  const { settings } = provider
  const metadata = await provider.metadata.read()
  // Whatever comes of it: a code, a state and a nonce count once.
  await endOrRefuse(deps, finish.tenantId, row)
  if (row.state_digest === null || !timingSafeEqual(row.state_digest, digestOf(state))) {
    throw signInRefused(
      'state_wrong',
      '`state` is not that of this sign-in',
      'begin again, and follow only its own address',
    )
  }
  if (iss === undefined ? metadata.namesItself : iss !== settings.issuer) {
    throw signInRefused('provider_mixed_up', '`iss` is not the provider that this sign-in was begun at', 'begin again')
  }
  const answer = await requestTokens(settings, metadata, proof, {
    grant_type: 'authorization_code',
    code: code.reveal(),
    redirect_uri: row.redirect_uri ?? '',
    code_verifier: material.verifier,
  })
  if (answer.outcome === 'tokens') return answer
  throw signInRefused('code_rejected', `the provider does not take the code (${answer.error})`, 'begin again')
}

async function pollDevice(
  deps: ProofDeps,
  { tenantId, code, state }: SignInFinish,
  { row, provider, proof }: Found,
  material: Extract<SignInMaterial, { flow: 'device' }>,
): Promise<ProviderTokens | Pending> {
  if (code !== undefined || state !== undefined) {
    const detail = 'belongs to flow `code` only: leave it out'
    throw new MayflyError('request_invalid', { fields: [{ pointer: '/code', detail }] })
  }
  const intervalSeconds = row.interval_seconds ?? slowDownSeconds
  const mayAsk = await deps.database.transaction(tenantId, (tx) => takePoll(tx, row, deps.clock.now()))
  if (!mayAsk) return { outcome: 'pending', intervalSeconds }
  const answer = await requestTokens(provider.settings, await provider.metadata.read(), proof, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: material.deviceCode,
  })
  if (answer.outcome === 'tokens') {
    await endOrRefuse(deps, tenantId, row)
    return answer
  }
  // RFC 8628 section 3.5.
  switch (answer.error) {
    case 'authorization_pending':
      return { outcome: 'pending', intervalSeconds }
    case 'slow_down': {
      const longer = Math.min(intervalSeconds + slowDownSeconds, 600)
      await deps.database.transaction(tenantId, (tx) => slowDown(tx, row.sign_in_id, longer, deps.clock.now()))
      return { outcome: 'pending', intervalSeconds: longer }
    }
    case 'access_denied':
      await endOrRefuse(deps, tenantId, row)
      throw signInRefused('denied', 'the sign-in was declined at the provider', 'begin again, if that was a mistake')
    case 'expired_token':
      await endOrRefuse(deps, tenantId, row)
      throw expired()
    default:
      await endOrRefuse(deps, tenantId, row)
      throw signInRefused(
        'code_rejected',
        `the provider does not take the device code (${answer.error})`,
        'begin again',
      )
  }
}

async function endOrRefuse(deps: ProofDeps, tenantId: TenantId, row: SignInRow): Promise<void> {
  if (!(await deps.database.transaction(tenantId, (tx) => endSignIn(tx, row.sign_in_id)))) throw notFound()
}

interface ReadIdentity {
  readonly checked: CheckedIdToken
  /** Those of the ID token, and where the settings say so those of UserInfo beside. */
  readonly claims: Readonly<Record<string, unknown>>
}

async function readIdentity(
  deps: ProofDeps,
  { provider }: Found,
  { idToken, accessToken }: ProviderTokens,
  nonce: string | undefined,
): Promise<ReadIdentity> {
  const { settings, keys, metadata } = provider
  const checked = await checkIdToken(settings, keys, idToken, { now: deps.clock.now(), nonce })
  if (checked.outcome === 'rejected') throw idTokenRefused(checked)
  if (!settings.userinfo) return { checked, claims: checked.claims }
  const { userinfoEndpoint } = await metadata.read()
  if (userinfoEndpoint === undefined || accessToken === undefined) {
    throw providerUnavailable(settings, 'it has no UserInfo endpoint, or gave no access token')
  }
  const more = await requestUserinfo(settings, userinfoEndpoint, accessToken)
  // OpenID Connect Core section 5.3.2: else it could be another person's.
  if (more['sub'] !== checked.subject) throw providerUnavailable(settings, 'UserInfo is about another subject')
  return { checked, claims: { ...more, ...checked.claims } }
}

async function giveSession(
  deps: ProofDeps,
  finish: SignInFinish,
  { row, providerRow, provider }: Found,
  { checked, claims }: ReadIdentity,
): Promise<Session> {
  const { tenantId, requestId } = finish
  const given = readGroupRules(provider.settings, claims)
  if ('outcome' in given) throw idTokenRefused(given)
  const arrival = { provider: providerRow, settings: provider.settings, subject: checked.subject, claims, given }
  const admission: Admission = await deps.database.transaction(tenantId, (tx) =>
    admitPerson({ tx, actor: { kind: 'system', worker: 'sign-in' }, now: deps.clock.now(), requestId }, arrival),
  )
  if (admission.outcome === 'refused') throw signInRefused(admission.reason, admission.detail, admission.hint)
  const verdict = verdictOf(row, checked, provider.settings.issuer)
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const candidates = await deps.candidates.submit(tenantId, { by: 'binding', bindingId: admission.bindingId })
    const [binding] = candidates.bindings
    if (binding?.party.kind !== 'person' || binding.trustProvider.version !== row.trust_provider_version) {
      throw signInRefused(
        'provider_changed',
        'the sign-in provider or the binding has been changed meanwhile',
        'begin again',
      )
    }
    const jkt = row.token_binding?.slice('jkt:'.length)
    const request = {
      tenantId,
      tokenBinding: jkt === undefined ? undefined : ({ kind: 'key', jkt } as const),
      sourceAddress: finish.sourceAddress,
      requestId,
    }
    const answer = await decideAndStore(deps, request, candidates, { outcome: 'found', verdict, binding })
    if (answer === 'overtaken') continue
    if (answer.outcome === 'denied') throw deniedError(answer.decision)
    if (answer.outcome === 'rejected') throw idTokenRefused(answer)
    return {
      outcome: 'signed_in',
      granted: answer,
      boundToKey: jkt !== undefined,
      person: admission.person,
      party: binding.party,
    }
  }
  throw new MayflyError('version_conflict', { log: 'what a sign-in is decided on changed three times in a row' })
}

function verdictOf(
  { flow }: SignInRow,
  { subject, claims, digest, expiresAt }: CheckedIdToken,
  issuer: string,
): AcceptedProof {
  const { acr, amr, auth_time: authTime, sid } = claims
  const methods = Array.isArray(amr) ? amr.filter((method) => typeof method === 'string') : []
  const told = {
    ...(isShortText(acr) ? { acr } : {}),
    ...(methods.length > 0 && methods.join(' ').length <= 500 ? { amr: methods.join(' ') } : {}),
  }
  return {
    outcome: 'accepted',
    subjects: [subject],
    claims,
    instance: '',
    uniqueId: `id_token ${digest}`,
    expiresAt,
    recorded: {
      iss: issuer,
      sub: subject,
      flow,
      ...told,
      ...(typeof authTime === 'number' ? { auth_time: authTime } : {}),
      ...(isShortText(sid) ? { sid } : {}),
    },
    policyClaims: { flow, ...told },
    session: true,
  }
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 500
}

function idTokenRefused({ reason, detail, hint }: Rejection): MayflyError {
  return signInRefused(
    'id_token_rejected',
    detail,
    hint ?? 'begin again; if it stays so, tell an administrator',
    reason,
  )
}

function expired(): MayflyError {
  return signInRefused('expired', 'nobody finished the sign-in in time', 'begin again')
}

function notFound(): MayflyError {
  return new MayflyError('resource_not_found', {
    publicDetail: 'there is no such sign-in that could be finished',
    hint: 'begin again: each can be finished once, by whoever began it',
  })
}
