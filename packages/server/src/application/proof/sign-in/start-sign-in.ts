/**
 * Begins a sign-in at an OpenID provider: with a browser that comes back (authorization code with PKCE), or with a code
 * that a person enters on another device (RFC 8628).
 *
 * Promise: whoever begins it gets a secret, and only with it can it be finished: what somebody else completed at the provider
 * is nobody else's session. State, nonce and code verifier are fresh, sealed at rest, and count once.
 * Limit: a person can be talked into entering a code that somebody else shows them (docs/threat-model.md).
 */
import { createHash, randomBytes } from 'node:crypto'
import { type FieldProblem, MayflyError, newId, type SignInId, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { sealPlace } from '../../../adapters/keys/seal-place.ts'
import { type ClientProof, requestDevice } from '../../../adapters/trust-providers/sign-in/ask-provider.ts'
import { providerUnavailable } from '../../../adapters/trust-providers/sign-in/provider-metadata.ts'
import { allowsRedirect, type SignInFlow } from '../../../adapters/trust-providers/sign-in/sign-in-settings.ts'
import type { OpenSignInProvider } from '../../../adapters/trust-providers/sign-in/sign-in-trust-provider.ts'
import { insertSignIn, type NewSignInRow } from '../../../store/sign-in-rows.ts'
import { findTrustProvider, type TrustProviderRow } from '../../../store/trust-provider-rows.ts'
import type { ProofDeps } from '../proof-deps.ts'
import { readClientProof } from './sign-in-providers.ts'

export interface SignInStart {
  readonly tenantId: TenantId
  /** Name or id. */
  readonly provider: string
  readonly flow: SignInFlow
  /** Of flow `code`. */
  readonly redirectUri?: string | undefined
  /** Thumbprint (RFC 7638) of the key that the session will be bound to (RFC 9449). */
  readonly jkt?: string | undefined
  readonly sourceAddress: string | undefined
}

interface Started {
  readonly signInId: SignInId
  /** Finishing needs it. */
  readonly starterSecret: Secret
  readonly expiresAt: Date
}

export type StartedSignIn =
  | (Started & { readonly flow: 'code'; readonly authorizationUrl: string })
  | (Started & {
      readonly flow: 'device'
      readonly userCode: string
      readonly verificationUri: string
      readonly verificationUriComplete: string | undefined
      readonly intervalSeconds: number
    })

/** What is kept, sealed, until the sign-in is finished. */
export type SignInMaterial =
  | { readonly flow: 'code'; readonly verifier: string; readonly nonce: string }
  | { readonly flow: 'device'; readonly deviceCode: string }

export const signInTtlSeconds = 600
const maxDeviceTtlSeconds = 1_800

/**
 * @throws MayflyError `resource_not_found` (no such sign-in provider), `request_invalid` (the flow, the redirect),
 * `sign_in_provider_unavailable`
 */
export async function startSignIn(deps: ProofDeps, start: SignInStart): Promise<StartedSignIn> {
  const { row, provider, proof } = await deps.database.transaction(start.tenantId, async (tx) => {
    const found = await findTrustProvider(tx, start.provider)
    if (found === undefined || found.kind !== 'sign_in' || found.state !== 'active') {
      throw new MayflyError('resource_not_found', {
        publicDetail: `there is no sign-in provider \`${start.provider}\``,
        hint: 'ask `GET /v1/sign-in-providers` which there are',
      })
    }
    const opened = deps.signInProviders.open(start.tenantId, found)
    requireFlow(opened, start)
    return { row: found, provider: opened, proof: await readClientProof(deps, tx, found, opened) }
  })
  return start.flow === 'code' ? startCode(deps, start, row, provider) : startDevice(deps, start, row, provider, proof)
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function requireFlow({ settings }: OpenSignInProvider, { flow, redirectUri }: SignInStart): void {
  if (!settings.flows.includes(flow)) {
    throw invalid('/flow', `this sign-in provider offers ${settings.flows.map((one) => `\`${one}\``).join(', ')}`)
  }
  if (flow === 'device') {
    if (redirectUri !== undefined) throw invalid('/redirect_uri', 'belongs to flow `code` only: leave it out')
    return
  }
  if (redirectUri === undefined) throw invalid('/redirect_uri', 'is required with flow `code`')
  if (!allowsRedirect(settings, redirectUri)) {
    throw invalid('/redirect_uri', 'is not one of the `redirect_uris` of this sign-in provider')
  }
}

async function startCode(
  deps: ProofDeps,
  start: SignInStart,
  row: TrustProviderRow,
  { settings, metadata }: OpenSignInProvider,
): Promise<StartedSignIn> {
  const { authorizationEndpoint } = await metadata.read()
  const [verifier, state, nonce] = [secretText(), secretText(), secretText()]
  const redirectUri = start.redirectUri ?? ''
  const expiresAt = new Date(deps.clock.now().getTime() + signInTtlSeconds * 1000)
  const started = await store(
    deps,
    start,
    row,
    expiresAt,
    { flow: 'code', verifier, nonce },
    {
      state_digest: digestOf(state),
      redirect_uri: redirectUri,
      interval_seconds: null,
      next_poll_at: null,
    },
  )
  const url = new URL(authorizationEndpoint)
  const parameters = {
    response_type: 'code',
    client_id: settings.client_id,
    redirect_uri: redirectUri,
    scope: settings.scopes.join(' '),
    state,
    nonce,
    code_challenge: digestOf(verifier).toString('base64url'),
    code_challenge_method: 'S256',
    ...(settings.acr_values.length === 0 ? {} : { acr_values: settings.acr_values.join(' ') }),
    ...(settings.max_authentication_age_seconds === undefined
      ? {}
      : { max_age: String(settings.max_authentication_age_seconds) }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { flow: 'code', ...started, authorizationUrl: url.href }
}

async function startDevice(
  deps: ProofDeps,
  start: SignInStart,
  row: TrustProviderRow,
  { settings, metadata }: OpenSignInProvider,
  proof: ClientProof,
): Promise<StartedSignIn> {
  const known = await metadata.read()
  if (known.deviceAuthorizationEndpoint === undefined) {
    throw providerUnavailable(settings, 'it has no device authorization endpoint')
  }
  const answer = await requestDevice(settings, known, known.deviceAuthorizationEndpoint, proof)
  if (answer.outcome === 'refused') throw providerUnavailable(settings, `it gives no device code (${answer.error})`)
  const ttlSeconds = Math.min(answer.expiresInSeconds, maxDeviceTtlSeconds)
  const now = deps.clock.now()
  const started = await store(
    deps,
    start,
    row,
    new Date(now.getTime() + ttlSeconds * 1000),
    { flow: 'device', deviceCode: answer.deviceCode.reveal() },
    { state_digest: null, redirect_uri: null, interval_seconds: answer.intervalSeconds, next_poll_at: now },
  )
  const { userCode, verificationUri, verificationUriComplete, intervalSeconds } = answer
  return { flow: 'device', ...started, userCode, verificationUri, verificationUriComplete, intervalSeconds }
}

async function store(
  deps: ProofDeps,
  start: SignInStart,
  row: TrustProviderRow,
  expiresAt: Date,
  material: SignInMaterial,
  ofFlow: Pick<NewSignInRow, 'state_digest' | 'redirect_uri' | 'interval_seconds' | 'next_poll_at'>,
): Promise<Started> {
  const now = deps.clock.now()
  const signInId = newId<SignInId>(now.getTime())
  const starterSecret = new Secret(secretText())
  await deps.database.transaction(start.tenantId, async (tx) =>
    insertSignIn(tx, {
      ...ofFlow,
      sign_in_id: signInId,
      trust_provider_id: row.trust_provider_id,
      trust_provider_version: row.version,
      flow: start.flow,
      starter_digest: digestOf(starterSecret.reveal()),
      sealed_material: await deps.keys.seal(tx, new Secret(JSON.stringify(material)), sealPlace.signIn(signInId)),
      token_binding: start.jkt === undefined ? null : `jkt:${start.jkt}`,
      source_address: start.sourceAddress ?? null,
      started_at: now,
      expires_at: expiresAt,
    }),
  )
  return { signInId, starterSecret, expiresAt }
}

/** 256 bits; 43 characters are a code verifier too (RFC 7636 section 4.1). */
function secretText(): string {
  return randomBytes(32).toString('base64url')
}

function invalid(pointer: string, detail: string): MayflyError {
  const fields: FieldProblem[] = [{ pointer, detail }]
  return new MayflyError('request_invalid', { publicDetail: `\`${pointer}\` ${detail}`, fields })
}
