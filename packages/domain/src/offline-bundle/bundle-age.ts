/** How old what was carried is, and whether that is too old. */
import { MayflyError } from '../problem.ts'

/** A maker's clock may be ahead by so much; beyond it an age cannot be believed. */
export const bundleClockToleranceSeconds = 300

/** Whole seconds, never negative. */
export function ageSeconds(madeAt: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - madeAt.getTime()) / 1000))
}

export function isYoungEnough(madeAt: Date, maxAgeSeconds: number, now: Date): boolean {
  const ageMs = now.getTime() - madeAt.getTime()
  return ageMs <= maxAgeSeconds * 1000 && ageMs >= -bundleClockToleranceSeconds * 1000
}

/** @throws MayflyError `bundle_outdated`: too old, or made in the future, so that its age says nothing */
export function requireBundleAge(madeAt: Date, maxAgeSeconds: number, now: Date): void {
  if (isYoungEnough(madeAt, maxAgeSeconds, now)) return
  const future = madeAt > now
  throw new MayflyError('bundle_outdated', {
    publicDetail: future
      ? `the offline bundle was made in the future, at ${madeAt.toISOString()}`
      : `the offline bundle is ${ageSeconds(madeAt, now)} s old, at most ${maxAgeSeconds} s are allowed`,
    hint: future ? 'compare the clocks of both sites' : 'bring a newer one',
  })
}
