/**
 * Holds credentials while a command runs: issues, renews, proves again, and ends them.
 *
 * Promise: what was issued is ended by `end`, also where only a part could be issued. Nothing here outlives the process:
 * killed with SIGKILL it ends nothing, and the server does at `expires_at` or when the proof lapses.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { answerOf, ProblemError } from '@mayfly/client'
import type { Connection } from '../connect.ts'
import type { IssuedCredential } from '../credential-fields.ts'
import { describeFailure } from '../describe-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { OAuthRefusal } from '@mayfly/client/login'
import { formatMs } from '../parse-duration.ts'

export interface HoldDeps {
  readonly connection: Connection
  readonly now: () => Date
  readonly say: (text: string) => void
  /** Told when a credential lives longer than it did. */
  readonly onRenewed: (credentials: readonly IssuedCredential[]) => Promise<void>
}

export interface HoldRequest {
  readonly roles: readonly string[]
  readonly ttlSeconds: number | undefined
  /** A task that somebody declared. Absent: a service opens one for its running instance, others do without. */
  readonly taskId: string | undefined
  readonly purpose: string
}

export interface Hold {
  readonly taskId: string | undefined
  readonly credentials: readonly IssuedCredential[]
  /** Renews and proves again until aborted. Never rejects: what fails is told and tried again. */
  keep(signal: AbortSignal): Promise<void>
  /** Ends everything and waits, at most `timeoutMs`, until it is gone at the target. Never rejects. */
  end(outcome: 'complete' | 'fail', timeoutMs: number): Promise<string>
}

/** A running instance lasts at most 24 h; a minute for clocks that differ. */
const instanceSeconds = 24 * 3600 - 60
const firstRetryMs = 1_000
const longestRetryMs = 15_000
const longestPauseMs = 86_400_000
/** Between two renewals, however short a credential lives. */
const leastRenewalMs = 250

interface Held {
  credential: IssuedCredential
  /** By our clock. */
  renewAtMs: number
  endsAtMs: number
  givenUp: boolean
}

/** @throws ProblemError, OAuthRefusal: it could not be issued; what was issued before has been ended */
export async function holdCredentials(deps: HoldDeps, request: HoldRequest): Promise<Hold> {
  const { connection, now } = deps
  const proven = await connection.tokens.prove()
  const ownTask = request.taskId === undefined && kindOf(proven.subject) === 'service'
  const taskId = ownTask ? await openInstance(deps, request, proven.subject) : request.taskId
  const held: Held[] = []
  /** Server's clock less ours. */
  let skewMs = 0

  const schedule = (credential: IssuedCredential): Held => {
    const endsAtMs = Date.parse(credential.expires_at) - skewMs
    const atMs = now().getTime()
    return {
      credential,
      renewAtMs: atMs + Math.max(((endsAtMs - atMs) * 2) / 3, leastRenewalMs),
      endsAtMs,
      givenUp: false,
    }
  }

  const hold: Hold = {
    taskId,
    get credentials() {
      return held.map(({ credential }) => credential)
    },
    async keep(signal) {
      let proveAtMs = halfway(now(), new Date(proven.freshUntil.getTime() - skewMs))
      let retryMs = firstRetryMs
      let told: string | undefined
      const prove = async () => {
        const { freshUntil } = await connection.tokens.prove()
        proveAtMs = halfway(now(), new Date(freshUntil.getTime() - skewMs))
      }
      while (!signal.aborted) {
        const alive = held.filter((one) => !one.givenUp)
        await pauseUntil(Math.min(proveAtMs, ...alive.map((one) => one.renewAtMs)), signal)
        if (signal.aborted) return
        const atMs = now().getTime()
        // Renewals first, and each by itself: a platform without a new token must not keep them from a token that is left.
        const due = alive.filter((one) => atMs >= one.renewAtMs).map((one) => () => renew(one))
        if (atMs >= proveAtMs) due.push(prove)
        let reason: string | undefined
        for (const work of due) {
          await work().catch((error: unknown) => {
            reason = messageOf(error)
          })
        }
        if (reason === undefined) {
          retryMs = firstRetryMs
          told = undefined
          continue
        }
        // Told once for each reason: a platform may take minutes until it gives a new token.
        if (reason !== told) deps.say(`warning: ${reason}; tried again until it succeeds`)
        told = reason
        await pauseUntil(now().getTime() + retryMs, signal)
        retryMs = Math.min(retryMs * 2, longestRetryMs)
      }
    },
    async end(outcome, timeoutMs) {
      const startedMs = performance.now()
      try {
        const limit = AbortSignal.timeout(timeoutMs)
        const ending = await untilSaid(
          () => requestEnd(connection, { taskId: ownTask ? taskId : undefined, held, outcome }),
          limit,
        )
        for (const id of ending) await untilGone(connection, id, limit)
        const after = formatMs(performance.now() - startedMs)
        if (held.length === 0) return 'nothing was issued'
        return `${held.length === 1 ? 'credential' : `${held.length} credentials`} absent at the target after ${after}`
      } catch (error) {
        const last = Math.max(...held.map(({ credential }) => Date.parse(credential.expires_at)))
        const atLast = held.length === 0 ? '' : `; it comes at ${new Date(last).toISOString()} at the latest`
        return `warning: the end is not confirmed (${messageOf(error)})${atLast}`
      }
    },
  }

  /** Returns early where the signal is aborted, or after a day: timers count no further than 24 of them. */
  async function pauseUntil(atMs: number, signal: AbortSignal): Promise<void> {
    const waitMs = Math.min(Math.max(atMs - now().getTime(), 0), longestPauseMs)
    await pause(waitMs, undefined, { signal }).catch(() => undefined)
  }

  async function renew(one: Held): Promise<void> {
    const { credential } = one
    const lifeSeconds = request.ttlSeconds
    const body = lifeSeconds === undefined ? {} : { ttl_seconds: lifeSeconds }
    const init = { params: { path: { id: credential.credential_id } }, body }
    try {
      const { entry: _entry, ...renewed } = await answerOf(connection.api.POST('/v1/credentials/{id}/renew', init))
      const isLonger = Date.parse(renewed.expires_at) > Date.parse(credential.expires_at)
      Object.assign(one, schedule({ ...credential, ...renewed, fields: credential.fields }))
      if (isLonger) await deps.onRenewed(hold.credentials)
      if (renewed.expires_at !== renewed.max_expires_at) return
      one.givenUp = true
      deps.say(`credential ${credential.credential_id} has reached its last end, ${renewed.max_expires_at}`)
    } catch (error) {
      if (!(error instanceof ProblemError) || error.retry === 'later' || error.status === 401) throw error
      one.givenUp = true
      deps.say(`warning: credential ${credential.credential_id} is not renewed: ${error.message} (${error.code})`)
    }
  }

  try {
    for (const role of request.roles) {
      const askedAtMs = now().getTime()
      const body = {
        role,
        ...(request.ttlSeconds !== undefined && { ttl_seconds: request.ttlSeconds }),
        ...(taskId !== undefined && { task_id: taskId }),
      }
      const credential = await answerOf(connection.api.POST('/v1/credentials', { body }))
      skewMs = Date.parse(credential.requested_at) - askedAtMs
      // Within a second it is the way there and back, not the clock.
      if (Math.abs(skewMs) < 1_000) skewMs = 0
      held.push(schedule(credential))
      const seconds = Math.round((Date.parse(credential.expires_at) - Date.parse(credential.requested_at)) / 1000)
      deps.say(
        `credential ${credential.credential_id} active until ${credential.expires_at} (${seconds} s), renewed while the command runs`,
      )
    }
    return hold
  } catch (error) {
    if (held.length > 0 || ownTask) deps.say(await hold.end('fail', 10_000))
    throw error
  }
}

