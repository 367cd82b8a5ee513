/** Access tokens of one server: got with a proof, used again while they live, never written anywhere. */
import { withDeadline } from '@mayfly/domain'
import type { BoundToken } from '../authorizer.ts'
import type { Dpop } from '../dpop.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import type { ProofSource, TokenForm, TokenResult } from './proof-source.ts'
import { UsageError } from './usage-error.ts'

export interface ProvenToken extends BoundToken {
  /** By our clock. */
  readonly expiresAt: Date
  readonly attestationId: string
  /** Without a new proof, what was issued under this one ends then. */
  readonly freshUntil: Date
  /** `spiffe://…` of an identity, `person:…` of a person. */
  readonly subject: string
}

export interface AccessTokens {
  /** A token with half a minute to live, or with a third of its life where that is less. */
  current(): Promise<ProvenToken>
  /** Proves anew, whatever there is. */
  prove(): Promise<ProvenToken>
  /** Proves anew, for a token for another audience: a bearer token, for whatever program it is handed to. */
  issue(target: TokenForm): Promise<TargetToken>
}

export interface TargetToken {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly credential_id: string
  readonly [member: string]: unknown
}

const longestSpareMs = 30_000
const timeoutMs = 15_000

/**
 * @param dpop binds the tokens to its key (RFC 9449), where the server does that; without it they are bearer tokens
 * @throws OAuthRefusal the server does not accept the proof, or policy does not permit the token
 */
export function makeAccessTokens(
  url: string,
  proof: ProofSource,
  now: () => Date,
  signal: AbortSignal,
  dpop?: Dpop,
): AccessTokens {
  let issuer: Promise<Issuer> | undefined
  let known: (ProvenToken & { readonly spareMs: number }) | undefined
  let underWay: Promise<ProvenToken> | undefined

  /** Not remembered where it fails: the server may only not be there yet. */
  function findIssuer(): Promise<Issuer> {
    issuer ??= readIssuer(url, signal).catch((error: unknown) => {
      issuer = undefined
      throw error
    })
    return issuer
  }

  async function ask(
    audience: string,
    limit: AbortSignal,
    target: TokenForm,
    key: Dpop | undefined,
  ): Promise<TokenResult> {
    const send = async (form: TokenForm): Promise<TokenResult> => {
      const answer = await postForm(`${url}/oauth/token`, { ...form, ...target }, key, limit)
      return { status: answer.status, body: (await answer.json().catch(() => ({}))) as Record<string, unknown> }
    }
    return proof.exchange === undefined ? send(await proof(audience, limit)) : proof.exchange(audience, limit, send)
  }

  async function request(): Promise<ProvenToken> {
    const { audience, bindsTokens } = await findIssuer()
    const startedAt = now()
    const { status, body } = await withDeadline([signal], timeoutMs, (limit) =>
      ask(audience, limit, {}, bindsTokens ? dpop : undefined),
    )
    if (status < 200 || status > 299) throw new OAuthRefusal(status, body)
    const proven = provenToken(body, startedAt)
    // A short proof makes a short token. To throw it away early would ask a platform for more proofs than it makes.
    const lifeMs = proven.expiresAt.getTime() - startedAt.getTime()
    known = { ...proven, spareMs: Math.min(longestSpareMs, lifeMs / 3) }
    return known
  }

  async function issue(target: TokenForm): Promise<TargetToken> {
    const { audience } = await findIssuer()
    const { status, body } = await withDeadline([signal], timeoutMs, (limit) => ask(audience, limit, target, undefined))
    if (status < 200 || status > 299) throw new OAuthRefusal(status, body)
    return targetToken(body)
  }

  function prove(): Promise<ProvenToken> {
    underWay ??= request().finally(() => (underWay = undefined))
    return underWay
  }

  return {
    prove,
    issue,
    async current() {
      if (known !== undefined && known.expiresAt.getTime() - now().getTime() > known.spareMs) return known
      return prove()
    },
  }
}

async function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
  dpop: Dpop | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const post = () =>
    fetch(url, {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'error',
      signal,
      ...(dpop !== undefined && { headers: { dpop: dpop.proof({ method: 'POST', url }) } }),
    })
  const answer = await post()
  // A server that asks for a nonce has not looked at the proof of who asks: it is still good.
  return dpop !== undefined && (await dpop.learnFrom(answer)) ? post() : answer
}

interface Issuer {
  readonly audience: string
  readonly bindsTokens: boolean
}

/**
 * The audience of our proofs. A server that names another issuer than the address it was asked at could pass our proof
 * on to that one (RFC 8414 section 3.3).
 */
async function readIssuer(url: string, signal: AbortSignal): Promise<Issuer> {
  const metadata = await withDeadline([signal], timeoutMs, async (limit) => {
    const answer = await fetch(`${url}/.well-known/oauth-authorization-server`, { redirect: 'error', signal: limit })
    if (!answer.ok) throw new UsageError(`\`${url}\` does not answer as a Mayfly server (HTTP ${answer.status})`)
    return (await answer.json().catch(() => ({}))) as Readonly<Record<string, unknown>>
  })
  const { issuer, dpop_signing_alg_values_supported: algorithms } = metadata
  if (issuer === url) return { audience: url, bindsTokens: Array.isArray(algorithms) && algorithms.includes('ES256') }
  throw new UsageError(
    `the server at \`${url}\` calls itself \`${String(issuer)}\``,
    'use the address that it calls itself by: `--url` or `MAYFLY_URL`',
  )
}

function provenToken(body: Readonly<Record<string, unknown>>, startedAt: Date): ProvenToken {
  const { access_token: accessToken, expires_in: expiresIn, attestation_id: attestationId, fresh_until: until } = body
  const type = typeof body['token_type'] === 'string' ? body['token_type'] : ''
  if (typeof accessToken !== 'string' || typeof expiresIn !== 'number' || typeof until !== 'string') {
    throw new OAuthRefusal(502, { error_description: 'the answer of the token endpoint is not one' })
  }
  return {
    accessToken,
    tokenType: type.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer',
    expiresAt: new Date(startedAt.getTime() + expiresIn * 1000),
    attestationId: String(attestationId),
    freshUntil: new Date(until),
    subject: subjectOf(accessToken),
  }
}

function targetToken(body: Record<string, unknown>): TargetToken {
  const { access_token, token_type, expires_in, credential_id } = body
  if (typeof access_token === 'string' && typeof token_type === 'string' && typeof expires_in === 'number') {
    return { ...body, access_token, token_type, expires_in, credential_id: String(credential_id) }
  }
  throw new OAuthRefusal(502, { error_description: 'the answer of the token endpoint is not one' })
}

/** What our own token says of us, for people to read; the server judges it, we do not. */
function subjectOf(accessToken: string): string {
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString() || '{}') as {
    sub?: unknown
  }
  return typeof claims.sub === 'string' ? claims.sub : ''
}
