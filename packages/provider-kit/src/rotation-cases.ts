/** Cases for `Rotatable`: the new secret works, the old one ends when it is said to, and nothing of either is printed. */
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { type CaseKit, eventually, neverAborted } from './case-kit.ts'
import type { ConformanceCase, ConformanceSession, OpenTarget } from './conformance.ts'
import { findPrinted } from './find-printed.ts'
import { Secret } from './secret.ts'

/** An account that Mayfly did not make, and that the provider may rotate. All of it goes around the provider. */
export interface StaticAccount {
  readonly account: string
  /** In force now. */
  readonly secret: Secret
  canLogIn(secret: Secret): Promise<boolean>
  openSession(secret: Secret): Promise<ConformanceSession>
  drop(): Promise<void>
}

export function rotationCases<Settings, Permission, SecretFields>(
  kit: CaseKit<Settings, Permission, SecretFields>,
): readonly ConformanceCase[] {
  const { fixture } = kit
  const { rotation } = fixture.provider
  const withStatic = (
    use: (target: OpenTarget<Permission> & RotatableTarget, own: StaticAccount) => Promise<void>,
  ): Promise<void> =>
    kit.withTarget(async (target) => {
      if (!target.rotate && !rotation) return
      assert.ok(
        rotation && isRotatable(target),
        'a provider with `rotation` opens targets that rotate, and the reverse',
      )
      assert.ok(fixture.staticAccount, 'the fixture of a provider with `rotation` makes a `staticAccount`')
      const own = await fixture.staticAccount()
      try {
        await use(target, own)
      } finally {
        await own.drop()
      }
    })
  return [
    {
      name: 'rotate, where offered, brings the new secret in force, and endPrevious ends the old one and its sessions',
      run: () =>
        withStatic(async (target, own) => {
          const next = newSecret()
          assert.equal(await own.canLogIn(own.secret), true, 'control: the old secret works before')
          assert.equal(await own.canLogIn(next), false, 'control: the new secret does not work before')
          const session = await own.openSession(own.secret)
          try {
            await target.rotate(own.account, next, neverAborted)
            await target.rotate(own.account, next, neverAborted)
            assert.equal(await own.canLogIn(next), true, 'the new secret works')
            assert.equal(
              await own.canLogIn(own.secret),
              rotation?.overlap === 'same_account',
              'the old secret goes on exactly where `overlap` says so',
            )
            await target.endPrevious(own.account, next, neverAborted)
            assert.equal(await own.canLogIn(own.secret), false, 'the old secret is refused')
            await eventually('a session of the old secret has ended', 5_000, async () => !(await session.isAlive()))
          } finally {
            await session.close()
          }
          await target.endPrevious(own.account, next, neverAborted)
          assert.equal(await own.canLogIn(next), true, 'the new secret works after the end of the old one')
        }),
    },
    {
      name: 'accepts, where offered, tells the secret in force from any other',
      run: () =>
        withStatic(async (target, own) => {
          const next = newSecret()
          const accepts = (secret: Secret) => target.accepts(own.account, secret, neverAborted)
          assert.equal(await accepts(own.secret), true, 'the secret in force')
          assert.equal(await accepts(next), false, 'a secret that is not in force yet')
          await target.rotate(own.account, next, neverAborted)
          await target.endPrevious(own.account, next, neverAborted)
          assert.equal(await accepts(next), true, 'the new one')
          assert.equal(await accepts(own.secret), false, 'the old one')
          assert.equal(await accepts(newSecret()), false, 'one that never was')
        }),
    },
    {
      name: 'rotating what is not there, and an aborted rotation, change nothing and print no secret',
      run: () =>
        withStatic(async (target, own) => {
          const next = newSecret()
          const absent = `${own.account.slice(0, 40)}_absent`
          const tries: (() => Promise<unknown>)[] = [
            () => target.rotate(absent, next, neverAborted),
            () => target.rotate(own.account, next, AbortSignal.abort()),
            () => target.endPrevious(own.account, next, AbortSignal.abort()),
            () => target.accepts(own.account, next, AbortSignal.abort()),
          ]
          for (const run of tries) {
            const error = await run().catch((thrown: unknown) => thrown)
            assert.ok(error instanceof MayflyError, 'it is refused with a MayflyError')
            assert.deepEqual(findPrinted(error, [next.reveal(), own.secret.reveal()]), [], 'an error prints no secret')
          }
          assert.equal(await own.canLogIn(own.secret), true, 'the old secret is still in force')
          assert.equal(await own.canLogIn(next), false, 'control: the new one is not')
        }),
    },
  ]
}

interface RotatableTarget {
  rotate(account: string, next: Secret, signal: AbortSignal): Promise<void>
  endPrevious(account: string, current: Secret, signal: AbortSignal): Promise<void>
  accepts(account: string, secret: Secret, signal: AbortSignal): Promise<boolean>
}

function isRotatable<T extends object>(target: T & Partial<RotatableTarget>): target is T & RotatableTarget {
  return target.rotate !== undefined && target.endPrevious !== undefined && target.accepts !== undefined
}

/** 256 bits: long enough for any target, and of characters that none of them has to quote. */
function newSecret(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}
