import type { JsonObject } from '@mayfly/domain'
import type { KeyRing, VerificationKey } from './key-ring.ts'
import type { Tx } from '../../store/database.ts'

/** Everything that checks a tenant's tokens, as JSON Web Keys (RFC 7517): its own, and those for other audiences. */
export async function publishedKeys(keys: Pick<KeyRing, 'verificationKeys'>, tx: Tx): Promise<readonly JsonObject[]> {
  const [own, federated] = await Promise.all([
    keys.verificationKeys(tx, 'access_token'),
    keys.verificationKeys(tx, 'federated_token'),
  ])
  return [...own.map(jwkOf('ES256')), ...federated.map(jwkOf('RS256'))]
}

function jwkOf(alg: string) {
  return ({ keyId, publicJwk }: VerificationKey): JsonObject => ({
    ...(publicJwk as JsonObject),
    kid: keyId,
    alg,
    use: 'sig',
  })
}
