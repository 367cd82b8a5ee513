/**
 * Ends credentials by which a version was read: the version itself has to end, since whoever read it knows it.
 *
 * One whose identity reads the same version by another live credential has nothing to end: it ends with that one.
 */
import type { AccountHandle, RevokeReport, SecretReader, SecretVersion } from '@mayfly/provider-kit'
import { endVersion, finishRotation, hasOverlap, othersOf, rotate, type StaticWay } from './rotate-secret.ts'

export async function endReads(
  way: StaticWay,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  const { versions } = way
  const readers = await versions.listReaders(signal)
  const byCredential = new Map(readers.map((one) => [one.credentialId, one]))
  const over: AccountHandle[] = []
  const leaving = new Map<number, { handles: AccountHandle[]; identities: Set<string> }>()
  for (const handle of handles) {
    const read = byCredential.get(handle.credentialId)
    // Told nothing, or a version that the system refuses already.
    if (read === undefined || isCovered(read, readers)) over.push(handle)
    else {
      const group = leaving.get(read.number) ?? { handles: [], identities: new Set<string>() }
      group.handles.push(handle)
      group.identities.add(read.identityId)
      leaving.set(read.number, group)
    }
  }
  if (over.length > 0) await tellEnded(report, over)
  for (const [number, { handles: waiting, identities }] of leaving) {
    const until = await endVersionFor(way, number, readers, identities, signal)
    if (until === undefined) await tellEnded(report, waiting)
    else {
      const reason = `version ${number} of the secret is used by other consumers too: it ends at ${until.toISOString()}`
      for (const handle of waiting) await report.pending(handle, reason)
    }
  }
}

function isCovered(read: SecretReader, readers: readonly SecretReader[]): boolean {
  return readers.some(
    (one) =>
      one.isLive &&
      one.number === read.number &&
      one.identityId === read.identityId &&
      one.credentialId !== read.credentialId,
  )
}

async function tellEnded(report: RevokeReport, handles: readonly AccountHandle[]): Promise<void> {
  await report.cut(handles)
  await report.removed(handles)
}

/** @returns by when it ends; undefined where it has ended now */
async function endVersionFor(
  way: StaticWay,
  number: number,
  readers: readonly SecretReader[],
  leaving: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const { settings, versions } = way
  await finishRotation(way, settings.overlap_seconds * 1_000, signal)
  const version = (await versions.list(signal)).find((one) => one.number === number)
  if (version === undefined) return undefined
  const others = othersOf(version, readers, leaving)
  if (others.count === 0 && !others.isKnownElsewhere) {
    if (version.state === 'current') await rotate(way, 0, signal)
    else await endVersion(way, version, signal)
    return undefined
  }
  return endAfterNotice(way, version, others, 'a consumer of it was ended', signal)
}

/** Rotates where that breaks nobody; else the rotation itself waits for the notice to be over. @returns the end of the notice */
export async function endAfterNotice(
  way: StaticWay,
  version: SecretVersion,
  others: ReturnType<typeof othersOf>,
  why: string,
  signal: AbortSignal,
): Promise<Date> {
  const { settings, versions } = way
  const noticeMs = settings.overlap_seconds * 1_000
  const until = version.endsAt ?? new Date(Date.now() + noticeMs)
  const { overlap } = await way.system()
  if (version.state === 'current' && hasOverlap(settings, overlap)) await rotate(way, noticeMs, signal)
  const known = `${others.count} other ${others.count === 1 ? 'identity has' : 'identities have'} read it`
  const elsewhere = others.isKnownElsewhere ? '; it was entered by hand, so who else uses it is not known' : ''
  await versions.giveNotice(
    version.number,
    until,
    `version ${version.number} ends at ${until.toISOString()}: ${why}; ${known}${elsewhere}. Consumers must read it again before then`,
    signal,
  )
  return until
}
