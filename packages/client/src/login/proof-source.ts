/**
 * How the caller proves what it is: with a key of its own, or with a token of the platform that it runs on.
 *
 * Promise: each call gives a proof that was not used before, as far as the platform can: a token file is read again.
 */
import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { makeClientAssertion } from '../private-key-tokens.ts'
import { readBoundKey } from './bound-key.ts'
import { countedLogin, hasLoginFile, loginFileOf } from './counted-key.ts'
import { UsageError } from './usage-error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The parameters of a token request (RFC 6749 section 4.4, RFC 7523 section 2). */
export type TokenForm = Readonly<Record<string, string>>

/** @param audience the issuer of the server that shall believe it */
export type ProofSource = ((audience: string, signal: AbortSignal) => Promise<TokenForm>) & {
  /** For proofs that depend on what the last one was answered: the whole exchange, in place of the form alone. */
  readonly exchange?: (audience: string, signal: AbortSignal, ask: AskToken) => Promise<TokenResult>
}

/** Sends a form to the token endpoint. */
export type AskToken = (form: TokenForm) => Promise<TokenResult>

export interface TokenResult {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly generation?: number | undefined
}

/** `private_key_jwt` (RFC 7523 section 2.2): a short assertion, signed anew each time. */
export function keyProof(clientId: string, privateKey: KeyObject, now: () => Date): ProofSource {
  return async (audience) => ({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: makeClientAssertion({ baseUrl: audience, clientId, privateKey }, now()),
  })
}

/**
 * The same with a key in a file: where its trust provider asks for a challenge, its logins are counted beside it.
 *
 * @throws UsageError the file is missing, or others may read it
 */
export async function keyFileProof(clientId: string, keyFile: string, now: () => Date): Promise<ProofSource> {
  const privateKey = await readBoundKey(keyFile)
  const loginFile = loginFileOf(keyFile)
  const plain = keyProof(clientId, privateKey, now)
  const counted = (audience: string, signal: AbortSignal, ask: AskToken) =>
    countedLogin(
      loginFile,
      () => readChallenge(audience, clientId, signal),
      async (claims) => {
        const assertion = makeClientAssertion({ baseUrl: audience, clientId, privateKey }, now(), claims)
        const result = await ask({ ...(await plain(audience, signal)), client_assertion: assertion })
        const { generation } = result.body
        return { ...result, ...(typeof generation === 'number' && { generation }) }
      },
    )
  return Object.assign(plain, {
    async exchange(audience: string, signal: AbortSignal, ask: AskToken) {
      if (await hasLoginFile(loginFile)) return counted(audience, signal, ask)
      const result = await ask(await plain(audience, signal))
      // What was not counted says nothing of clones: then it is counted from now on.
      return result.body['reason'] === 'challenge_wrong' ? counted(audience, signal, ask) : result
    },
  })
}

async function readChallenge(audience: string, clientId: string, signal: AbortSignal): Promise<string> {
  const body = new URLSearchParams({ client_id: clientId })
  const answer = await fetch(`${audience}/oauth/challenge`, { method: 'POST', body, redirect: 'error', signal })
  const { challenge } = (await answer.json().catch(() => ({}))) as { readonly challenge?: unknown }
  if (answer.ok && typeof challenge === 'string') return challenge
  throw new UsageError(`\`${audience}\` gives no challenge (HTTP ${answer.status})`)
}

/** A token that the platform made (RFC 7523 section 2.1). */
export function platformProof(identity: string, readToken: TokenReader): ProofSource {
  return async (audience, signal) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: await readToken(audience, signal),
    client_id: identity,
  })
}

/**
 * A JWT-SVID (RFC 7523 section 2.1): its subject says who it is.
 *
 * @param readToken gives one whose audience is the server
 */
export function jwtSvidProof(readToken: TokenReader): ProofSource {
  return async (audience, signal) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: await readToken(audience, signal),
  })
}

export type TokenReader = (audience: string, signal: AbortSignal) => Promise<string>

/** A file that the platform keeps fresh, e.g. a projected Kubernetes token. */
export function tokenFromFile(path: string): TokenReader {
  return async () => {
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new UsageError(`the token file \`${path}\` cannot be read (${cause.code ?? cause.message})`)
    })
    return nonEmpty(text, `the token file \`${path}\` is empty`)
  }
}

export function tokenFromEnvironment(env: Environment, name: string): TokenReader {
  return async () => nonEmpty(env[name] ?? '', `the environment variable \`${name}\` is missing or empty`)
}

/**
 * GitHub Actions makes a token for the audience that is asked for, where the job has `permissions: id-token: write`.
 *
 * @returns undefined outside of such a job
 */
export function findGitHubActions(env: Environment): TokenReader | undefined {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env
  if (!address || !bearer) return undefined
  return async (audience, signal) => {
    const url = new URL(address)
    url.searchParams.set('audience', audience)
    const answer = await fetch(url, { headers: { authorization: `Bearer ${bearer}` }, redirect: 'error', signal })
    if (!answer.ok) throw new UsageError(`GitHub Actions gave no token (HTTP ${answer.status})`)
    const { value } = (await answer.json()) as { value?: unknown }
    return nonEmpty(typeof value === 'string' ? value : '', 'GitHub Actions gave no token')
  }
}

function nonEmpty(text: string, refusal: string): string {
  const token = text.trim()
  if (token === '') throw new UsageError(refusal)
  return token
}
