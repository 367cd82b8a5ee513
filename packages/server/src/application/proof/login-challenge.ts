/**
 * Challenges for keys that log in by challenge: a text that only this installation can have made, for one client, for a
 * minute. Nothing is kept: a login that answers one is remembered until then, so each counts once.
 *
 * Every server of the installation accepts what another gave: they share the tenant's key for fingerprints. A challenge
 * that was made before that key was replaced is refused, and a new one is asked for.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { ProofDeps } from './proof-deps.ts'

export const challengeTtlSeconds = 60

const shape = /^[A-Za-z0-9_-]{24}\.[A-Za-z0-9_-]{43}$/
const randomLength = 12

/** Says nothing of whether there is such a client: whoever asks gets one. */
export async function makeChallenge(deps: ProofDeps, tenantId: TenantId, clientId: string): Promise<string> {
  const body = Buffer.alloc(18)
  randomBytes(randomLength).copy(body)
  body.writeUIntBE(deps.clock.now().getTime() + challengeTtlSeconds * 1000, randomLength, 6)
  const text = body.toString('base64url')
  return `${text}.${await codeOf(deps, tenantId, text, clientId)}`
}

export async function challengeHolds(
  deps: ProofDeps,
  tenantId: TenantId,
  challenge: string,
  clientId: string,
  now: Date,
): Promise<boolean> {
  if (!shape.test(challenge)) return false
  const [text = '', code = ''] = challenge.split('.')
  const endsMs = Buffer.from(text, 'base64url').readUIntBE(randomLength, 6)
  if (endsMs <= now.getTime() || endsMs > now.getTime() + challengeTtlSeconds * 1000 + 5_000) return false
  const expected = await codeOf(deps, tenantId, text, clientId)
  return timingSafeEqual(Buffer.from(code), Buffer.from(expected))
}

async function codeOf(deps: ProofDeps, tenantId: TenantId, text: string, clientId: string): Promise<string> {
  return deps.database.transaction(tenantId, (tx) =>
    deps.keys.fingerprint(tx, new Secret(`mayfly login challenge\n${clientId}\n${text}`)),
  )
}
