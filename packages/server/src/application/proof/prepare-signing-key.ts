/** Makes a key, sealed, in state `prepared`: published, and not yet signing. */
import { randomBytes, randomUUID } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import { makeKeyPair, makeRsaKeyPair, type NewKeyPair } from '../../adapters/keys/signing-key.ts'
import type { Tx } from '../../store/database.ts'
import { insertSigningKey, type KeyAlgorithm, type KeyPurpose, type SigningKeyRow } from '../../store/key-rows.ts'
import type { KeyDeps } from './key-deps.ts'

export const algorithmOf = {
  access_token: 'ES256',
  federated_token: 'RS256',
  log_checkpoint: 'Ed25519',
  promise: 'Ed25519',
  fingerprint: 'HS256',
  jwt_svid: 'ES256',
  offline_bundle: 'Ed25519',
  sign_in_client: 'ES256',
} as const satisfies Record<KeyPurpose, KeyAlgorithm>

export const keyPurposes = Object.keys(algorithmOf) as readonly KeyPurpose[]

/** Made when they are first needed: most tenants never do, and an RSA key takes its time. */
export const keyPurposesMadeOnNeed: ReadonlySet<KeyPurpose> = new Set(['federated_token'])

/** The caller appends the entry (law 5). */
export async function prepareSigningKey(
  deps: Pick<KeyDeps, 'keys'>,
  tx: Tx,
  purpose: KeyPurpose,
  now: Date,
): Promise<SigningKeyRow> {
  const algorithm = algorithmOf[purpose]
  const made = await makeKey(algorithm)
  return insertSigningKey(tx, {
    key_id: made.keyId,
    purpose,
    algorithm,
    public_jwk: made.publicJwk === null ? null : JSON.stringify(made.publicJwk),
    sealed_private: await deps.keys.seal(tx, made.privateKey, sealPlace.signingKey(made.keyId)),
    prepared_at: now,
  })
}

async function makeKey(algorithm: KeyAlgorithm): Promise<Omit<NewKeyPair, 'publicJwk'> & { publicJwk: object | null }> {
  if (algorithm === 'RS256') return makeRsaKeyPair()
  if (algorithm !== 'HS256') return makeKeyPair(algorithm)
  return { keyId: randomUUID(), publicJwk: null, privateKey: new Secret(randomBytes(32).toString('base64url')) }
}
