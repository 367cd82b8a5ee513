/**
 * Ends certificates: first the list at every host (no new login), then the sessions there, with all that came of them,
 * until a look finds none. A host does it all by one request.
 */
import { type CredentialId, MayflyError } from '@mayfly/domain'
import { type AccountHandle, reportPublishedEnds, requireAccountNames, type RevokeReport } from '@mayfly/provider-kit'
import { pushList } from './push-list.ts'
import type { SshWay } from './ssh-way.ts'

/** @param also of a probe, which has no row that would say so */
export async function revokeCertificates(
  way: SshWay,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
  also: readonly CredentialId[] = [],
): Promise<void> {
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'ssh: revoke: aborted by the caller' })
  if (handles.length === 0) return
  requireAccountNames(handles)
  const names = handles.map((handle) => handle.accountName)
  const failed = await pushList(way, also, signal, way.hosts, names)
  const [why] = failed.values()
  if (why !== undefined) {
    const more = failed.size === 1 ? '' : `, and ${failed.size - 1} more of ${way.hosts.length} hosts`
    for (const handle of handles) await report.pending(handle, why + more)
    return
  }
  if (also.length === 0) return reportPublishedEnds(way.published, handles, report, signal)
  await report.cut(handles)
  await report.removed(handles)
}
