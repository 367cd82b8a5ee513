/** Credentials files: a user's JWT and seed in one text, as NATS' tools write and read them (`creds`). */
import { readClaims, type Claims } from './nats-jwt.ts'
import { type Nkey, readSeed } from './nkey.ts'

const part = /-{3,}[^\n]*-{3,}\r?\n\s*([^\s-][^\s]*)\s*\r?\n-{3,}[^\n]*-{3,}/g

export interface Credentials {
  readonly jwt: string
  readonly claims: Claims
  readonly key: Nkey
}

/** @returns undefined where it is none, or the seed is of another user than the JWT */
export function readCredentials(text: string): Credentials | undefined {
  const [jwt, seed] = [...text.matchAll(part)].map((match) => match[1])
  if (jwt === undefined || seed === undefined) return undefined
  const claims = readClaims(jwt, 'account')
  const key = readSeed('user', seed)
  return claims !== undefined && key?.publicKey === claims.sub ? { jwt, claims, key } : undefined
}

export function formatCredentials(jwt: string, seed: string): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n')
}
