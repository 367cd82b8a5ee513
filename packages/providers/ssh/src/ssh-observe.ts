import { type AccountHandle, inLanes, type Observation } from '@mayfly/provider-kit'
import { listAtHost } from './host-sessions.ts'
import { serialOf } from './serial-number.ts'
import { hostLanes, type SshWay } from './ssh-way.ts'

/**
 * `absent`: every host refuses it, by its list or because it is past its end. Where there are no hosts: what is published
 * says so. `usable` is all else, also what was never issued.
 */
export async function observeCertificates(
  way: SshWay,
  handles: readonly AccountHandle[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const openOf = new Map<string, number>()
  const namedBy = new Map<string, number>()
  const asked = Buffer.from(handles.map(({ credentialId }) => `${serialOf(credentialId)}\n`).join(''))
  await inLanes(hostLanes, way.hosts, async (host) => {
    for (const line of await host.ask(`named ${asked.length}`, asked, signal)) {
      const [word, serial] = line.split(' ')
      if (word === 'named' && serial !== undefined) namedBy.set(serial, (namedBy.get(serial) ?? 0) + 1)
    }
    for (const { keyId } of await listAtHost(host, signal)) openOf.set(keyId, (openOf.get(keyId) ?? 0) + 1)
  })
  const published =
    way.hosts.length > 0
      ? new Set<string>()
      : await way.published.ended(
          handles.map((handle) => handle.credentialId),
          signal,
        )
  return handles.map((handle) => {
    const isNamed =
      way.hosts.length > 0
        ? namedBy.get(String(serialOf(handle.credentialId))) === way.hosts.length
        : published.has(handle.credentialId)
    // A certificate says whole seconds, never later than asked.
    const isOver =
      handle.expiresAt !== undefined && Math.floor(handle.expiresAt.getTime() / 1_000) * 1_000 <= Date.now()
    return {
      handle,
      state: isNamed || isOver ? 'absent' : 'usable',
      openSessions: openOf.get(handle.accountName) ?? 0,
    }
  })
}
