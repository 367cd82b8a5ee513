import type { Secret } from '@mayfly/provider-kit'
import type { KeyEncryptionKey } from './key-encryption-key.ts'

/**
 * A secret that follows from the key-encryption key, so that it need not be kept anywhere: the same key and label give
 * the same secret (HKDF-SHA-256, RFC 5869), and one label's secret tells nothing of another's. 43 characters, base64url.
 *
 * It changes with the key: whoever uses it during a rotation tries the previous key's secret too.
 */
export function deriveSecret(key: KeyEncryptionKey, label: string): Secret {
  return key.derive(label)
}
