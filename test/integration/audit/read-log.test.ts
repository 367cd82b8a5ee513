import {
  decodeUtf8,
  encodeUtf8,
  type EntryId,
  leafHash,
  newId,
  parseLogProof,
  verifyConsistency,
  verifyLogProof,
} from '@mayfly/domain'
import { expect, test } from 'vitest'
import { appendAudit } from '../../../packages/server/src/application/audit/append-audit.ts'
import { buildConsistencyProof, findEntryProof } from '../../../packages/server/src/application/audit/read-log.ts'
import { sha256 } from '../../../packages/server/src/application/audit/sha256.ts'
import { openAuditFixture, someEntry } from './audit-fixture.ts'
import { origin, tenantId } from './tenant-log.ts'

test('every entry has an evidence file that verifies offline', async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(600)
  await fixture.sequence()
  const entries = await fixture.database.transaction(tenantId, (tx) =>
    tx.query.selectFrom('entry').select(['entry_id', 'data', 'leaf_index']).execute(),
  )
  for (const { entry_id, data, leaf_index } of entries.filter((_, at) => at % 37 === 0)) {
    const text = await fixture.database.transaction(tenantId, (tx) => findEntryProof(tx, entry_id))
    const proof = parseLogProof(encodeUtf8(text ?? ''))
    expect(proof.index).toBe(leaf_index)
    const expected = { origin, verifiers: fixture.log.verifiers, leafHash: leafHash(sha256, data) }
    expect(verifyLogProof(sha256, proof, expected).size).toBe(600)
    const other = { ...expected, leafHash: leafHash(sha256, encodeUtf8('{}')) }
    expect(() => verifyLogProof(sha256, proof, other)).toThrow(/does not lead/)
  }
})

test('an entry has its evidence once it is under a signed checkpoint, an unknown one never', async () => {
  await using fixture = await openAuditFixture()
  const { entryId } = await fixture.database.transaction(tenantId, (tx) => appendAudit(tx, someEntry()))
  const proof = (id: EntryId) => fixture.database.transaction(tenantId, (tx) => findEntryProof(tx, id))
  expect(await proof(entryId)).toBeUndefined()
  await fixture.sequence()
  expect(await proof(entryId)).toContain('index 0\n')
  await expect(proof(newId<EntryId>())).rejects.toThrow(/resource_not_found/)
})

test('consistency proofs between checkpoints verify', async () => {
  await using fixture = await openAuditFixture()
  const checkpoints = []
  for (const more of [1, 255, 1, 300, 43]) {
    await fixture.append(more)
    await fixture.sequence()
    checkpoints.push(await fixture.checkpoint())
  }
  const last = checkpoints.at(-1)
  for (const { size, root } of checkpoints) {
    const proof = await fixture.database.transaction(tenantId, (tx) => buildConsistencyProof(tx, size, 600))
    const claim = { size1: size, size2: 600, root1: root, root2: last?.root ?? root, proof }
    expect(() => verifyConsistency(sha256, claim)).not.toThrow()
  }
  for (const [size1, size2] of [
    [0, 600],
    [601, 601],
    [5, 4],
    [1, 601],
    [1.5, 3],
  ] as const) {
    const refused = fixture.database.transaction(tenantId, (tx) => buildConsistencyProof(tx, size1, size2))
    await expect(refused).rejects.toThrow(/request_invalid/)
  }
})

test('only what a signed checkpoint covers is served, under its one path', async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(300)
  await fixture.sequence()
  await fixture.append(10)
  expect(decodeUtf8((await fixture.read('checkpoint')) ?? new Uint8Array())).toContain(`${origin}\n300\n`)
  expect(await fixture.read('tile/0/000')).toHaveLength(8_192)
  expect(await fixture.read('tile/0/000.p/10'), 'an older partial tile').toHaveLength(320)
  expect(await fixture.read('tile/0/001.p/44')).toHaveLength(44 * 32)
  expect(await fixture.read('tile/1/000.p/1')).toHaveLength(32)
  for (const path of ['tile/0/001.p/45', 'tile/0/001', 'tile/entries/001.p/45', 'tile/1/000.p/2', 'tile/0/002.p/1']) {
    expect(await fixture.read(path)).toBeUndefined()
  }
  for (const path of ['', 'Checkpoint', 'tile/0/0', 'tile/0/000.p/256', '../checkpoint', 'tile/63/000', 'keys.txt']) {
    expect(await fixture.read(path)).toBeUndefined()
  }
})
