/** Access tokens of one server: got with a proof, used again while they live, never written anywhere. */
import { OAuthRefusal } from './oauth-refusal.ts'
import type { ProofSource } from './proof-source.ts'
import { UsageError } from './usage-error.ts'

export interface ProvenToken {
  readonly accessToken: string
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
}

const longestSpareMs = 30_000
const timeoutMs = 15_000

/** @throws OAuthRefusal the server does not accept the proof, or policy does not permit the token */
export function makeAccessTokens(url: string, proof: ProofSource, now: () => Date, signal: AbortSignal): AccessTokens {
  let audience: Promise<string> | undefined
  let known: (ProvenToken & { readonly spareMs: number }) | undefined
  let underWay: Promise<ProvenToken> | undefined

  async function request(): Promise<ProvenToken> {
    // Not remembered where it fails: the server may only not be there yet.
    audience ??= readIssuer(url, signal).catch((error: unknown) => {
      audience = undefined
      throw error
    })
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const form = await proof(await audience, limit)
    const startedAt = now()
    const answer = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'error',
      signal: limit,
    })
    const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>
    if (!answer.ok) throw new OAuthRefusal(answer.status, body)
    const proven = provenToken(body, startedAt)
    // A short proof makes a short token. To throw it away early would ask a platform for more proofs than it makes.
    const lifeMs = proven.expiresAt.getTime() - startedAt.getTime()
    known = { ...proven, spareMs: Math.min(longestSpareMs, lifeMs / 3) }
    return known
  }

  function prove(): Promise<ProvenToken> {
    underWay ??= request().finally(() => (underWay = undefined))
    return underWay
  }

  return {
    prove,
    async current() {
      if (known !== undefined && known.expiresAt.getTime() - now().getTime() > known.spareMs) return known
      return prove()
    },
  }
}

/**
 * The audience of our proofs. A server that names another issuer than the address it was asked at could pass our proof
 * on to that one (RFC 8414 section 3.3).
 */
async function readIssuer(url: string, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const answer = await fetch(`${url}/.well-known/oauth-authorization-server`, { redirect: 'error', signal: limit })
  if (!answer.ok) throw new UsageError(`\`${url}\` does not answer as a Mayfly server (HTTP ${answer.status})`)
  const { issuer } = (await answer.json().catch(() => ({}))) as { issuer?: unknown }
  if (issuer === url) return url
  throw new UsageError(
    `the server at \`${url}\` calls itself \`${String(issuer)}\``,
    'use the address that it calls itself by: `--url` or `MAYFLY_URL`',
  )
}

function provenToken(body: Record<string, unknown>, startedAt: Date): ProvenToken {
  const { access_token: accessToken, expires_in: expiresIn, attestation_id: attestationId, fresh_until: until } = body
  if (typeof accessToken !== 'string' || typeof expiresIn !== 'number' || typeof until !== 'string') {
    throw new OAuthRefusal(502, { error_description: 'the answer of the token endpoint is not one' })
  }
  return {
    accessToken,
    expiresAt: new Date(startedAt.getTime() + expiresIn * 1000),
    attestationId: String(attestationId),
    freshUntil: new Date(until),
    subject: subjectOf(accessToken),
  }
}

/** What our own token says of us, for people to read; the server judges it, we do not. */
function subjectOf(accessToken: string): string {
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString() || '{}') as {
    sub?: unknown
  }
  return typeof claims.sub === 'string' ? claims.sub : ''
}
