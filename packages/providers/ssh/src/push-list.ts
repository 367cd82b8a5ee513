/**
 * Brings what has ended to the hosts. Every list says all of it; its number is drawn before the rows are read, so that
 * a list with a higher one never says less, and a host takes no list with a lower one.
 */
import { MayflyError, publicReason } from '@mayfly/domain'
import { inLanes, type PublishedEnds } from '@mayfly/provider-kit'
import type { CredentialId } from '@mayfly/domain'
import { encodeKrl } from './encode-krl.ts'
import type { HostSession } from './host-session.ts'
import { serialOf } from './serial-number.ts'
import type { SshWay } from './ssh-way.ts'

export interface EndedList {
  readonly number: number
  readonly krl: Uint8Array
  readonly serials: readonly bigint[]
}

/** How many hosts are spoken with at a time. */
const lanes = 16
/** How often a list is made anew because another server of Mayfly was faster. */
const tries = 5

/** @param also what has no row: a probe's */
export async function makeList(
  way: Pick<SshWay, 'userAuthority' | 'hostAuthority'> & { readonly published: PublishedEnds },
  also: readonly CredentialId[],
  signal: AbortSignal,
): Promise<EndedList> {
  const number = await way.published.nextNumber(signal)
  const ended = await way.published.listEnded(signal)
  const serials = [...new Set([...ended.map((one) => one.credentialId), ...also].map(serialOf))]
  const krl = encodeKrl({
    number,
    generatedAt: new Date(),
    // Of a row that has ended it is not said whether it was of a user or of a host.
    authorities: [way.userAuthority.publicKey, way.hostAuthority.publicKey],
    serials,
  })
  return { number, krl, serials }
}

/**
 * Puts what has ended now in force at every host.
 *
 * @returns the hosts where it is not, each with the reason, in words fit for a person
 */
export async function pushList(
  way: SshWay,
  also: readonly CredentialId[],
  signal: AbortSignal,
  hosts: readonly HostSession[] = way.hosts,
): Promise<ReadonlyMap<HostSession, string>> {
  const failed = new Map<HostSession, string>()
  let open = hosts
  for (let at = 0; at < tries && open.length > 0; at += 1) {
    const list = await makeList(way, also, signal)
    const overtaken: HostSession[] = []
    await inLanes(lanes, open, async (session) => {
      try {
        if (await install(session, list, signal)) way.pushedOver.set(session, session.connections)
        else overtaken.push(session)
      } catch (error) {
        if (!(error instanceof MayflyError) || signal.aborted) throw error
        failed.set(session, `${session.name}: ${publicReason(error)}`)
      }
    })
    open = overtaken
  }
  for (const session of open) failed.set(session, `${session.name}: takes lists with higher numbers than Mayfly's`)
  return failed
}

/** @returns false where the host has a list with a higher number already */
export async function install(session: HostSession, list: EndedList, signal: AbortSignal): Promise<boolean> {
  const ended = Buffer.from(list.serials.map((serial) => `${serial}\n`).join(''))
  const answer = await session.ask(
    `install ${list.number} ${list.krl.length} ${ended.length}`,
    Buffer.concat([list.krl, ended]),
    signal,
  )
  return answer.at(-1)?.startsWith('done') === true
}
