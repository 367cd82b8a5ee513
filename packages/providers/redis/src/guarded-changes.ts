/**
 * Changes of users that the target itself refuses when they come too late (law 1).
 *
 * ACL SETUSER knows no condition, and no script may call it. So it stands in a transaction that watches a key with an end:
 * EXEC does nothing once a watched key has expired (since Redis 6.0.9). The key is written, watched and read back first:
 * a key that was past its end when WATCH came guards nothing, and is seen to be gone. With each transaction goes the next
 * WATCH, so that the one after it need not wait; changes that come together share one transaction.
 *
 * Promise: a change that arrives after its deadline, by the node's clock, is not done, however long it was under way.
 * Limit: a node that takes no writes (memory full, a disk error) takes no creates.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'
import type { Command, Reply } from './redis-connection.ts'
import { replyError } from './redis-error.ts'
import { type Channel, type Held, type Node, orAborted } from './redis-node.ts'
import type { Member } from './redis-topology.ts'

export interface GuardedChange {
  readonly deadlineAt: Date
  /** Asked before anything is changed, e.g. whether the user is there. It costs a round trip more. */
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

/** One connection, which does one transaction at a time: WATCH is of the connection. */
interface Lane {
  readonly channel: Channel
  guard: Guard | undefined
}

interface Guard {
  /** WATCH goes with it: on another connection nothing is guarded. */
  readonly on: Held
  readonly key: string
  readonly value: string
  readonly untilMs: number
}

interface Queue {
  readonly waiting: Waiting[]
  /** Without work now. */
  readonly idle: Lane[]
}

/** A transaction stops the node while it is done, a user takes about 50 microseconds: others wait 5 ms at most. */
const maxTogether = 100
/** For each node: while one waits for its answer, the next can be on its way. */
const lanes = ['create-1', 'create-2'] as const satisfies readonly Channel[]
/** A guard made before it is known for whom; it serves those whose deadline is not earlier. */
const guardLifeMs = 2_000
/** With less than this left it is not worth sending anything under it. */
const guardLeastMs = 300
/** How long the guard's key takes to a replica: nobody tells when it is there. */
const replicationPausesMs = [1, 2, 5, 10] as const
const neverAborted = new AbortController().signal

export function guardedChanges(): GuardedChanges {
  const queues = new Map<Node, Queue>()

  return {
    run(doing, member, change, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Reply[]>()
      // What waits in the target does not hold up its caller beyond the deadline.
      const timer = setTimeout(() => reject(tooLate(doing)), Math.max(0, change.deadlineAt.getTime() - Date.now()))
      const settled = () => clearTimeout(timer)
      promise.then(settled, settled)
      const waiting: Waiting = {
        deadlineAt: change.deadlineAt,
        before: change.before,
        change: (answers) => change.change(answers),
        doing,
        isWanted: () => !signal.aborted,
        resolve,
        reject,
      }
      const queue = queues.get(member.node) ?? {
        waiting: [],
        idle: lanes.map((channel): Lane => ({ channel, guard: undefined })),
      }
      queues.set(member.node, queue)
      queue.waiting.push(waiting)
      // Whoever comes in this turn of the event loop goes with it.
      if (queue.waiting.length === 1) setImmediate(() => begin(member, queue))
      return orAborted(promise, doing, signal)
    },
  }

  function begin(member: Member, queue: Queue): void {
    const lane = queue.waiting.length > 0 ? queue.idle.pop() : undefined
    if (lane !== undefined) void work(member, queue, lane)
  }

  async function work(member: Member, queue: Queue, lane: Lane): Promise<void> {
    while (queue.waiting.length > 0) {
      const batch = queue.waiting.splice(0, maxTogether).filter((one) => one.isWanted())
      if (batch.length === 0) continue
      const deadlineMs = Math.min(...batch.map((one) => one.deadlineAt.getTime()))
      try {
        if (await changeTogether(member, lane, deadlineMs, batch)) continue
        for (const one of batch) {
          // The earliest deadline guarded all of them; the others have time left.
          if (one.deadlineAt.getTime() > deadlineMs) queue.waiting.push(one)
          else one.reject(tooLate(one.doing))
        }
      } catch (error) {
        lane.guard = undefined
        for (const one of batch) one.reject(error)
      }
    }
    queue.idle.push(lane)
  }
}

