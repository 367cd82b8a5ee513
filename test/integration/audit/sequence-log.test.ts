import { fork } from 'node:child_process'
import { once } from 'node:events'
import { encodeBase64, systemClock, verifyLog } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { sequenceLog, sequencerLagSeconds } from '../../../packages/server/src/application/audit/sequence-log.ts'
import { sha256 } from '../../../packages/server/src/application/audit/sha256.ts'
import { until } from '../../support/index.ts'
import { type AuditFixture, openAuditFixture } from './audit-fixture.ts'
import { neverAborted, origin, tenantId } from './tenant-log.ts'

const verify = (fixture: AuditFixture) =>
  verifyLog(sha256, fixture.read, { origin, verifiers: fixture.log.verifiers, tenantId, now: new Date() })

async function leafIndexes(fixture: AuditFixture): Promise<(number | null)[]> {
  const rows = await fixture.database.transaction(tenantId, (tx) =>
    tx.query.selectFrom('entry').select('leaf_index').orderBy('leaf_index').execute(),
  )
  return rows.map(({ leaf_index }) => leaf_index)
}

test('an empty log has a signed checkpoint', async () => {
  await using fixture = await openAuditFixture()
  expect(await fixture.read('checkpoint')).toBeUndefined()
  expect(await fixture.sequence()).toEqual({ outcome: 'current', size: 0, sequenced: 0 })
  expect((await fixture.checkpoint()).size).toBe(0)
})

test('under many writers and two sequencers the leaf indexes have no gap and the log verifies', async () => {
  await using fixture = await openAuditFixture()
  const writers = Array.from({ length: 6 }, async () => {
    for (let round = 0; round < 30; round += 1) await fixture.append(1 + (round % 20))
  })
  const writing = new AbortController()
  const sequencers = [fixture.sequenceDeps(), fixture.sequenceDeps()].map(async (deps) => {
    let worked = 0
    do {
      const result = await fixture.sequence(deps)
      if (result.outcome === 'current' && result.sequenced > 0) worked += 1
    } while (!writing.signal.aborted)
    return worked
  })
  await Promise.all(writers)
  writing.abort()
  const passes = await Promise.all(sequencers)
  await fixture.sequence()

  const indexes = await leafIndexes(fixture)
  expect(indexes.length).toBeGreaterThan(1_000)
  expect(indexes).toEqual(indexes.map((_, at) => at))
  expect(Math.min(...passes), 'control: both sequencers did work').toBeGreaterThan(0)
  const report = await verify(fixture)
  expect(report.findings).toEqual([])
  expect(report.entriesChecked).toBe(indexes.length)
})

test('a backlog is worked off in batches', async () => {
  await using fixture = await openAuditFixture()
  for (let at = 0; at < 6; at += 1) await fixture.append(2_000)
  expect(await fixture.sequence()).toEqual({ outcome: 'current', size: 12_000, sequenced: 12_000 })
  expect((await verify(fixture)).findings).toEqual([])
})

test('a sequencer that dies before it signs leaves a log that the next one signs', async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(300)
  await fixture.sequence()
  await fixture.append(300)
  const dying = { ...fixture.log.signer, sign: () => Promise.reject(new Error('died')) }
  await expect(sequenceLog(fixture.sequenceDeps(), { ...fixture.log, signer: dying }, neverAborted)).rejects.toThrow(
    'died',
  )
  expect((await leafIndexes(fixture)).at(-1), 'control: the leaves were given before').toBe(599)
  expect((await fixture.checkpoint()).size).toBe(300)
  await fixture.append(5)
  expect(await fixture.sequence()).toMatchObject({ size: 605, sequenced: 5 })
  expect((await verify(fixture)).findings).toEqual([])
})