async function openInstance(
  { connection, now }: HoldDeps,
  { roles, purpose }: HoldRequest,
  subject: string,
): Promise<string> {
  const deadline = new Date(now().getTime() + instanceSeconds * 1000).toISOString()
  const identity = connection.identity ?? subject.split('/').at(-1) ?? ''
  const kind = 'running_instance' as const
  const body = { identity, kind, purpose, roles: [...roles], deadline }
  const { task_id: taskId } = await answerOf(connection.api.POST('/v1/tasks', { body }))
  return taskId
}

interface Ending {
  /** A task of our own: to end it ends all that was issued for it. */
  readonly taskId: string | undefined
  readonly held: readonly Held[]
  readonly outcome: 'complete' | 'fail'
}

/** @returns the revocations to wait for */
async function requestEnd({ api }: Connection, { taskId, held, outcome }: Ending): Promise<readonly string[]> {
  if (taskId !== undefined) {
    const init = { params: { path: { id: taskId } }, body: {} }
    try {
      const ended = await answerOf(
        outcome === 'complete' ? api.POST('/v1/tasks/{id}/complete', init) : api.POST('/v1/tasks/{id}/fail', init),
      )
      return ended.revocation_id === null ? [] : [ended.revocation_id]
    } catch (error) {
      // Ended by someone else: what was issued for it is on its way out already.
      if (!(error instanceof ProblemError) || error.code !== 'task_not_active') throw error
    }
  }
  const ids: string[] = []
  for (const { credential } of held) {
    const body = { selector: { kind: 'credential', ref: credential.credential_id } } as const
    ids.push((await answerOf(api.POST('/v1/revocations', { body }))).revocation_id)
  }
  return ids
}

/** Repeats what can succeed later, until the limit. */
async function untilSaid<T>(ask: () => Promise<T>, limit: AbortSignal): Promise<T> {
  for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    try {
      return await ask()
    } catch (error) {
      const canPass = describeFailure(error)?.exitCode === exitCodes.later
      if (!canPass || limit.aborted) throw error
      await pause(waitMs, undefined, { signal: limit }).catch(() => undefined)
    }
  }
}

/** An identity may read its own revocations but not the tenant's stream of events, so it asks again and again. */
async function untilGone({ api }: Connection, id: string, limit: AbortSignal): Promise<void> {
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 500)) {
    const { state } = await answerOf(api.GET('/v1/revocations/{id}', { params: { path: { id } } }))
    if (state === 'complete') return
    await pause(waitMs, undefined, { signal: limit })
  }
}

/** `spiffe://<trust domain>/<environment>/<kind>/<name>`. */
function kindOf(subject: string): string | undefined {
  return subject.startsWith('spiffe://') ? subject.split('/').at(-2) : undefined
}

function halfway(from: Date, to: Date): number {
  return from.getTime() + Math.max((to.getTime() - from.getTime()) / 2, 1_000)
}

function messageOf(error: unknown): string {
  const { message = 'unknown' } = describeFailure(error) ?? {}
  return error instanceof OAuthRefusal ? `the proof was not accepted: ${message}` : message
}
