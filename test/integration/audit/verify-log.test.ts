import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Checkpoint,
  copyLog,
  encodeUtf8,
  type LogEntry,
  type LogReader,
  type LogReport,
  type MergePromise,
  openPromise,
  verifyLog,
} from '@mayfly/domain'
import { expect, test } from 'vitest'
import { appendAudit } from '../../../packages/server/src/application/audit/append-audit.ts'
import {
  ed25519PublicBytes,
  ed25519Sign,
  verifyEd25519,
} from '../../../packages/server/src/application/audit/ed25519.ts'
import { directoryReader, directoryWriter } from '../../../packages/server/src/application/audit/export-directory.ts'
import { sha256 } from '../../../packages/server/src/application/audit/sha256.ts'
import { signPromise } from '../../../packages/server/src/application/audit/sign-promise.ts'
import { makeTempDir } from '../../support/index.ts'
import { type AuditFixture, openAuditFixture, someEntry } from './audit-fixture.ts'
import { neverAborted, origin, tenantId } from './tenant-log.ts'

interface More {
  remembered?: Checkpoint
  promises?: MergePromise[]
  now?: Date
  onEntry?: (entry: LogEntry, index: number) => void
}

function verify(fixture: AuditFixture, more: More = {}, read: LogReader = fixture.read): Promise<LogReport> {
  return verifyLog(sha256, read, { origin, verifiers: fixture.log.verifiers, tenantId, now: new Date(), ...more })
}

const kinds = (report: LogReport) => report.findings.map(({ kind }) => kind)

/** A signed log of 600 entries: two full bundles and a partial one. */
async function openSignedLog(): Promise<AuditFixture> {
  const fixture = await openAuditFixture()
  await fixture.append(600)
  await fixture.sequence()
  return fixture
}

test('an untouched log verifies, entry by entry', async () => {
  await using fixture = await openSignedLog()
  const seen: number[] = []
  const report = await verify(fixture, { onEntry: (entry, index) => seen.push(index + entry.rows.length) })
  expect(report).toMatchObject({ entriesChecked: 600, findingCount: 0, checkpoint: { size: 600 } })
  expect(seen).toEqual(Array.from({ length: 600 }, (_, index) => index))
})

test('an entry that a superuser changed is found by its number', async () => {
  await using fixture = await openSignedLog()
  await fixture.intrude(
    `update entry set data = convert_to(replace(convert_from(data, 'UTF8'), 'registered', 'deregister'), 'UTF8')
      where leaf_index = 300`,
  )
  const report = await verify(fixture)
  expect(report.findings).toEqual([expect.objectContaining({ kind: 'entry_changed', index: 300 })])
})

test('an entry that a superuser changed with its leaf and its tile does not lead to the signed root', async () => {
  await using fixture = await openSignedLog()
  await fixture.intrude(
    `update entry set data = convert_to(replace(convert_from(data, 'UTF8'), 'registered', 'deregister'), 'UTF8')
      where leaf_index = 300`,
    `update entry set leaf_hash = sha256('\\x00'::bytea || data) where leaf_index = 300`,
    `update log_tile set hashes = (select string_agg(leaf_hash, ''::bytea order by leaf_index)
       from entry where leaf_index between 256 and 511) where level = 0 and tile_index = 1`,
  )
  expect(kinds(await verify(fixture))).toEqual(['tile_changed', 'root_differs'])
})

test('an entry that a superuser deleted is found', async () => {
  await using fixture = await openSignedLog()
  await fixture.intrude('delete from entry where leaf_index = 300')
  const report = await verify(fixture)
  expect(report.findings).toEqual([expect.objectContaining({ kind: 'entries_missing' })])
  expect(report.findings[0]?.detail).toContain('tile/entries/001')
})

test('entries that swapped places are found, both', async () => {
  await using fixture = await openSignedLog()
  await fixture.intrude(
    'update entry set leaf_index = 900 where leaf_index = 3',
    'update entry set leaf_index = 3 where leaf_index = 4',
    'update entry set leaf_index = 4 where leaf_index = 900',
  )
  expect((await verify(fixture)).findings.map(({ index }) => index)).toEqual([3, 4])
})

test('a log that was cut back to an older signed state is found against a remembered checkpoint', async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(10)
  await fixture.sequence()
  await fixture.append(10)
  await fixture.sequence()
  const remembered = await fixture.checkpoint()
  await fixture.intrude(
    'delete from entry where leaf_index >= 10',
    'delete from log_checkpoint where size > 10',
    'update log_tile set hashes = substring(hashes for 320)',
  )
  expect(kinds(await verify(fixture, { remembered }))).toEqual(['log_truncated'])
  expect(kinds(await verify(fixture)), 'control: without it, it looks whole').toEqual([])
})

