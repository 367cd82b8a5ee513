import type { CredentialId } from '@mayfly/domain'

/** What every account of ours is called. The functions at the target refuse any other name. */
export const accountNamePattern = /^mayfly_[0-9a-f]{32}$/

/** The account name of a credential: 39 bytes, one for each credential, and readable back to it by a person. */
export function accountNameOf(credentialId: CredentialId): string {
  return `mayfly_${credentialId.replaceAll('-', '')}`
}
