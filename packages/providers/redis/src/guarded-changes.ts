/**
 * Changes of users that the target itself refuses when they come too late (law 1).
 *
 * ACL SETUSER knows no condition, and no script may call it. So it stands in a transaction that watches a key with an end:
 * EXEC does nothing once a watched key has expired (since Redis 6.0.9). The key is written, watched and read back first:
 * a key that was past its end when WATCH came guards nothing, and is seen to be gone. Changes that come together share
 * one key and one transaction.
 *
 * Promise: a change that arrives after its deadline, by the node's clock, is not done, however long it was under way.
 * Limit: a node that takes no writes (memory full, a disk error) takes no creates.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'
import type { Command, Reply } from './redis-connection.ts'
import { replyError } from './redis-error.ts'
import { type Node, orAborted } from './redis-node.ts'
import type { Member } from './redis-topology.ts'

export interface GuardedChange {
  readonly deadlineAt: Date
  /** Asked before anything is changed, e.g. whether the user is there. */
  readonly before: readonly Command[]
  /** What to do, given the answers (error replies are values). What it throws refuses this change alone. */
  change(answers: readonly Reply[]): readonly Command[]
}

export interface GuardedChanges {
  /**
   * @returns the replies to the commands of `change`; error replies are values
   * @throws MayflyError `target_timeout` where the target came to it after the deadline: nothing was changed there
   */
  run(doing: string, member: Member, change: GuardedChange, signal: AbortSignal): Promise<readonly Reply[]>
}

interface Waiting extends GuardedChange {
  readonly doing: string
  /** False once its caller has gone: what has not begun then need not begin. */
  isWanted(): boolean
  resolve(replies: readonly Reply[]): void
  reject(error: unknown): void
}

/** A transaction stops the node while it is done, a user takes about 50 microseconds: others wait 5 ms at most. */
const maxTogether = 100
/** How long the guard's key takes to a replica: nobody tells when it is there. */
const replicationPausesMs = [1, 2, 5, 10] as const
const neverAborted = new AbortController().signal

export function guardedChanges(): GuardedChanges {
  const queues = new Map<Node, Waiting[]>()

  return {
    run(doing, member, change, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Reply[]>()
      // What waits in the target does not hold up its caller beyond the deadline.
      const timer = setTimeout(() => reject(tooLate(doing)), Math.max(0, change.deadlineAt.getTime() - Date.now()))
      promise.then(
        () => clearTimeout(timer),
        () => clearTimeout(timer),
      )
      const waiting: Waiting = {
        deadlineAt: change.deadlineAt,
        before: change.before,
        change: (answers) => change.change(answers),
        doing,
        isWanted: () => !signal.aborted,
        resolve,
        reject,
      }
      const queue = queues.get(member.node)
      if (queue) queue.push(waiting)
      else {
        const fresh = [waiting]
        queues.set(member.node, fresh)
        // Whoever comes in this turn of the event loop goes with it.
        setImmediate(() => void work(member, fresh))
      }
      return orAborted(promise, doing, signal)
    },
  }

  /** One transaction at a time for each node: WATCH is of the connection. */
  async function work(member: Member, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, maxTogether).filter((one) => one.isWanted())
      if (batch.length === 0) continue
      const guardedUntil = Math.min(...batch.map((one) => one.deadlineAt.getTime()))
      try {
        if (await changeTogether(member, guardedUntil, batch)) continue
        for (const one of batch) {
          // The earliest deadline guarded all of them; the others have time left.
          if (one.deadlineAt.getTime() > guardedUntil) queue.push(one)
          else one.reject(tooLate(one.doing))
        }
      } catch (error) {
        for (const one of batch) one.reject(error)
      }
    }
    queues.delete(member.node)
  }
}

/** @returns false where the target came to it after the earliest deadline, and has changed nothing */
async function changeTogether(member: Member, guardedUntil: number, batch: readonly Waiting[]): Promise<boolean> {
  const { node } = member
  const doing = batch[0]?.doing ?? ''
  const answers = await raiseGuard(
    doing,
    member,
    guardedUntil,
    batch.flatMap((one) => one.before),
  )
  if (answers === undefined) {
    await node.try(doing, [['UNWATCH']], neverAborted, 'create')
    return false
  }
  let at = 0
  const changes: { readonly one: Waiting; readonly commands: readonly Command[] }[] = []
  for (const one of batch) {
    const own = answers.slice(at, at + one.before.length)
    at += one.before.length
    try {
      changes.push({ one, commands: one.change(own) })
    } catch (error) {
      one.reject(error)
    }
  }
  const commands = changes.flatMap((each) => each.commands)
  if (commands.length === 0) {
    await node.try(doing, [['UNWATCH']], neverAborted, 'create')
    return true
  }
  const replies = await node.try(doing, [['MULTI'], ...commands, ['EXEC']], neverAborted, 'create')
  const done = replies.at(-1)
  if (done === null) return false
  if (!Array.isArray(done)) {
    const refused = replies.find((reply) => reply instanceof Error)
    throw refused instanceof Error ? replyError(refused, `${doing} at ${node.id}`) : tooLate(doing)
  }
  const results = done as readonly Reply[]
  at = 0
  for (const each of changes) {
    each.one.resolve(results.slice(at, at + each.commands.length))
    at += each.commands.length
  }
  return true
}

/** @returns the answers to `before`; undefined where the guard is past its end already */
async function raiseGuard(
  doing: string,
  { node, guardedBy, guardKey }: Member,
  deadlineMs: number,
  before: readonly Command[],
): Promise<readonly Reply[] | undefined> {
  if (guardedBy === undefined) {
    throw new MayflyError('target_unreachable', {
      log: `redis: ${doing}: nothing guards ${node.id}`,
      publicDetail: 'a node of the target has lost its primary, or has no slots of the cluster',
    })
  }
  const value = randomBytes(8).toString('hex')
  const raise: Command = ['SET', guardKey, value, 'PXAT', String(deadlineMs)]
  const arm: readonly Command[] = [['WATCH', guardKey], ['GET', guardKey], ...before]
  if (guardedBy === node) {
    const [set, watched, seen, ...answers] = await node.try(doing, [raise, ...arm], neverAborted, 'create')
    refuseErrors(doing, node, [set, watched, seen])
    return seen === value ? answers : undefined
  }
  await guardedBy.ask(doing, [raise], neverAborted, 'create')
  for (let look = 0; ; look += 1) {
    const [unwatched, watched, seen, ...answers] = await node.try(doing, [['UNWATCH'], ...arm], neverAborted, 'create')
    refuseErrors(doing, node, [unwatched, watched, seen])
    if (seen === value) return answers
    if (Date.now() >= deadlineMs) return undefined
    await delay(replicationPausesMs[Math.min(look, replicationPausesMs.length - 1)])
  }
}

function refuseErrors(doing: string, node: Node, replies: readonly (Reply | undefined)[]): void {
  for (const reply of replies) if (reply instanceof Error) throw replyError(reply, `${doing} at ${node.id}`)
}

function tooLate(doing: string): MayflyError {
  return new MayflyError('target_timeout', {
    log: `redis: ${doing}: not before the deadline`,
    publicDetail: 'the target began too late, so it changed nothing',
    hint: 'if it happens every time, compare the clocks of the target and of Mayfly',
  })
}
