import { type CredentialId, MayflyError } from '@mayfly/domain'
import type { AccountHandle } from './provider.ts'

const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const pattern = /^mf_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/**
 * The account name of a credential where a target allows at least 29 characters: `mf_` and the id in Crockford's base32,
 * lower case. Sorts as the ids do, which begin with their time.
 */
export function accountNameOf(credentialId: CredentialId): string {
  let value = BigInt(`0x${credentialId.replaceAll('-', '')}`)
  let text = ''
  for (let at = 0; at < 26; at += 1) {
    text = `${digits[Number(value & 31n)]}${text}`
    value >>= 5n
  }
  return `mf_${text}`
}

/** Back from the name; undefined for a name that `accountNameOf` does not make. */
export function credentialOfAccountName(accountName: string): CredentialId | undefined {
  if (!pattern.test(accountName)) return undefined
  let value = 0n
  for (const digit of accountName.slice(3)) value = (value << 5n) | BigInt(digits.indexOf(digit))
  const hex = value.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    '-',
  ) as CredentialId
}

/** Names of this form need no quoting anywhere; anything else was not made by `plan` and goes no further. */
export function requireAccountNames(handles: readonly AccountHandle[]): void {
  if (handles.every((handle) => pattern.test(handle.accountName))) return
  throw new MayflyError('internal', { log: 'an account name that `plan` did not make' })
}
