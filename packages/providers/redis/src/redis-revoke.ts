/**
 * Ends users: ACL DELUSER at every node, until each says that none of them is there.
 *
 * Promise: `cut` is reported when every node of the target has been asked a second time and had none of the names left to
 * delete. DELUSER ends the user's connections in the same step, subscribers, blocked ones and open transactions too: the
 * server knows them as nobody from then on, and closes them before its next turn. A script that runs is finished first.
 * A node that does not answer keeps all of its names pending; at the others they are ended.
 *
 * That a target does so, `check` proves by doing. CLIENT LIST could not: it shows what is left of a deleted user's
 * connection as one of `default`.
 */
import { MayflyError, publicReason } from '@mayfly/domain'
import {
  type AccountHandle,
  inBatches,
  isLoginRefused,
  requireAccountNames,
  type RevokeReport,
} from '@mayfly/provider-kit'
import type { Command } from './redis-connection.ts'
import { factsCommand, parseFacts } from './node-facts.ts'
import type { Member, Nodes } from './redis-topology.ts'

/**
 * Names in one command: it takes the node about 2 ms, and while it does nothing else is done there. Several of them may be
 * on their way: a server reads 16 KiB of a client, then listens to the others.
 */
const namesTogether = 500
/** How many are claimed together; more are taken too. */
export const revokeBatchSize = 2_000
/** Reported together; what comes after has not begun yet. */
const reportedTogether = 10_000
/** Whoever makes them anew all the time is told of, not fought for ever. */
const maxLooks = 4

/** Completes a sentence about one account, for people. */
type Reason = string

export async function revokeUsers(
  nodes: Nodes,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  requireAccountNames(handles)
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'redis: revoke: aborted by the caller' })
  for (let at = 0; at < handles.length; at += reportedTogether) {
    await revokeBatch(nodes, handles.slice(at, at + reportedTogether), report, signal)
  }
}

async function revokeBatch(
  nodes: Nodes,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  const names = [...new Set(handles.map((handle) => handle.accountName))]
  // Where nodes are known they are struck at once; who belongs to the target now is asked at the same time.
  const strikes = new Map(nodes.known().map((member) => [member.node, strike(member, names, signal)]))
  for (const one of strikes.values()) one.catch(() => undefined)
  const { members, unreachable } = await nodes.look(signal)
  const failures = unreachable.map((one) => one.error)
  const kept = new Map<string, Reason>()
  await Promise.all(
    members.map(async (member) => {
      try {
        await seeAbsent(member, names, await (strikes.get(member.node) ?? strike(member, names, signal)), signal)
        for (const [name, reason] of await stillInFile(member, names, signal)) kept.set(name, reason)
      } catch (error) {
        if (signal.aborted || !(error instanceof MayflyError)) throw error
        failures.push(error)
      }
    }),
  )
  const [failure] = failures
  if (failure !== undefined) {
    const total = members.length + unreachable.length
    // Where a secret was refused the caller may have another; where every node failed, nothing was ended.
    const refused = failures.find(isLoginRefused)
    if (refused !== undefined || failures.length === total) throw refused ?? failure
    const reason = partlyEnded(failure, failures.length, total)
    for (const handle of handles) await report.pending(handle, reason)
    return
  }
  await report.cut(handles)
  const removed = handles.filter((handle) => !kept.has(handle.accountName))
  if (removed.length > 0) await report.removed(removed)
  for (const handle of handles) {
    const reason = kept.get(handle.accountName)
    if (reason !== undefined) await report.pending(handle, reason)
  }
}

interface Struck {
  /** How many of the names were there. */
  readonly found: number
  /** As it was before: whether the file was written since. */
  readonly fileWrites: number
}

async function strike({ node, file }: Member, names: readonly string[], signal: AbortSignal): Promise<Struck> {
  const fileWrites = file.writes()
  // Apart from the others, so that their count says whether one of them was there.
  const suspects: string[] = []
  const others: string[] = []
  for (const name of names) (file.mayName(name) ? suspects : others).push(name)
  const suspected = inBatches(suspects, namesTogether)
  const chunks = [...suspected, ...inBatches(others, namesTogether)]
  // An answer that is lost may have said that they were there, and the next one that they are not.
  let lost = 0
  const counts = await node.repeat('revoke', chunks.map(deleteCommand), signal, () => {
    lost += 1
    file.owe(suspects)
  })
  for (const [at, chunk] of suspected.entries()) if (Number(counts[at]) > 0) file.owe(chunk)
  return { found: counts.reduce<number>((sum, count) => sum + Number(count), lost), fileWrites }
}

/** @throws MayflyError where a name is there each time it is looked for */
async function seeAbsent(
  member: Member,
  names: readonly string[],
  { found, fileWrites }: Struck,
  signal: AbortSignal,
): Promise<void> {
  const { node, file } = member
  let ever = found
  for (let look = 0; look < maxLooks; look += 1) {
    const [left, facts] = await node.repeat('revoke', [deleteCommand(names), factsCommand], signal, () => {
      ever += 1
      file.owe(names.filter((name) => file.mayName(name)))
    })
    await file.hear({ ...member, facts: parseFacts(facts, new Date()) }, signal)
    ever += Number(left)
    if (Number(left) > 0) continue
    // Written while they were on their way out: it may have been just before.
    if (ever > 0 && file.writes() !== fileWrites) file.owe(names)
    return
  }
  throw new MayflyError('target_refused', {
    log: `redis: revoke at ${node.id}: users come back`,
    publicDetail: 'somebody at the target makes the account anew each time it is removed',
  })
}

function deleteCommand(names: readonly string[]): Command {
  return ['ACL', 'DELUSER', ...names]
}

async function stillInFile(
  { file }: Member,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Reason>> {
  try {
    const waiting = await file.saveOut(names, signal)
    return new Map(waiting.map((name) => [name, 'it is gone, and waits to be saved out of the ACL file of the target']))
  } catch (error) {
    if (signal.aborted || !(error instanceof MayflyError)) throw error
    const why = publicReason(error)
    return new Map(
      names.map((name) => [name, `it is gone, but cannot be saved out of the ACL file of the target: ${why}`]),
    )
  }
}

function partlyEnded(failure: MayflyError, failed: number, total: number): Reason {
  const why = publicReason(failure)
  return `ended at ${total - failed} of ${total} nodes of the target; not yet at ${failed}: ${why}`
}
