/**
 * What one workload is entitled to, and what it holds: shared by all its streams and requests.
 *
 * Promise: nothing is served past the freshness of its attestation (or past the configured grace, and then only because
 * the server does not answer), past its own end, or after it is known to have ended. Whatever changes is told at once.
 */
import { type Authority, AuthorityError, type JwtSvid, type VouchedIdentity } from '../authority/authority.ts'
import { type Log, type LogFields, reasonOf } from '../log.ts'
import { backoffMs, halfLifeMs, type Timing } from '../timing.ts'
import type { BoundedWork } from './bounded-work.ts'
import type { EndedAttestations } from './ended-attestations.ts'
import type { GraceLedger } from './grace-ledger.ts'
import { makeJwtSvidCache } from './jwt-svid-cache.ts'
import { requestX509Svid, type X509Svid } from './x509-svid.ts'

export interface HoldingDeps {
  readonly authority: Authority
  readonly timing: Timing
  readonly log: Log
  readonly ended: EndedAttestations
  readonly grace: GraceLedger
  readonly work: BoundedWork
  /** How long past an attestation's freshness what it stands for is served while the server does not answer. */
  readonly graceSeconds: number
  readonly signal: AbortSignal
}

/** Whose holding it is. */
export interface HoldingSubject {
  readonly instance: string
  /** A text where the subject is no longer what it was: why. */
  readSelectors(): Promise<readonly string[] | string>
  findFault(): string | undefined
  readonly about: LogFields
}

export interface HeldIdentity extends VouchedIdentity {
  readonly x509: X509Svid | undefined
}

export type HoldingState =
  | { readonly phase: 'initialising' }
  | { readonly phase: 'entitled'; readonly identities: readonly HeldIdentity[] }
  /** Nothing fits, or what did was revoked, or the process is not what it was. */
  | { readonly phase: 'refused'; readonly reason: string }
  /** The server did not answer, and what was held is not valid any more. */
  | { readonly phase: 'unavailable'; readonly reason: string }

export interface Holding {
  readonly state: HoldingState
  /** Brings it up to date, asking the server only where that is needed. Never rejects: the state says what came of it. */
  ensure(want: { readonly x509: boolean }): Promise<HoldingState>
  /** @param spiffeId absent: one for each identity */
  jwtSvids(audiences: readonly string[], spiffeId?: string): Promise<readonly HeldJwt[] | HoldingState>
  /** While anybody subscribes, it is kept fresh; while anybody wants X.509-SVIDs, they are renewed. */
  subscribe(listener: () => void, want: { readonly x509: boolean }): () => void
  /** Notes that something was served, where that was in grace, or while the server is not heard. */
  noteServed(): void
  /** Notes that what was served before goes on being used, in the same cases. */
  noteHeld(): void
  readonly isInUse: boolean
  readonly attestationIds: readonly string[]
  endAttestation(attestationId: string): void
  /** A key that signed is not believed any more. */
  reissue(): void
  /** For good: the workload has gone, or changed. */
  end(reason: string): void
}

export interface HeldJwt extends JwtSvid {
  readonly hint: string
}

/** A refusal is not asked about again before. */
const refusalHoldsMs = 1_000

