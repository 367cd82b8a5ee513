import { createHash, randomBytes } from 'node:crypto'
import type { Secret } from '@mayfly/provider-kit'

/**
 * What RabbitMQ keeps of a password (`rabbit_password_hashing_sha256`): base64 of a 4-byte salt and SHA-256 over salt and
 * password. Made here, so that no password is in a request that a proxy or the broker might log.
 */
export function passwordHash(password: Secret, salt: Buffer = randomBytes(4)): string {
  const digest = createHash('sha256').update(salt).update(password.reveal(), 'utf8').digest()
  return Buffer.concat([salt, digest]).toString('base64')
}
