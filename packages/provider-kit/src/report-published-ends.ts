import type { AccountHandle, RevokeReport } from './provider.ts'
import type { PublishedEnds } from './self-contained.ts'

/**
 * For kinds that keep nothing at a target. Law 4: nothing is called ended before whoever tells the verifiers says so; what
 * is, is cut and removed at once.
 */
export async function reportPublishedEnds(
  published: PublishedEnds,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  const ended = await published.ended(
    handles.map((handle) => handle.credentialId),
    signal,
  )
  const gone = handles.filter((handle) => ended.has(handle.credentialId))
  if (gone.length > 0) {
    await report.cut(gone)
    await report.removed(gone)
  }
  for (const handle of handles) {
    if (!ended.has(handle.credentialId)) await report.pending(handle, 'its end is not published yet')
  }
}