test('a sequencer process that is killed again and again harms nothing', async () => {
  await using fixture = await openAuditFixture()
  const killed: number[] = []
  for (let round = 0; round < 4; round += 1) {
    const before = (await leafIndexes(fixture)).filter((index) => index !== null).length
    await fixture.append(1_500)
    const child = fork(new URL('sequencer-process.ts', import.meta.url), [fixture.url, fixture.privateJwk], {
      stdio: 'ignore',
    })
    // Kill it while it works: as soon as the first of its small batches is there.
    await until(async () => (await leafIndexes(fixture)).filter((index) => index !== null).length > before, {
      withinMs: 20_000,
      describe: 'the sequencer process has begun',
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    killed.push((await leafIndexes(fixture)).filter((index) => index === null).length)
  }
  await fixture.sequence()
  const indexes = await leafIndexes(fixture)
  expect(indexes).toEqual(Array.from({ length: 6_000 }, (_, at) => at))
  expect((await verify(fixture)).findings).toEqual([])
})

test('two sequencers that sign the same tree sign the same root', async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(10)
  const [one, other] = [fixture.sequenceDeps(), fixture.sequenceDeps()]
  await Promise.all([fixture.sequence(one), fixture.sequence(other)])
  // The one that found the other at work comes again.
  for (const deps of [one, other]) expect(await fixture.sequence(deps)).toMatchObject({ outcome: 'current' })
  const roots = [one, other].map(({ remembered }) => encodeBase64(remembered.get(tenantId)?.root ?? new Uint8Array()))
  expect(roots[0]).toBe(roots[1])
  expect((await fixture.checkpoint()).size).toBe(10)
})

test.each([
  ['entries were cut off', ['delete from entry where leaf_index >= 250']],
  ['a tile was changed', ["update log_tile set hashes = decode(repeat('00', 32), 'hex') || substring(hashes from 33)"]],
  ['the checkpoint was replaced', ["update log_checkpoint set note = replace(note, E'\\n300\\n', E'\\n299\\n')"]],
  ['the root of the checkpoint was replaced', ["update log_checkpoint set root = decode(repeat('00', 32), 'hex')"]],
])('nothing is signed any more after %s', async (_, statements) => {
  await using fixture = await openAuditFixture()
  await fixture.append(300)
  await fixture.sequence()
  await fixture.append(10)
  await fixture.intrude(...statements)
  await expect(fixture.sequence()).rejects.toThrow(/audit_verification_failed/)
})

test('a process remembers what it signed though the database was put back to an older signed state', async () => {
  await using fixture = await openAuditFixture()
  const deps = fixture.sequenceDeps()
  await fixture.append(10)
  await fixture.sequence(deps)
  await fixture.append(10)
  await fixture.sequence(deps)
  await fixture.intrude(
    'delete from entry where leaf_index >= 10',
    'delete from log_checkpoint where size > 10',
    'update log_tile set hashes = substring(hashes for 320)',
  )
  await expect(fixture.sequence(deps)).rejects.toThrow(/10 entries, 20 were signed/)
  expect(await fixture.sequence(), 'control: another process cannot know').toMatchObject({ size: 10 })
})

test('the lag is the age of the oldest entry that no checkpoint covers', async () => {
  await using fixture = await openAuditFixture()
  const lagAt = (now: Date) => fixture.database.transaction(tenantId, (tx) => sequencerLagSeconds(tx, now))
  const inTwoMinutes = new Date(systemClock.now().getTime() + 120_000)
  expect(await lagAt(inTwoMinutes)).toBe(0)
  await fixture.append(3)
  expect(await lagAt(inTwoMinutes)).toBeGreaterThan(115)
  const dying = { ...fixture.log.signer, sign: () => Promise.reject(new Error('died')) }
  await expect(sequenceLog(fixture.sequenceDeps(), { ...fixture.log, signer: dying }, neverAborted)).rejects.toThrow(
    'died',
  )
  expect(await lagAt(inTwoMinutes), 'a leaf without a signature still waits').toBeGreaterThan(115)
  await fixture.sequence()
  expect(await lagAt(inTwoMinutes)).toBe(0)
})
