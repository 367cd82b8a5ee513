/**
 * A session of a person who signed in: `session.json` beside the profile, for its owner only.
 *
 * It is an access token with the key that it is bound to. It cannot be proven anew: when it has ended, the person signs in
 * again.
 */
import { createHash, createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AccessTokens, ProvenToken } from '@mayfly/client/login'
import type { Environment } from './cli.ts'
import { findPrivateJson, rememberServer, serverDir, writePrivateJson } from './profile.ts'
import { UsageError } from './usage-error.ts'

export interface StoredSession {
  readonly url: string
  readonly provider: string
  readonly session_id: string
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP'
  /** The private key that the token is bound to (RFC 9449), as a JWK. */
  readonly key: JsonWebKey
  /** RFC 3339. */
  readonly expires_at: string
  readonly person_id: string
  readonly name: string
  readonly email: string | null
}

export async function findSession(env: Environment, url: string): Promise<StoredSession | undefined> {
  return findPrivateJson<StoredSession>(sessionPath(env, url), 'session')
}

/** The server of the last login is the one that commands mean where they name none. */
export async function saveSession(env: Environment, session: StoredSession): Promise<void> {
  await writePrivateJson(sessionPath(env, session.url), session)
  await rememberServer(env, session.url)
}

export async function removeSession(env: Environment, url: string): Promise<void> {
  await rm(sessionPath(env, url), { force: true })
}

/** The session's own token, as long as it lives. */
export function sessionTokens(session: StoredSession, now: () => Date): AccessTokens {
  const expiresAt = new Date(session.expires_at)
  const token: ProvenToken = {
    accessToken: session.access_token,
    tokenType: session.token_type,
    expiresAt,
    attestationId: session.session_id,
    freshUntil: expiresAt,
    subject: `person:${session.person_id}`,
  }
  async function current(): Promise<ProvenToken> {
    if (now() < expiresAt) return token
    throw new UsageError(
      `the session at \`${session.url}\` ended at ${session.expires_at}`,
      `run \`mayfly login --provider ${session.provider}\` again`,
    )
  }
  async function issue(): Promise<never> {
    throw new UsageError(
      'a session of a person gets no tokens for other audiences: they are for identities',
      'name one with `--as NAME` and `--key-file FILE`',
    )
  }
  return { current, prove: current, issue }
}

export interface SessionKey {
  readonly privateJwk: JsonWebKey
  /** RFC 7638, SHA-256: what the token is bound to. */
  readonly thumbprint: string
}

/** A key for one session: a token that is read in a log, or on its way, is worth nothing without it. */
export function makeSessionKey(): SessionKey {
  const privateJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const { crv, kty, x, y } = privateJwk
  return {
    privateJwk,
    thumbprint: createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url'),
  }
}

export function sessionKey(session: StoredSession): KeyObject {
  return createPrivateKey({ key: session.key, format: 'jwk' })
}

function sessionPath(env: Environment, url: string): string {
  return join(serverDir(env, url), 'session.json')
}
