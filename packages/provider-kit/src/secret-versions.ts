/**
 * The versions of a static secret that cannot go away yet: kept sealed by the server, and told to whoever may read it.
 *
 * Promise: a version stands in the store before the target is told of it (law 1), and every change of one has its entry.
 */
import type { CredentialId, IdentityId } from '@mayfly/domain'
import type { Secret } from './secret.ts'

/** `pending`: the target may or may not take it yet. `previous`: it is taken until `endsAt`, so that consumers do not break. */
export type SecretVersionState = 'pending' | 'current' | 'previous' | 'ended'

export interface SecretVersion {
  /** 1, 2, …: the order in which they were made. */
  readonly number: number
  /** Which account of the target has it. */
  readonly account: string
  readonly secret: Secret
  readonly state: Exclude<SecretVersionState, 'ended'>
  /** Since when it is in force; absent while `pending`. */
  readonly currentSince?: Date
  /** By when it ends, whoever uses it still: always of a `previous`, of a `current` where another consumer was given notice. */
  readonly endsAt?: Date
}

/** Who was told a version, by a credential that has not ended for good. */
export interface SecretReader {
  readonly credentialId: CredentialId
  readonly identityId: IdentityId
  readonly number: number
  /** False where the credential is being ended. */
  readonly isLive: boolean
}

export interface SecretVersions {
  /** All that have not ended, in the order of their numbers. */
  list(signal: AbortSignal): Promise<readonly SecretVersion[]>
  /** Makes one as `pending`; where one is pending already, gives that one. */
  add(version: Pick<SecretVersion, 'account' | 'secret'>, signal: AbortSignal): Promise<SecretVersion>
  /** The target takes it: what was `current` is `previous` until `previousEndsAt`. */
  makeCurrent(number: number, previousEndsAt: Date, signal: AbortSignal): Promise<void>
  /** Notice: by then it ends. Never moves an end that is earlier. Raises a finding, with `detail` for a person. */
  giveNotice(number: number, endsAt: Date, detail: string, signal: AbortSignal): Promise<void>
  /** The target was seen to refuse it. Closes the finding, and makes due the removal of credentials that wait for it. */
  end(number: number, signal: AbortSignal): Promise<void>
  /**
   * Gives the version in force, once it is written down for good that this credential is told it.
   *
   * @returns undefined where none is in force yet, or another one came into force just now: ask again
   */
  read(credentialId: CredentialId, signal: AbortSignal): Promise<SecretVersion | undefined>
  /** Of versions that have not ended. */
  listReaders(signal: AbortSignal): Promise<readonly SecretReader[]>
}
