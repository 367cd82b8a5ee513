/**
 * Rotation, step by step, each of which may be the last before a crash: what is pending is finished by whoever comes next.
 *
 * A version ends at once where nobody else was told it. Where another consumer would break, it is rotated all the same,
 * and the version before goes on until its notice is over: the longest that a secret outlives who must not have it.
 */
import { randomBytes } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { Secret, type SecretReader, type SecretVersion, type SecretVersions } from '@mayfly/provider-kit'
import type { RotatingSystem } from './static-system.ts'
import type { StaticSettings } from './static-settings.ts'

export interface StaticWay {
  readonly settings: StaticSettings
  readonly entered: Secret
  readonly versions: SecretVersions
  readonly system: () => Promise<RotatingSystem>
}

/** 256 bits, of characters that no system has to quote. */
const newSecret = () => new Secret(randomBytes(32).toString('base64url'))

/** The version in force; the first time, what was entered, tried at the system. */
export async function ensureCurrent(way: StaticWay, signal: AbortSignal): Promise<SecretVersion> {
  const { settings, versions, entered } = way
  const known = await versions.list(signal)
  const current = known.find((one) => one.state === 'current')
  if (current !== undefined) return current
  const { target } = await way.system()
  const [account = ''] = settings.accounts
  const first = await versions.add({ account, secret: entered }, signal)
  if (!(await target.accepts(first.account, first.secret, signal))) {
    throw new MayflyError('target_refused', {
      publicDetail: `the account \`${first.account}\` does not accept the secret that was entered`,
      hint: 'enter with `current` what the account accepts today',
    })
  }
  await versions.makeCurrent(first.number, new Date(), signal)
  return { ...first, state: 'current' }
}

/** Whether consumers can go on with what they have while the next version is in force. */
export function hasOverlap(settings: StaticSettings, overlap: RotatingSystem['overlap']): boolean {
  return overlap === 'same_account' || settings.accounts.length === 2
}

/**
 * Puts a new version in force. What was current is previous for `overlapMs`, and ended at once for 0 or where there is no
 * overlap.
 */
export async function rotate(way: StaticWay, overlapMs: number, signal: AbortSignal): Promise<void> {
  const { settings, versions } = way
  const current = await ensureCurrent(way, signal)
  const { overlap } = await way.system()
  const account =
    overlap === 'same_account'
      ? current.account
      : (settings.accounts.find((one) => one !== current.account) ?? current.account)
  // The account's turn: who is still on its last version has had notice until now.
  const inTheWay = (await versions.list(signal)).find((one) => one.state === 'previous')
  if (inTheWay !== undefined) await endVersion(way, inTheWay, signal)
  await versions.add({ account, secret: newSecret() }, signal)
  await finishRotation(way, overlapMs, signal)
}

/** Takes up a rotation that was begun; nothing where none was. */
export async function finishRotation(way: StaticWay, overlapMs: number, signal: AbortSignal): Promise<void> {
  const { settings, versions } = way
  const pending = (await versions.list(signal)).find((one) => one.state === 'pending')
  if (pending === undefined) return
  const { overlap, target } = await way.system()
  await target.rotate(pending.account, pending.secret, signal)
  if (!(await target.accepts(pending.account, pending.secret, signal))) {
    throw new MayflyError('target_refused', {
      publicDetail: `the account \`${pending.account}\` does not accept its new secret; the version before goes on`,
    })
  }
  const goesOnMs = hasOverlap(settings, overlap) ? overlapMs : 0
  await versions.makeCurrent(pending.number, new Date(Date.now() + goesOnMs), signal)
  if (goesOnMs > 0) return
  const before = (await versions.list(signal)).find((one) => one.state === 'previous')
  if (before !== undefined) await endVersion(way, before, signal)
}

/** The system refuses it from now on, and has ended its sessions: seen there. */
export async function endVersion(way: StaticWay, version: SecretVersion, signal: AbortSignal): Promise<void> {
  const current = (await way.versions.list(signal)).find((one) => one.state === 'current')
  if (current === undefined)
    throw new MayflyError('internal', { log: 'static: a version is to end and none is in force' })
  const { target } = await way.system()
  if (current.account === version.account) {
    await target.endPrevious(current.account, current.secret, signal)
  } else {
    // Nobody knows it, and nobody needs to: the account is out of use until it gets its next version.
    const unknown = newSecret()
    await target.rotate(version.account, unknown, signal)
    await target.endPrevious(version.account, unknown, signal)
  }
  if (await target.accepts(version.account, version.secret, signal)) {
    throw new MayflyError('target_refused', {
      publicDetail: `the account \`${version.account}\` still accepts version ${version.number}`,
    })
  }
  await way.versions.end(version.number, signal)
}

/** Live readers of a version, of other identities than these; what was entered by hand may be in use anywhere. */
export function othersOf(
  version: SecretVersion,
  readers: readonly SecretReader[],
  leaving: ReadonlySet<string>,
): { readonly count: number; readonly isKnownElsewhere: boolean } {
  const identities = new Set(
    readers
      .filter(({ number, isLive, identityId }) => number === version.number && isLive && !leaving.has(identityId))
      .map(({ identityId }) => identityId),
  )
  return { count: identities.size, isKnownElsewhere: version.number === 1 }
}
