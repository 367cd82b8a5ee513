import { expect, test } from 'vitest'
import { type Authority, AuthorityError, type AuthorityFailure, type GraceUse } from '../authority/authority.ts'
import { makeManualTiming } from '../testdata/manual-timing.ts'
import { makeBoundedWork } from './bounded-work.ts'
import { makeEndedAttestations } from './ended-attestations.ts'
import { makeGraceLedger } from './grace-ledger.ts'
import { makeHolding } from './holding.ts'

const freshMs = 60_000

/** An authority in memory: what a holding does is a matter of time, and time is moved here. */
function setUp({ graceSeconds = 0 }: { graceSeconds?: number } = {}) {
  const timing = makeManualTiming()
  let fails: AuthorityFailure | undefined
  let attested = 0
  let jwts = 0
  let onAttest = () => {}
  const uses: GraceUse[] = []
  const answer = <T>(value: T): T => {
    if (fails !== undefined) throw new AuthorityError(fails, 'no')
    return value
  }
  const authority: Authority = {
    async attest() {
      answer(undefined)
      attested += 1
      onAttest()
      const base = { identityId: 'i', identity: 'orders', spiffeId: 'spiffe://example.org/orders', hint: 'orders' }
      return [{ ...base, attestationId: `a${attested}`, freshUntilMs: timing.now() + freshMs }]
    },
    async issueX509Svid() {
      return 'ended'
    },
    async issueJwtSvid() {
      jwts += 1
      const issuedAtMs = timing.now()
      return answer({
        spiffeId: 'spiffe://example.org/orders',
        token: `t${jwts}`,
        issuedAtMs,
        expiresAtMs: issuedAtMs + 300_000,
      })
    },
    async readBundles() {
      return []
    },
    async *events() {},
    async reportGraceUses(reported) {
      uses.push(...reported)
    },
  }
  const log = { info: () => {}, warn: () => {} }
  const ended = makeEndedAttestations()
  const grace = makeGraceLedger({ authority, log })
  const { signal } = new AbortController()
  let fault: string | undefined
  const holding = makeHolding(
    { authority, timing, log, ended, grace, work: makeBoundedWork(4, 4), graceSeconds, signal },
    { instance: 'boot/1/2', readSelectors: async () => fault ?? ['unix:uid:0'], findFault: () => fault, about: {} },
  )
  return {
    timing,
    holding,
    ended,
    attested: () => attested,
    fail: (failure: AuthorityFailure | undefined) => (fails = failure),
    onAttest: (run: () => void) => (onAttest = run),
    setFault: (text: string) => (fault = text),
    reported: async () => {
      await grace.report(signal)
      return uses
    },
  }
}

const want = { x509: false }

test('while it is used it is attested anew at half of its freshness; while it is not, it lapses', async () => {
  const { holding, timing, attested } = setUp()
  await holding.ensure(want)
  await timing.advance(freshMs * 0.6)
  expect(attested(), 'nobody uses it').toBe(1)
  const stop = holding.subscribe(() => {}, want)
  await timing.advance(10)
  expect(attested()).toBe(2)
  await timing.advance(freshMs * 3)
  expect(holding.state.phase).toBe('entitled')
  stop()
  await timing.advance(freshMs * 2)
  expect(holding.state.phase).toBe('unavailable')
})

test('without an answer it is served until its freshness ends, and not a moment longer', async () => {
  const { holding, timing, fail } = setUp()
  await holding.ensure(want)
  const seen: string[] = []
  holding.subscribe(() => seen.push(holding.state.phase), want)
  fail('unreachable')
  await timing.advance(freshMs - 1)
  expect((await holding.ensure(want)).phase).toBe('entitled')
  await timing.advance(1)
  expect((await holding.ensure(want)).phase).toBe('unavailable')
  expect(seen).toEqual(['unavailable'])
})

test('in grace it is served on, and each use is reported; past it, it is not', async () => {
  const { holding, timing, fail, reported } = setUp({ graceSeconds: 30 })
  await holding.ensure(want)
  await holding.jwtSvids(['a'])
  fail('unreachable')
  await timing.advance(freshMs + 10_000)
  expect(await holding.jwtSvids(['a'])).toMatchObject([{ token: 't1' }])
  holding.noteServed()
  expect(await holding.jwtSvids(['never asked']), 'nothing new is to be had').toMatchObject({ phase: 'unavailable' })
  await timing.advance(20_000)
  expect((await holding.ensure(want)).phase).toBe('unavailable')
  expect(await reported()).toEqual([
    { attestationId: 'a1', servedFromMs: 1_000_000 + freshMs, servedUntilMs: 1_000_000 + freshMs + 10_000, count: 1 },
  ])
})

test('grace is for a server that does not answer: one that says no ends it', async () => {
  const { holding, timing, fail } = setUp({ graceSeconds: 3_600 })
  await holding.ensure(want)
  holding.subscribe(() => {}, want)
  fail('agent_refused')
  await timing.advance(freshMs + 1)
  expect((await holding.ensure(want)).phase).toBe('unavailable')
})

test('grace outlives no revocation that is known', async () => {
  const { holding, timing, fail } = setUp({ graceSeconds: 3_600 })
  await holding.ensure(want)
  fail('unreachable')
  await timing.advance(freshMs + 1_000)
  expect((await holding.ensure(want)).phase, 'control').toBe('entitled')
  holding.endAttestation('a1')
  expect(holding.state.phase).toBe('refused')
  expect((await holding.jwtSvids(['a'])) as object).toMatchObject({ phase: 'refused' })
})

test('an end that overtakes the answer that tells of its beginning is believed', async () => {
  const { holding, ended, onAttest } = setUp()
  onAttest(() => ended.add('a1'))
  expect((await holding.ensure(want)).phase).toBe('refused')
})

test('the end of an attestation that was followed by another changes nothing', async () => {
  const { holding, timing } = setUp()
  await holding.ensure(want)
  holding.subscribe(() => {}, want)
  await timing.advance(freshMs * 0.7)
  holding.endAttestation('a1')
  expect(holding.state.phase).toBe('entitled')
  holding.endAttestation('a2')
  expect(holding.state.phase, 'control: that of the one it has').toBe('refused')
})

test('a token is asked for once by many, kept until half of its life, and dropped where a key is not believed any more', async () => {
  const { holding, timing } = setUp()
  const both = await Promise.all([holding.jwtSvids(['a', 'b']), holding.jwtSvids(['b', 'a', 'a'])])
  expect(both).toMatchObject([[{ token: 't1' }], [{ token: 't1' }]])
  expect(await holding.jwtSvids(['a'])).toMatchObject([{ token: 't2' }])
  await timing.advance(10_000)
  expect(await holding.jwtSvids(['a'])).toMatchObject([{ token: 't2' }])
  holding.reissue()
  expect(await holding.jwtSvids(['a'])).toMatchObject([{ token: 't3' }])
  holding.subscribe(() => {}, want)
  await timing.advance(150_001)
  expect(await holding.jwtSvids(['a'])).toMatchObject([{ token: 't4' }])
})

test('a process that is not what it was holds nothing any more, for good', async () => {
  const { holding, setFault } = setUp()
  await holding.ensure(want)
  setFault('user_changed')
  expect(await holding.ensure(want)).toMatchObject({ phase: 'refused', reason: 'user_changed' })
  expect(await holding.ensure(want)).toMatchObject({ phase: 'refused' })
})
