import { MayflyError, type CredentialId } from '@mayfly/domain'
import type { AccountHandle } from '@mayfly/provider-kit'

/** What every account of ours is called. The functions at the target refuse any other name. */
export const accountNamePattern = /^mayfly_[0-9a-f]{32}$/

/** The account name of a credential: 39 bytes, one for each credential, and readable back to it by a person. */
export function accountNameOf(credentialId: CredentialId): string {
  return `mayfly_${credentialId.replaceAll('-', '')}`
}

/** Back from the name; undefined for a name that `accountNameOf` does not make. */
export function credentialOfAccountName(accountName: string): CredentialId | undefined {
  if (!accountNamePattern.test(accountName)) return undefined
  const hex = accountName.slice('mayfly_'.length)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    '-',
  ) as CredentialId
}

/** Names of this form need no quoting anywhere; anything else was not made by `plan` and goes no further. */
export function requireAccountNames(handles: readonly AccountHandle[]): void {
  if (handles.every((handle) => accountNamePattern.test(handle.accountName))) return
  throw new MayflyError('internal', { log: 'postgres: an account name that `plan` did not make' })
}
