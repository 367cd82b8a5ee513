import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { Secret } from '@mayfly/provider-kit'

/**
 * Makes what PostgreSQL stores in place of a password, in its own form
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5803, RFC 7677).
 * A server that is given this form stores it as it is, so the password itself never reaches a file or a statement.
 *
 * Does NOT apply SASLprep (RFC 4013): it changes nothing in printable ASCII, and anything else is refused.
 *
 * @param iterations default 4096, PostgreSQL's own; enough for a random password of 128 bits or more, which nobody guesses
 * @throws RangeError the password is empty, longer than 128 characters, or not printable ASCII
 */
export function makeScramVerifier(
  password: Secret,
  { iterations = 4096, salt = randomBytes(16) }: { iterations?: number; salt?: Uint8Array } = {},
): string {
  const plain = password.reveal()
  if (!/^[\x20-\x7e]{1,128}$/.test(plain))
    throw new RangeError('a password must be 1 to 128 printable ASCII characters')
  const salted = pbkdf2Sync(plain, salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
