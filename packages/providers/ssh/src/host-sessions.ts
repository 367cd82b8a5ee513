/** Who is connected at the hosts with a certificate of the resource's user authority, as `mayfly-ssh` wrote it down. */
import { formatIpAddress, MayflyError } from '@mayfly/domain'
import { credentialOfAccountName, inLanes, type ObservedSession } from '@mayfly/provider-kit'
import type { HostSession } from './host-session.ts'
import { pushList } from './push-list.ts'
import { hostLanes, type SshWay } from './ssh-way.ts'
import { ownKeyId } from './start-ssh.ts'

export interface SessionAtHost {
  readonly session: HostSession
  /** The process that holds the connection, and when it began, in ticks since the host's. */
  readonly pid: string
  readonly start: string
  readonly keyId: string
  /** False while the login is under way. */
  readonly isOpen: boolean
  readonly since: Date
  readonly sourceAddress?: string
}

/** @throws MayflyError `target_*` where a host does not answer: who is connected there is not known */
export async function listAtHost(session: HostSession, signal: AbortSignal): Promise<readonly SessionAtHost[]> {
  const answer = await session.ask('sessions', undefined, signal)
  const clock = answer
    .find((line) => line.startsWith('clock '))
    ?.split(' ')
    .map(Number)
  const [, nowSeconds = Number.NaN, upSeconds = Number.NaN, ticks = Number.NaN] = clock ?? []
  const bootMs = (nowSeconds - upSeconds) * 1_000
  if (!Number.isFinite(bootMs) || !(ticks > 0)) throw unreadable()
  return answer
    .filter((line) => line.startsWith('session '))
    .map((line) => {
      const [, pid = '', start = '', keyId = '', , , state, _local, remote] = line.split(' ')
      if (remote === undefined || !/^[0-9]+$/.test(pid) || !/^[0-9]+$/.test(start)) throw unreadable()
      const sourceAddress = readAddress(remote)
      return {
        session,
        pid,
        start,
        keyId,
        isOpen: state === 'open',
        since: new Date(bootMs + (Number(start) / ticks) * 1_000),
        ...(sourceAddress === undefined ? {} : { sourceAddress }),
      }
    })
    .filter(({ keyId }) => keyId !== ownKeyId)
}

/** Of all hosts, those that are open. A host that is seen for the first time since it was away gets the list. */
export async function listSessions(way: SshWay, signal: AbortSignal): Promise<readonly ObservedSession[]> {
  const all: SessionAtHost[] = []
  await inLanes(hostLanes, way.hosts, async (session) => void all.push(...(await listAtHost(session, signal))))
  const behind = way.hosts.filter((host) => way.pushedOver.get(host) !== host.connections)
  // What fails is not forgotten: the next look tries again, and an end that waits says why itself.
  if (behind.length > 0) await pushList(way, [], signal, behind)
  return all
    .filter(({ isOpen }) => isOpen)
    .map((one) => ({
      sessionId: sessionIdOf(one),
      accountName: credentialOfAccountName(one.keyId) === undefined ? undefined : one.keyId,
      since: one.since,
      ...(one.sourceAddress === undefined ? {} : { sourceAddress: one.sourceAddress }),
    }))
}

/** Ends exactly these; what has gone already is no error. */
export async function cutSessions(
  way: SshWay,
  sessions: readonly ObservedSession[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(sessions.map((one) => one.sessionId))
  await inLanes(hostLanes, way.hosts, async (session) => {
    if (![...wanted].some((id) => id.startsWith(`${session.name}/`))) return
    const open = (await listAtHost(session, signal)).filter((one) => wanted.has(sessionIdOf(one)))
    if (open.length > 0) await endSessions(session, open, signal)
  })
}

/** Ends these of one host with all that came of them; what has gone already is no error. */
async function endSessions(host: HostSession, sessions: readonly SessionAtHost[], signal: AbortSignal): Promise<void> {
  const bytes = Buffer.from(sessions.map(({ pid, start }) => `${pid} ${start}\n`).join(''))
  await host.ask(`end ${bytes.length}`, bytes, signal)
}

function sessionIdOf({ session, pid, start }: SessionAtHost): string {
  return `${session.name}/${pid}/${start}`
}

/** Of one end of a connection as `/proc/net/tcp` has it: the address in words of the machine's order, and a port. */
function readAddress(text: string): string | undefined {
  const [, hex = ''] = /^((?:[0-9A-F]{8}){1}|(?:[0-9A-F]{8}){4}):[0-9A-F]{4}$/.exec(text) ?? []
  if (hex === '') return undefined
  const bytes = Buffer.from(hex, 'hex')
  bytes.swap32()
  const isMapped = bytes.length === 16 && bytes.subarray(0, 12).equals(mappedPrefix)
  return formatIpAddress(isMapped ? bytes.subarray(12) : bytes)
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex')

function unreadable(): MayflyError {
  return new MayflyError('target_refused', {
    log: 'ssh: a list of sessions is not of its form',
    publicDetail: 'the host does not answer as `mayfly-ssh` does',
    hint: 'run there what `mayfly resource guide ssh` prints',
  })
}
