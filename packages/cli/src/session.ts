/**
 * A session of a person who signed in: `session.json` beside the profile, for its owner only.
 *
 * It is an access token, which cannot be proven anew: when it has ended, the person signs in again.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AccessTokens, ProvenToken } from './access-tokens.ts'
import type { Environment } from './cli.ts'
import { findPrivateJson, rememberServer, serverDir, writePrivateJson } from './profile.ts'
import { UsageError } from './usage-error.ts'

export interface StoredSession {
  readonly url: string
  readonly provider: string
  readonly session_id: string
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP'
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
  return { current, prove: current }
}

function sessionPath(env: Environment, url: string): string {
  return join(serverDir(env, url), 'session.json')
}
