/**
 * Ends certificates: first the list at every host (no new login), then the sessions there, with all that came of them,
 * until a look finds none.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type CredentialId, MayflyError, publicReason } from '@mayfly/domain'
import {
  type AccountHandle,
  inLanes,
  reportPublishedEnds,
  requireAccountNames,
  type RevokeReport,
} from '@mayfly/provider-kit'
import type { HostSession } from './host-session.ts'
import { endSessions, listAtHost } from './host-sessions.ts'
import { pushList } from './push-list.ts'
import type { SshWay } from './ssh-way.ts'

const lanes = 16
/** Between looks, in milliseconds: a process that is killed is gone a moment later. */
const looksAfterMs = [0, 10, 30, 100, 300, 1_000]

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
  const names = new Set(handles.map((handle) => handle.accountName))
  const failed = new Map(await pushList(way, also, signal))
  await inLanes(
    lanes,
    way.hosts.filter((host) => !failed.has(host)),
    async (host) => {
      try {
        if (await endAll(host, names, signal)) return
        failed.set(host, `${host.name}: a session is still open though it was ended`)
      } catch (error) {
        if (!(error instanceof MayflyError) || signal.aborted) throw error
        failed.set(host, `${host.name}: ${publicReason(error)}`)
      }
    },
  )
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

/** @returns true once a look finds none: nobody new gets in, because the list stands before the look */
async function endAll(host: HostSession, names: ReadonlySet<string>, signal: AbortSignal): Promise<boolean> {
  for (const waitMs of looksAfterMs) {
    if (waitMs > 0) await delay(waitMs, undefined, { signal })
    const open = (await listAtHost(host, signal)).filter(({ keyId }) => names.has(keyId))
    if (open.length === 0) return true
    await endSessions(host, open, signal)
  }
  return false
}
