/** One end, timed by clients that are not Mayfly's: from the request until each credential is dead at its target. */
import { setTimeout as pause } from 'node:timers/promises'
import type { AccountHandle } from '@mayfly/provider-kit'
import type { CallContext } from '../../packages/server/src/application/credential/issue-deps.ts'
import { issueCredential } from '../../packages/server/src/application/credential/issue-credential.ts'
import { handleOf } from '../../packages/server/src/store/credential-rows.ts'
import { inLanes } from '../limits/http-calls.ts'
import type { BenchLifecycle } from '../lifecycle-store.ts'
import type { DeadTarget, Fields, HeldSession } from './dead-target.ts'

/** Milliseconds after the request, one for each credential that was watched. */
export interface DeadTimes {
  readonly noLoginMs: readonly number[]
  readonly noSessionMs: readonly number[]
  readonly absentMs: readonly number[]
}

export interface Place {
  readonly target: DeadTarget
  /** `resource/role`. */
  readonly role: string
  readonly count: number
}

/** Watched in all: who tries more logins at once takes the processor from what is measured, at both ends. */
const watched = 10
/** In all, in which a session is held. */
const held = 50
/** Between looks, and so by how much a time may be too long: of one credential, and of many, which have many looked after. */
const [lookEveryMs, lookAtManyEveryMs] = [20, 50]
const inFlight = 8

interface Issued {
  readonly handle: AccountHandle
  readonly fields: Fields
}

/** Issues to one fresh identity, opens sessions, ends the identity, and watches. */
export async function measureEnd(mayfly: BenchLifecycle, places: readonly Place[]): Promise<readonly DeadTimes[]> {
  const { life } = mayfly
  const call = await mayfly.newCaller()
  const { actor } = call
  if (actor.kind !== 'identity') throw new Error('a caller is an identity')
  const issued = await Promise.all(places.map((place) => issueAll(mayfly, call, place)))
  const shareOf = (all: number, most = all) => Math.min(Math.ceil(all / places.length), most)
  const sessions = await Promise.all(
    places.map(({ target }, at) =>
      holdSessions(target, spread(issued[at] ?? [], shareOf(held, target.watch?.sessions))),
    ),
  )
  const everyMs = places.some(({ count }) => count > 1) ? lookAtManyEveryMs : lookEveryMs
  const samples = places.map(({ target }, at) => spread(issued[at] ?? [], shareOf(watched, target.watch?.logins)))
  for (const [at, { target }] of places.entries()) {
    for (const { fields } of samples[at] ?? []) {
      if (!(await target.logIn(fields))) throw new Error(`${target.kind}: what was issued does not log in`)
    }
  }
  try {
    const startMs = performance.now()
    const since = () => performance.now() - startMs
    const results = Promise.all(
      places.map(async ({ target }, at) => {
        const [noLoginMs, noSessionMs, absentMs] = await Promise.all([
          Promise.all((samples[at] ?? []).map((one) => untilRefused(target, one.fields, everyMs, since))),
          Promise.all((sessions[at] ?? []).map((one) => one.ended.then(since))),
          untilAbsent(target, issued[at] ?? [], everyMs, since),
        ])
        return { noLoginMs, noSessionMs, absentMs }
      }),
    )
    results.catch(() => undefined)
    await life.revoke({ kind: 'identity', id: actor.identityId })
    return await results
  } finally {
    for (const session of sessions.flat()) session.close()
  }
}

async function issueAll(
  mayfly: BenchLifecycle,
  call: CallContext,
  { target, role, count }: Place,
): Promise<readonly Issued[]> {
  const issued: Issued[] = []
  await inLanes(inFlight, Array.from({ length: count }), async () => {
    const { row, fields } = await issueCredential(mayfly.life.deps, call, { role })
    if (fields === undefined) throw new Error('what was issued has fields')
    const handle = handleOf(row)
    target.learn?.(handle, fields)
    issued.push({ handle, fields })
  })
  return issued
}

async function holdSessions(target: DeadTarget, issued: readonly Issued[]): Promise<readonly HeldSession[]> {
  const sessions: HeldSession[] = []
  for (const { fields } of issued) {
    const session = await target.hold?.(fields)
    if (session !== undefined) sessions.push(session)
  }
  return sessions
}

/** The end of the first login that was refused: it was judged before that. */
async function untilRefused(target: DeadTarget, fields: Fields, everyMs: number, since: () => number): Promise<number> {
  while (await target.logIn(fields)) await pause(everyMs)
  return since()
}

async function untilAbsent(
  target: DeadTarget,
  issued: readonly Issued[],
  everyMs: number,
  since: () => number,
): Promise<readonly number[]> {
  const times: number[] = []
  let left = issued.map((one) => one.handle)
  while (left.length > 0) {
    const present = await target.present(left)
    const stays = left.filter((handle) => present.has(handle.accountName))
    for (let gone = left.length - stays.length; gone > 0; gone -= 1) times.push(since())
    left = stays
    if (left.length > 0) await pause(issued.length > 1 ? Math.max(everyMs, target.watch?.absentEveryMs ?? 0) : everyMs)
  }
  return times
}

/** So many of them, from the first to the last. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)] as T)
}