test("a history that was written anew with the log's own key is found against a remembered checkpoint", async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(10)
  await fixture.sequence()
  const remembered = await fixture.checkpoint()
  await fixture.intrude('delete from entry', 'delete from log_checkpoint', 'delete from log_tile')
  await fixture.append(12)
  await fixture.sequence()
  expect(kinds(await verify(fixture, { remembered }))).toEqual(['history_rewritten'])
  expect(kinds(await verify(fixture)), 'control: the new history verifies by itself').toEqual([])
})

test('a log that grew honestly continues the remembered checkpoint', async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(300)
  await fixture.sequence()
  const remembered = await fixture.checkpoint()
  await fixture.append(300)
  await fixture.sequence()
  expect((await verify(fixture, { remembered })).findings).toEqual([])
})

test('a checkpoint that another key signed is not believed', async () => {
  await using fixture = await openSignedLog()
  await using stranger = await openAuditFixture()
  await stranger.append(1)
  await stranger.sequence()
  const mixed: LogReader = (path) => (path === 'checkpoint' ? stranger.read(path) : fixture.read(path))
  expect(kinds(await verify(fixture, {}, mixed))).toEqual(['checkpoint_unusable'])
})

test('a promise is kept once the entry is in the log, and broken where it never gets there', async () => {
  await using fixture = await openSignedLog()
  const { privateKey } = generateKeyPairSync('ed25519')
  const keys = [{ keyId: 'promise-1', publicKey: ed25519PublicBytes(privateKey) }]
  const receipt = await fixture.database.transaction(tenantId, (tx) => appendAudit(tx, someEntry()))
  const jws = signPromise({ origin, signer: { keyId: 'promise-1', sign: ed25519Sign(privateKey) } }, receipt)
  const promise = openPromise(verifyEd25519, keys, origin, jws)
  expect(promise.mergeBy.getTime() - promise.madeAt.getTime()).toBe(5_000)
  const later = { promises: [promise], now: new Date(Date.now() + 60_000) }

  expect((await verify(fixture, { promises: [promise] })).promisesPending, 'not due yet').toBe(1)
  expect(kinds(await verify(fixture, later)), 'due and not there').toEqual(['promise_broken'])
  await fixture.sequence()
  expect(await verify(fixture, later)).toMatchObject({ findings: [], promisesPending: 0 })
})

test('an entry that was changed before it got into the log breaks its promise', async () => {
  await using fixture = await openSignedLog()
  const receipt = await fixture.database.transaction(tenantId, (tx) => appendAudit(tx, someEntry()))
  await fixture.intrude(
    `update entry set data = convert_to(replace(convert_from(data, 'UTF8'), 'registered', 'deregister'), 'UTF8')
      where leaf_index is null`,
    `update entry set leaf_hash = sha256('\\x00'::bytea || data) where leaf_index is null`,
  )
  await fixture.sequence()
  const promise = { ...receipt, log: origin, madeAt: receipt.at, mergeBy: receipt.at }
  expect(kinds(await verify(fixture, { promises: [promise] }))).toEqual(['promise_broken'])
  expect(kinds(await verify(fixture)), 'control: without the promise nothing is seen').toEqual([])
})

test('an export verifies without the server, and a changed file in it is found', async () => {
  await using fixture = await openSignedLog()
  const directory = await makeTempDir('export', 'memory')
  const expected = { origin, verifiers: fixture.log.verifiers }
  const copied = await copyLog(fixture.read, directoryWriter(directory), expected, neverAborted)
  expect(copied.size).toBe(600)
  const read = directoryReader(directory)
  expect((await verify(fixture, { remembered: await fixture.checkpoint() }, read)).findings).toEqual([])

  const file = join(directory, 'tile/entries/000')
  const bytes = await readFile(file)
  await writeFile(file, Buffer.from(bytes.toString('latin1').replace('registered', 'deregister'), 'latin1'))
  expect((await verify(fixture, {}, read)).findings).toEqual([
    expect.objectContaining({ kind: 'entry_changed', index: 0 }),
  ])
  await writeFile(join(directory, 'checkpoint'), encodeUtf8('no note'))
  expect(kinds(await verify(fixture, {}, read))).toEqual(['checkpoint_unusable'])
})
