/** What is due: a rotation that was begun, one that is asked for or due, a version whose notice is over or that nobody uses. */
import type { UpkeepOrder } from '@mayfly/provider-kit'
import { endAfterNotice } from './end-reads.ts'
import { endVersion, ensureCurrent, finishRotation, othersOf, rotate, type StaticWay } from './rotate-secret.ts'

/** Nothing is due: looked at again after this. */
const restMs = 3_600_000

/** @returns when something is due next */
export async function keepSecret(way: StaticWay, order: UpkeepOrder, signal: AbortSignal): Promise<Date> {
  const { settings, versions } = way
  const overlapMs = settings.overlap_seconds * 1_000
  await ensureCurrent(way, signal)
  await finishRotation(way, overlapMs, signal)
  if (order.rotate === 'leaked') await rotateLeaked(way, order.endNow === true, signal)
  else if (order.rotate !== undefined) await rotate(way, order.endNow === true ? 0 : overlapMs, signal)
  else await rotateWhereDue(way, overlapMs, signal)

  const readers = await versions.listReaders(signal)
  for (const version of await versions.list(signal)) {
    if (version.state !== 'previous') continue
    const others = othersOf(version, readers, new Set())
    const isUnused = others.count === 0 && !others.isKnownElsewhere
    if (isUnused || order.endNow === true || (version.endsAt ?? new Date(0)) <= new Date()) {
      await endVersion(way, version, signal)
    }
  }
  return nextDue(way, signal)
}

async function rotateWhereDue(way: StaticWay, overlapMs: number, signal: AbortSignal): Promise<void> {
  const current = await ensureCurrent(way, signal)
  const noticeOver = current.endsAt !== undefined && current.endsAt <= new Date()
  if (noticeOver) return rotate(way, 0, signal)
  const everyMs = way.settings.rotate_every_seconds * 1_000
  const isOld = everyMs > 0 && Date.now() - (current.currentSince ?? new Date()).getTime() >= everyMs
  // A rotation by schedule cuts no notice short.
  const hasPrevious = (await way.versions.list(signal)).some((one) => one.state === 'previous')
  if (isOld && !hasPrevious) await rotate(way, overlapMs, signal)
}

/** All versions that were told to anybody are in wrong hands, maybe: none goes on longer than its notice. */
async function rotateLeaked(way: StaticWay, endNow: boolean, signal: AbortSignal): Promise<void> {
  const current = await ensureCurrent(way, signal)
  const others = othersOf(current, await way.versions.listReaders(signal), new Set())
  if (endNow || (others.count === 0 && !others.isKnownElsewhere)) return rotate(way, 0, signal)
  await endAfterNotice(way, current, others, 'it was reported leaked', signal)
}

async function nextDue({ settings, versions }: StaticWay, signal: AbortSignal): Promise<Date> {
  const dues = (await versions.list(signal)).flatMap(({ state, endsAt, currentSince }) => [
    ...(endsAt === undefined ? [] : [endsAt.getTime()]),
    ...(state === 'current' && settings.rotate_every_seconds > 0 && currentSince !== undefined
      ? [currentSince.getTime() + settings.rotate_every_seconds * 1_000]
      : []),
  ])
  return new Date(Math.min(Date.now() + restMs, ...dues))
}
