/**
 * Follows what the server tells: ends, changes, and keys that are not to be believed any more.
 *
 * Promise: after each interruption the server is asked about every attestation that is held, so that no end is missed.
 */
import { type Authority, AuthorityError, type AuthorityEvent, maxAskedAttestations } from '../authority/authority.ts'
import { type Log, reasonOf } from '../log.ts'
import { backoffMs, pause, type Timing } from '../timing.ts'

export interface EventWatcherDeps {
  readonly authority: Pick<Authority, 'events'>
  readonly timing: Timing
  readonly log: Log
  readonly attestationIds: () => readonly string[]
  readonly onEvent: (event: AuthorityEvent) => void
  /** The server answers (again). */
  readonly onOpen: () => void
  /** The server is not heard: from now on an end may have come that is not known. Told once for each interruption. */
  readonly onLost: () => void
  /** The server does not believe this agent any more: all that it vouched for has ended. */
  readonly onAgentEnded: () => void
}

const leastLifeMs = 1_000
const longestBackoffMs = 5_000

/** Runs until aborted; never rejects. */
export async function watchEvents(deps: EventWatcherDeps, signal: AbortSignal): Promise<void> {
  const { timing, log } = deps
  let failures = 0
  while (!signal.aborted) {
    const asked = deps.attestationIds()
    const rounds = Math.max(1, Math.ceil(asked.length / maxAskedAttestations))
    // One stream carries all events; further ones only ask about what does not fit into one address.
    const over = new AbortController()
    const openedAtMs = timing.now()
    const stop = () => over.abort()
    signal.addEventListener('abort', stop, { once: true })
    try {
      const streams = Array.from({ length: rounds }, (_, at) =>
        follow(asked.slice(at * maxAskedAttestations, (at + 1) * maxAskedAttestations), over.signal),
      )
      await Promise.race(streams.map((stream) => stream.finally(() => over.abort())))
      await Promise.allSettled(streams)
      // A server ends a stream after minutes. One that ends it at once would be asked without pause.
      if (timing.now() - openedAtMs < leastLifeMs)
        throw new AuthorityError('unreachable', 'the stream of events ended at once')
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      if (failures === 1) {
        log.warn('events_interrupted', { reason: reasonOf(error) })
        deps.onLost()
      }
      if (error instanceof AuthorityError && error.failure === 'agent_ended') deps.onAgentEnded()
      await pause(timing, backoffMs(timing, failures, { baseMs: 100, capMs: longestBackoffMs }), signal)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  async function follow(asked: readonly string[], until: AbortSignal): Promise<void> {
    const opened = () => {
      if (failures > 0) log.info('events_followed_again')
      failures = 0
      deps.onOpen()
    }
    for await (const event of deps.authority.events(asked, opened, until)) deps.onEvent(event)
  }
}
