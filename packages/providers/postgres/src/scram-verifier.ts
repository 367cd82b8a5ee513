/**
 * The SCRAM-SHA-256 verifier of a password (RFC 5802 section 3, RFC 7677), in the form that PostgreSQL keeps.
 *
 * Made here, so that the password never reaches the target: CREATE ROLE … PASSWORD 'plain' would stand in its statement
 * log. Does NOT prepare the password (SASLprep): ours are plain ASCII.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Secret } from '@mayfly/provider-kit'

const derive = promisify(pbkdf2)

/** A password of 256 random bits, URL-safe so that it fits a connection URL as it is. */
export function newPassword(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}

export async function scramVerifier(
  password: Secret,
  iterations: number,
  salt: Buffer = randomBytes(16),
): Promise<string> {
  // Off the main thread: 4,096 rounds would hold up every other request for milliseconds.
  const salted = await derive(password.reveal(), salt, iterations, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest('base64')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
