/**
 * Brings what has ended to the hosts. Every list says all of it; its number is drawn before the rows are read, so that
 * a list with a higher one never says less, and a host takes no list with a lower one.
 */
import { createHash } from 'node:crypto'
import { type CredentialId, MayflyError, publicReason } from '@mayfly/domain'
import { inLanes, type PublishedEnds } from '@mayfly/provider-kit'
import { encodeKrl } from './encode-krl.ts'
import type { HostSession } from './host-session.ts'
import { serialOf } from './serial-number.ts'
import { hostLanes, type SshWay } from './ssh-way.ts'

export interface EndedList {
  readonly number: number
  readonly krl: Uint8Array
  readonly serials: readonly bigint[]
}

/** How often a list is made anew because another server of Mayfly was faster. */
const tries = 5

/** @param also what has no row: a probe's */
export async function makeList(
  way: Pick<SshWay, 'userAuthority' | 'hostAuthority'> & { readonly published: PublishedEnds },
  also: readonly CredentialId[],
  signal: AbortSignal,
): Promise<EndedList> {
  const { number, ended } = await way.published.nextList(signal)
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
 * Puts what has ended now in force at every host, and ends the sessions of these key ids there once it stands.
 *
 * @returns the hosts where it is not or a session is left, each with the reason, in words fit for a person
 */
export async function pushList(
  way: SshWay,
  also: readonly CredentialId[],
  signal: AbortSignal,
  hosts: readonly HostSession[] = way.hosts,
  keyIds: readonly string[] = [],
): Promise<ReadonlyMap<HostSession, string>> {
  const failed = new Map<HostSession, string>()
  let open = hosts
  for (let at = 0; at < tries && open.length > 0; at += 1) {
    const list = await makeList(way, also, signal)
    const overtaken: HostSession[] = []
    await inLanes(hostLanes, open, async (session) => {
      try {
        const { outcome, left } = await install(session, list, signal, keyIds)
        if (outcome === 'older') return void overtaken.push(session)
        way.pushedOver.set(session, session.connections)
        if (left > 0) failed.set(session, `${session.name}: a session is still open though it was ended`)
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

export interface Installed {
  /** `older`: the host has a list with a higher number already, and nothing was done. */
  readonly outcome: 'done' | 'older'
  /** Connections of the key ids that are there still, though they were ended. */
  readonly left: number
}

/** @param keyIds whose sessions the host ends as soon as the list stands, with all that came of them */
export async function install(
  session: HostSession,
  list: EndedList,
  signal: AbortSignal,
  keyIds: readonly string[] = [],
): Promise<Installed> {
  const [ended, ids] = [linesOf(list.serials), linesOf(keyIds)]
  const sha256 = createHash('sha256').update(list.krl).digest('hex')
  const answer = await session.ask(
    `install ${list.number} ${sha256} ${list.krl.length} ${ended.length} ${ids.length}`,
    Buffer.concat([list.krl, ended, ids]),
    signal,
  )
  const outcome = answer.at(-1)?.startsWith('done') === true ? 'done' : 'older'
  return { outcome, left: answer.length - 1 }
}

function linesOf(words: readonly (string | bigint)[]): Buffer {
  return Buffer.from(words.map((word) => `${word}\n`).join(''))
}
