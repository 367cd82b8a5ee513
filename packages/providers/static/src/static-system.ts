import { MayflyError } from '@mayfly/domain'
import type { Abilities, AccountProvider, Rotatable, Target } from '@mayfly/provider-kit'

/** A kind of system whose accounts' secrets can be changed; its types are forgotten here, its own schemas check them. */
// oxlint-disable-next-line typescript/no-explicit-any
export type StaticSystem = AccountProvider<any, any, any>

export interface RotatingSystem {
  readonly overlap: 'same_account' | 'other_account'
  readonly target: Pick<Rotatable, 'rotate' | 'endPrevious' | 'accepts'>
  /** Changes Mayfly's own login there; absent where the system's kind does not. */
  readonly adopt?: (login: unknown, signal: AbortSignal) => Promise<void>
  close(): Promise<void>
}

/** @throws MayflyError `settings_invalid`: the target of these settings does not rotate, e.g. `http` without a template for it */
export function rotatingTarget(
  system: StaticSystem,
  target: Target<unknown> & Partial<Abilities<unknown>>,
): RotatingSystem {
  const { rotate, endPrevious, accepts, adopt } = target
  if (system.rotation === undefined || !rotate || !endPrevious || !accepts) {
    throw new MayflyError('settings_invalid', {
      publicDetail: `with these settings \`${system.kind}\` cannot change the secret of an account`,
      hint: 'see what the page of its kind says of rotation',
    })
  }
  return {
    overlap: system.rotation.overlap,
    target: {
      rotate: (account, next, signal) => rotate.call(target, account, next, signal),
      endPrevious: (account, current, signal) => endPrevious.call(target, account, current, signal),
      accepts: (account, secret, signal) => accepts.call(target, account, secret, signal),
    },
    ...(adopt && { adopt: (login: unknown, signal: AbortSignal) => adopt.call(target, login, signal) }),
    close: () => target.close(),
  }
}