export function makeHolding(deps: HoldingDeps, subject: HoldingSubject): Holding {
  const { authority, timing, log, ended, grace, work, signal } = deps
  const listeners = new Map<() => void, { readonly x509: boolean }>()
  const jwts = makeJwtSvidCache(timing)
  const issuing = new Map<string, Promise<void>>()
  let state: HoldingState = { phase: 'initialising' }
  let told = ''
  let attestAtMs = 0
  let decidedAtMs = Number.NEGATIVE_INFINITY
  let nextAttemptAtMs = 0
  let failures = 0
  /** The last answer of the server was none. */
  let isAway = false
  let isOver = false
  let attesting: Promise<void> | undefined
  let callOff = () => {}
  let isStepping = false
  let numbered = 0
  const numbers = new WeakMap<X509Svid, number>()

  const identities = () => (state.phase === 'entitled' ? state.identities : [])
  const wantsX509 = () => [...listeners.values()].some(({ x509 }) => x509)
  /** None where the server did answer, and said no. */
  const graceMs = () => (failures > 0 && !isAway ? 0 : deps.graceSeconds * 1_000)
  const isStale = () => identities().some(({ freshUntilMs }) => freshUntilMs <= timing.now())

  function set(next: HoldingState): void {
    state = isOver ? state : next
  }

  /** Tells the listeners, where what a workload sees is not what it saw. */
  function publish(): void {
    const seen = describe(state)
    if (seen === told) return
    told = seen
    for (const listener of listeners.keys()) listener()
  }

  function describe(now: HoldingState): string {
    if (now.phase !== 'entitled') return now.phase
    return JSON.stringify(now.identities.map(({ spiffeId, hint, x509 }) => [spiffeId, hint, numberOf(x509)]))
  }

  function numberOf(svid: X509Svid | undefined): number {
    if (svid === undefined) return 0
    const known = numbers.get(svid) ?? (numbered += 1)
    numbers.set(svid, known)
    return known
  }

  function refuse(reason: string): void {
    if (state.phase !== 'refused') log.info('workload_refused', { ...subject.about, reason })
    jwts.clear()
    decidedAtMs = timing.now()
    set({ phase: 'refused', reason })
    publish()
  }

  /** Drops what may not be served any more. */
  function dropLapsed(): void {
    if (state.phase !== 'entitled') return
    const nowMs = timing.now()
    const standing = state.identities.filter(({ freshUntilMs }) => nowMs < freshUntilMs + graceMs())
    const kept = standing.map((one) =>
      one.x509 !== undefined && one.x509.notAfterMs <= nowMs ? { ...one, x509: undefined } : one,
    )
    if (kept.length === 0) {
      jwts.clear()
      log.warn('workload_lapsed', subject.about)
      set({ phase: 'unavailable', reason: 'the attestation could not be renewed in time' })
    } else if (kept.length < state.identities.length || kept.some((one, at) => one !== standing[at])) {
      set({ phase: 'entitled', identities: kept })
    }
    // Those whose streams are open are being served, also while nothing is sent.
    if (listeners.size > 0) noteGrace(0, undefined)
    publish()
  }

  function dropStale(): void {
    const fresh = identities().filter(({ freshUntilMs }) => timing.now() < freshUntilMs)
    set(
      fresh.length === 0
        ? { phase: 'unavailable', reason: 'the attestation could not be renewed in time' }
        : { phase: 'entitled', identities: fresh },
    )
  }

  /** Past its freshness, or past what was heard last: whichever came first. */
  function noteGrace(times: number, unheardSinceMs: number | undefined): void {
    const nowMs = timing.now()
    for (const { attestationId, freshUntilMs } of identities()) {
      const fromMs = Math.min(freshUntilMs, unheardSinceMs ?? Number.POSITIVE_INFINITY)
      if (nowMs <= fromMs) continue
      grace.note(attestationId, fromMs, 0)
      grace.note(attestationId, nowMs, times)
    }
  }

  function failed(error: unknown): void {
    if (signal.aborted || isOver) return
    const failure = error instanceof AuthorityError ? error.failure : 'unreachable'
    isAway = failure === 'unreachable'
    failures += 1
    nextAttemptAtMs = timing.now() + backoffMs(timing, failures)
    if (failures === 1) log.warn('server_not_asked', { ...subject.about, failure, reason: reasonOf(error) })
    decidedAtMs = timing.now()
    if (failure === 'agent_ended') return refuse('this agent is not believed any more')
    if (state.phase !== 'entitled') set({ phase: 'unavailable', reason: reasonOf(error) })
    dropLapsed()
  }

  function answered(): void {
    failures = 0
    isAway = false
    nextAttemptAtMs = 0
  }

  function attest(): Promise<void> {
    attesting ??= attestOnce().finally(() => (attesting = undefined))
    return attesting
  }

  async function attestOnce(): Promise<void> {
    const selectors = await subject.readSelectors()
    if (typeof selectors === 'string') return end(selectors)
    let vouched: readonly VouchedIdentity[]
    try {
      vouched = await work.run(() => authority.attest({ selectors, instance: subject.instance }, signal))
    } catch (error) {
      return failed(error)
    }
    answered()
    const fault = subject.findFault()
    if (fault !== undefined) return end(fault)
    const nowMs = timing.now()
    const standing = vouched.filter(
      ({ attestationId, freshUntilMs }) => !ended.has(attestationId) && freshUntilMs > nowMs,
    )
    if (standing.length === 0) return refuse('no identity fits')
    if (state.phase !== 'entitled') {
      log.info('workload_attested', { ...subject.about, spiffe_ids: standing.map(({ spiffeId }) => spiffeId) })
    }
    const held = new Map(identities().map((one) => [one.spiffeId, one]))
    decidedAtMs = nowMs
    attestAtMs = halfLifeMs(timing, nowMs, Math.min(...standing.map(({ freshUntilMs }) => freshUntilMs)))
    set({
      phase: 'entitled',
      identities: standing.map((one) => ({ ...one, x509: held.get(one.spiffeId)?.x509 })),
    })
  }

  async function renewX509(): Promise<void> {
    const nowMs = timing.now()
    // Under an attestation that is past its freshness the server issues nothing: a new one comes first.
    const due = identities().filter(
      ({ x509, freshUntilMs }) => nowMs < freshUntilMs && (x509 === undefined || x509.renewAtMs <= nowMs),
    )
    await Promise.all(due.map(renewOne))
  }

  function renewOne({ spiffeId, attestationId }: HeldIdentity): Promise<void> {
    const running = issuing.get(spiffeId) ?? issueOne(spiffeId, attestationId).finally(() => issuing.delete(spiffeId))
    issuing.set(spiffeId, running)
    return running
  }

  async function issueOne(spiffeId: string, attestationId: string): Promise<void> {
    const fault = subject.findFault()
    if (fault !== undefined) return end(fault)
    try {
      const svid = await work.run(() => requestX509Svid(deps, { attestationId, spiffeId }, signal))
      answered()
      if (svid === 'ended') return endAttestation(attestationId)
      if (state.phase !== 'entitled' || ended.has(attestationId)) return
      set({
        phase: 'entitled',
        identities: state.identities.map((one) => (one.spiffeId === spiffeId ? { ...one, x509: svid } : one)),
      })
    } catch (error) {
      failed(error)
    }
  }

  function endAttestation(attestationId: string): void {
    ended.add(attestationId)
    if (state.phase !== 'entitled') return
    const left = state.identities.filter((one) => one.attestationId !== attestationId)
    if (left.length === state.identities.length) return
    log.info('attestation_ended', { ...subject.about, attestation_id: attestationId })
    jwts.clear()
    if (left.length === 0) return refuse('it was revoked')
    set({ phase: 'entitled', identities: left })
    publish()
  }

  function end(reason: string): void {
    if (isOver) return
    refuse(reason)
    isOver = true
    callOff()
  }

  /** One thing after the other: what is due is done, then the next time is set. */
  async function step(): Promise<void> {
    if (isStepping || isOver || signal.aborted) return
    isStepping = true
    try {
      const fault = subject.findFault()
      if (fault !== undefined) return end(fault)
      dropLapsed()
      const mayAsk = listeners.size > 0 && timing.now() >= nextAttemptAtMs
      if (mayAsk && state.phase === 'entitled' && timing.now() >= attestAtMs) await attest()
      if (mayAsk && failures === 0 && wantsX509()) await renewX509()
      publish()
    } finally {
      isStepping = false
      schedule()
    }
  }

  function schedule(): void {
    callOff()
    callOff = () => {}
    if (isOver || signal.aborted || state.phase !== 'entitled') return
    const nowMs = timing.now()
    const ends = state.identities.flatMap(({ freshUntilMs, x509 }) => [
      freshUntilMs,
      freshUntilMs + graceMs(),
      x509?.notAfterMs ?? Number.POSITIVE_INFINITY,
    ])
    const renewals = wantsX509() ? state.identities.map(({ x509 }) => x509?.renewAtMs ?? nowMs) : []
    const due = listeners.size === 0 ? [] : [Math.max(nextAttemptAtMs, Math.min(attestAtMs, ...renewals))]
    const next = Math.min(...ends.filter((atMs) => atMs > nowMs), ...due)
    if (next === Number.POSITIVE_INFINITY) return
    callOff = timing.after(Math.max(next - nowMs, 1), () => void step())
  }

  return {
    get state() {
      return state
    },
    get isInUse() {
      return listeners.size > 0
    },
    get attestationIds() {
      return [...new Set(identities().map(({ attestationId }) => attestationId))]
    },
    async ensure({ x509 }) {
      if (isOver) return state
      const fault = subject.findFault()
      if (fault !== undefined) end(fault)
      else {
        dropLapsed()
        const isRecent = timing.now() - decidedAtMs < refusalHoldsMs
        const mayAsk = timing.now() >= nextAttemptAtMs || !isAway
        if (state.phase === 'entitled' ? isStale() && mayAsk : !(state.phase === 'refused' && isRecent)) await attest()
        // In grace only what the server cannot be asked about is served.
        if (isStale() && !isAway) dropStale()
        if (x509 && identities().some((one) => one.x509 === undefined)) await renewX509()
        publish()
        schedule()
      }
      return state
    },
    async jwtSvids(audiences, spiffeId) {
      const now = await this.ensure({ x509: false })
      if (now.phase !== 'entitled') return now
      const wanted = now.identities.filter((one) => spiffeId === undefined || one.spiffeId === spiffeId)
      if (wanted.length === 0) return { phase: 'refused', reason: 'this identity is not among those of the workload' }
      try {
        const found = await Promise.all(wanted.map((one) => jwtOf(one)))
        // What ended while the others were on their way is not handed out.
        const standing = found.filter((one) => one !== undefined)
        if (standing.length > 0 && state.phase === 'entitled') return standing
        return state.phase === 'entitled' ? { phase: 'refused', reason: 'it was revoked' } : state
      } catch (error) {
        failed(error)
        return state.phase === 'entitled' ? { phase: 'unavailable', reason: reasonOf(error) } : state
      }

      async function jwtOf({
        attestationId,
        freshUntilMs,
        spiffeId,
        hint,
      }: HeldIdentity): Promise<HeldJwt | undefined> {
        const svid = await jwts.get({ spiffeId, audiences }, async () => {
          if (freshUntilMs <= timing.now()) throw new AuthorityError('unreachable', 'the server cannot be asked now')
          return work.run(() => authority.issueJwtSvid({ attestationId, audiences }, signal))
        })
        if (svid === 'ended') endAttestation(attestationId)
        if (svid === 'ended' || ended.has(attestationId)) return undefined
        if (svid.spiffeId !== spiffeId) {
          throw new AuthorityError('answer_unusable', 'the server issued a token for another identity')
        }
        return { ...svid, hint }
      }
    },
    subscribe(listener, want) {
      listeners.set(listener, want)
      schedule()
      return () => {
        listeners.delete(listener)
        schedule()
      }
    },
    noteServed: () => noteGrace(1, grace.unheardSinceMs),
    noteHeld() {
      if (listeners.size > 0) noteGrace(0, grace.unheardSinceMs)
    },
    endAttestation,
    reissue() {
      jwts.clear()
      if (state.phase !== 'entitled') return
      const isWanted = wantsX509()
      const renewAtMs = timing.now()
      set({
        phase: 'entitled',
        identities: state.identities.map((one) => ({
          ...one,
          // Nobody looks: the next who does gets a new one.
          x509: one.x509 === undefined || !isWanted ? undefined : aged(one.x509, renewAtMs),
        })),
      })
      nextAttemptAtMs = 0
      void step()
    },
    end,
  }

  /** The same certificate, due now: nobody need be told. */
  function aged(svid: X509Svid, renewAtMs: number): X509Svid {
    const due = { ...svid, renewAtMs }
    numbers.set(due, numberOf(svid))
    return due
  }
}
