/** Cases for `SessionObserver`: who is connected is seen, with whose account, and one connection can be ended alone. */
import { strict as assert } from 'node:assert'
import { isIP } from 'node:net'
import { type CaseKit, eventually, neverAborted, rejectsWithMayflyError } from './case-kit.ts'
import type { ConformanceCase, OpenTarget } from './conformance.ts'
import type { ObservedSession } from './provider.ts'

/** How far the clock of a target may be off, and how late it may count from. */
const sinceToleranceMs = 10_000
/** Some targets show a connection only when they have collected their statistics (RabbitMQ: seconds). */
const shownWithinMs = 8_000

export function sessionCases<Settings, Permission, SecretFields>(
  kit: CaseKit<Settings, Permission, SecretFields>,
): readonly ConformanceCase[] {
  const { fixture } = kit
  const sessionsOf = async (target: OpenTarget<Permission>, accountName: string) => {
    const all = (await target.listSessions?.(neverAborted)) ?? []
    return all.filter((session) => session.accountName === accountName)
  }
  return [
    {
      name: 'listSessions, where offered, shows each open session with its account, and none that has ended',
      run: () =>
        kit.withTarget(async (target, plan) => {
          const { listSessions } = target
          if (!listSessions) return
          const [used, unused] = [plan(), plan()]
          const issued = await kit.issue(target, used)
          await kit.issue(target, unused)
          const beforeMs = Date.now()
          const sessions = await Promise.all([fixture.openSession(issued), fixture.openSession(issued)])
          try {
            await eventually(
              'both sessions are shown',
              shownWithinMs,
              async () => (await sessionsOf(target, used.accountName)).length >= 2,
            )
            const seen = await sessionsOf(target, used.accountName)
            assert.equal(seen.length, 2, 'a session is shown once')
            assert.deepEqual(await sessionsOf(target, unused.accountName), [], 'control: an account without a session')
            const all = await listSessions.call(target, neverAborted)
            assert.equal(new Set(all.map((one) => one.sessionId)).size, all.length, 'a session has a name of its own')
            for (const one of seen) checkShape(one, beforeMs)
            assert.deepEqual(
              idsOf(await sessionsOf(target, used.accountName)),
              idsOf(seen),
              'a session keeps its name while it is open',
            )
          } finally {
            await Promise.all(sessions.map((session) => session.close()))
          }
          await eventually(
            'no session is shown after they have closed',
            shownWithinMs,
            async () => (await sessionsOf(target, used.accountName)).length === 0,
          )
          await rejectsWithMayflyError(listSessions.call(target, AbortSignal.abort()))
        }),
    },
    {
      name: 'cutSessions, where offered, ends those sessions and no others; one that is gone is no error',
      run: () =>
        kit.withTarget(async (target, plan) => {
          const { cutSessions } = target
          if (!cutSessions) return
          const [handle, other] = [plan(), plan()]
          const issued = await kit.issue(target, handle)
          const bystander = await fixture.openSession(await kit.issue(target, other))
          const first = await fixture.openSession(issued)
          try {
            await eventually(
              'the first session is shown',
              shownWithinMs,
              async () => (await sessionsOf(target, handle.accountName)).length === 1,
            )
            const wanted = await sessionsOf(target, handle.accountName)
            const second = await fixture.openSession(issued)
            try {
              assert.equal(await first.isAlive(), true, 'control: alive before')
              await rejectsWithMayflyError(cutSessions.call(target, wanted, AbortSignal.abort()))
              assert.equal(await first.isAlive(), true, 'an aborted call ends nothing')
              await cutSessions.call(target, wanted, neverAborted)
              await eventually('the session has ended', 5_000, async () => !(await first.isAlive()))
              assert.equal(await second.isAlive(), true, 'another session of the same account goes on')
              assert.equal(await bystander.isAlive(), true, 'a session of another account goes on')
              assert.equal(await fixture.canLogIn(issued), true, 'the account itself is not touched')
              await cutSessions.call(target, wanted, neverAborted)
              await cutSessions.call(target, [], neverAborted)
              assert.equal(await second.isAlive(), true, 'cutting again ends nothing more')
            } finally {
              await second.close()
            }
          } finally {
            await Promise.all([first.close(), bystander.close()])
          }
        }),
    },
  ]
}

function checkShape({ sessionId, sourceAddress, since }: ObservedSession, beforeMs: number): void {
  assert.ok(sessionId.length > 0 && sessionId.length <= 200, 'a session has a name of at most 200 characters')
  if (sourceAddress !== undefined) assert.notEqual(isIP(sourceAddress), 0, `\`${sourceAddress}\` is an address alone`)
  if (since === undefined) return
  const offMs = Math.max(beforeMs - since.getTime(), since.getTime() - Date.now())
  assert.ok(offMs <= sinceToleranceMs, 'it counts from when the session began')
}

function idsOf(sessions: readonly ObservedSession[]): readonly string[] {
  return sessions.map((session) => session.sessionId).toSorted()
}
