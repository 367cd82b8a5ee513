import { MayflyError } from '@mayfly/domain'

export const signInRefusals = [
  /** Nobody finished it in time. */
  'expired',
  /** At the provider, by the person. */
  'denied',
  /** What came back belongs to another sign-in. */
  'state_wrong',
  /** It came back from another provider than that it was begun at (RFC 9207). */
  'provider_mixed_up',
  /** The provider does not know the code, or no longer. */
  'code_rejected',
  'id_token_rejected',
  'email_unverified',
  /** Another person has the email already. */
  'email_taken',
  'person_left',
  /** No rule gives the person anything, and nobody else did. */
  'no_rule',
  /** The sign-in provider has been changed since it was begun. */
  'provider_changed',
] as const
export type SignInRefusal = (typeof signInRefusals)[number]

export function signInRefused(reason: SignInRefusal, detail: string, hint: string, log?: string): MayflyError {
  return new MayflyError('sign_in_refused', {
    publicDetail: detail,
    hint,
    extra: { reason },
    ...(log === undefined ? {} : { log }),
  })
}