/** @returns false where the target came to it after the earliest deadline, and has changed nothing */
async function changeTogether(
  member: Member,
  lane: Lane,
  deadlineMs: number,
  batch: readonly Waiting[],
): Promise<boolean> {
  const doing = batch[0]?.doing ?? ''
  // The second time it may take as long as there is: the target may be slow, or its clock ahead.
  for (const lifeMs of [guardLifeMs, Number.POSITIVE_INFINITY]) {
    const guard = await guardUntil(doing, member, lane, deadlineMs, lifeMs)
    if (!guard) continue
    const before = batch.flatMap((one) => one.before)
    const answers = before.length === 0 ? [] : await guard.on.try(doing, before, neverAborted)
    const changes = changesOf(batch, answers)
    const commands = changes.flatMap((each) => each.commands)
    if (commands.length === 0) return true
    const results = await execute(doing, member, lane, guard, commands)
    if (!results) continue
    let at = 0
    for (const { one, commands: own } of changes) {
      one.resolve(results.slice(at, at + own.length))
      at += own.length
    }
    return true
  }
  return false
}

function changesOf(batch: readonly Waiting[], answers: readonly Reply[]) {
  const changes: { readonly one: Waiting; readonly commands: readonly Command[] }[] = []
  let at = 0
  for (const one of batch) {
    const own = answers.slice(at, at + one.before.length)
    at += one.before.length
    try {
      changes.push({ one, commands: one.change(own) })
    } catch (error) {
      one.reject(error)
    }
  }
  return changes
}

/** @returns the replies; undefined where the guard had ended, and nothing was done */
async function execute(
  doing: string,
  { node, guardedBy }: Member,
  lane: Lane,
  guard: Guard,
  commands: readonly Command[],
): Promise<readonly Reply[] | undefined> {
  lane.guard = undefined
  const { on, key, value } = guard
  const leftMs = guard.untilMs - Date.now()
  // EXEC ends all watching. What guards the next one goes with it; a new end only where there is little left of this one.
  const untilMs = guardedBy === node && leftMs < guardLifeMs / 2 ? Date.now() + guardLifeMs : guard.untilMs
  const renew: readonly Command[] = untilMs === guard.untilMs ? [] : [setCommand(key, value, untilMs)]
  const watch: readonly Command[] = [
    ['WATCH', key],
    ['GET', key],
  ]
  const replies = await on.try(doing, [['MULTI'], ...commands, ['EXEC'], ...renew, ...watch], neverAborted)
  const done = replies[commands.length + 1]
  if (replies.at(-1) === value) lane.guard = { on, key, value, untilMs }
  if (done === null) return undefined
  if (Array.isArray(done)) return done as readonly Reply[]
  const refused = replies.find((reply) => reply instanceof Error)
  throw refused instanceof Error ? replyError(refused, `${doing} at ${node.id}`) : tooLate(doing)
}

/** @returns undefined where the guard is past its end already */
async function guardUntil(
  doing: string,
  member: Member,
  lane: Lane,
  deadlineMs: number,
  lifeMs: number,
): Promise<Guard | undefined> {
  const { guard } = lane
  if (guard?.on.isUsable() && guard.untilMs <= deadlineMs && guard.untilMs - Date.now() >= guardLeastMs) return guard
  lane.guard = undefined
  return raiseGuard(doing, member, lane, Math.min(deadlineMs, Date.now() + lifeMs))
}

async function raiseGuard(
  doing: string,
  { node, guardedBy, guardKey }: Member,
  { channel }: Lane,
  untilMs: number,
): Promise<Guard | undefined> {
  if (guardedBy === undefined) {
    throw new MayflyError('target_unreachable', {
      log: `redis: ${doing}: nothing guards ${node.id}`,
      publicDetail: 'a node of the target has lost its primary, or has no slots of the cluster',
    })
  }
  const on = await node.hold(doing, channel, neverAborted)
  const key = `${guardKey}:${channel}`
  const value = randomBytes(8).toString('hex')
  const set = setCommand(key, value, untilMs)
  if (guardedBy !== node) await guardedBy.ask(doing, [set], neverAborted)
  // First UNWATCH: WATCH of a key that is watched already would leave it as it was seen then.
  const arm: readonly Command[] = [['UNWATCH'], ...(guardedBy === node ? [set] : []), ['WATCH', key], ['GET', key]]
  for (let look = 0; ; look += 1) {
    const replies = await on.try(doing, arm, neverAborted)
    for (const reply of replies) if (reply instanceof Error) throw replyError(reply, `${doing} at ${node.id}`)
    if (replies.at(-1) === value) return { on, key, value, untilMs }
    if (guardedBy === node || Date.now() >= untilMs) return undefined
    await delay(replicationPausesMs[Math.min(look, replicationPausesMs.length - 1)])
  }
}

function setCommand(key: string, value: string, untilMs: number): Command {
  return ['SET', key, value, 'PXAT', String(Math.floor(untilMs))]
}

function tooLate(doing: string): MayflyError {
  return new MayflyError('target_timeout', {
    log: `redis: ${doing}: not before the deadline`,
    publicDetail: 'the target began too late, so it changed nothing',
    hint: 'if it happens every time, compare the clocks of the target and of Mayfly',
  })
}
