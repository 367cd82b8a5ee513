import { encodeBase64, encodeUtf8 } from '@mayfly/domain'
import { sha256 } from '../audit/sha256.ts'

/** SHA-256 of the text, base64. The engine keeps compiled policies under it. */
export function policyDigest(text: string): string {
  return encodeBase64(sha256(encodeUtf8(text)))
}
