/** How long it takes to verify an export of a million entries: every entry parsed and hashed, every tile derived. */
import { generateKeyPairSync, hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  appendLeaf,
  defaultTenantId,
  edgeRoot,
  emptyEdge,
  encodeEntryBundle,
  encodeUtf8,
  formatCheckpoint,
  type IdentityId,
  leafHash,
  newId,
  noteVerifier,
  partialTiles,
  type PersonId,
  type AttestationId,
  signNote,
  tilePath,
  tileWidth,
  tileWidthAt,
  verifierKey,
  verifyLog,
} from '@mayfly/domain'
import { entryRowOf } from '../packages/server/src/application/audit/audit-entry.ts'
import { ed25519PublicBytes, ed25519Sign, verifyEd25519 } from '../packages/server/src/application/audit/ed25519.ts'
import { directoryReader, directoryWriter } from '../packages/server/src/application/audit/export-directory.ts'
import { sha256 } from '../packages/server/src/application/audit/sha256.ts'
import { type Bench, timeResult } from './bench.ts'
import { measureRawHashing } from './limits/audit-verify.ts'

const size = 1_000_000
const origin = 'mayfly.example/log/bench'

export const auditVerify: Bench = {
  name: 'audit-verify',
  about: `verifying a log of ${size} entries, against hashing the same bytes`,
  async run(say) {
    const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
    try {
      say('writing the log')
      const verifiers = await writeLog(directory)
      const bundles = Array.from({ length: Math.ceil(size / tileWidth) }, (_, index) =>
        join(directory, tilePath({ level: 'entries', index, width: tileWidthAt(size, 0, index) })),
      )
      const limit = [await measureRawHashing(bundles)]
      say('verifying')
      const startMs = performance.now()
      const expected = { origin, verifiers, tenantId: defaultTenantId, now: new Date() }
      const report = await verifyLog(sha256, directoryReader(directory), expected)
      const ours = (performance.now() - startMs) / 1_000
      if (report.findingCount > 0 || report.entriesChecked !== size) throw new Error(JSON.stringify(report))
      limit.push(await measureRawHashing(bundles))
      const also = { entries: size, 'entries per second': Math.round(size / ours) }
      return [timeResult('audit-verify', 's', [ours], limit, 'hashing the same leaves and nodes', also)]
    } finally {
      await rm(directory, { recursive: true })
    }
  },
}

async function writeLog(directory: string) {
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = verifierKey(sha256, origin, ed25519PublicBytes(privateKey))
  const write = directoryWriter(directory)
  const edge = emptyEdge()
  const sample = sampleEntry()
  for (let index = 0; index < size / tileWidth; index += 1) {
    const width = tileWidthAt(size, 0, index)
    const entries = Array.from({ length: width }, (_, at) => sample(index * tileWidth + at))
    await write(tilePath({ level: 'entries', index, width }), encodeEntryBundle(entries))
    for (const entry of entries) {
      for (const tile of appendLeaf(sha256, edge, leafHash(sha256, entry))) await write(tilePath(tile), tile.bytes)
    }
  }
  for (const tile of partialTiles(edge)) await write(tilePath(tile), tile.bytes)
  const text = formatCheckpoint({ origin, size, root: edgeRoot(sha256, edge) })
  const signer = { name: key.name, keyId: key.keyId, sign: ed25519Sign(privateKey) }
  await write('checkpoint', encodeUtf8(await signNote(text, [signer])))
  return [noteVerifier(key, verifyEd25519)]
}

/** An entry as issuing writes it; only its number differs, so that making a million takes seconds. */
function sampleEntry(): (number: number) => Uint8Array {
  const { data } = entryRowOf(defaultTenantId, {
    action: 'credential.issued',
    at: new Date(),
    actor: {
      kind: 'identity',
      identityId: newId<IdentityId>(),
      attestationId: newId<AttestationId>(),
    },
    identityId: newId<IdentityId>(),
    rows: [{ table: 'credential', id: newId<PersonId>(), version: 2, digest: hash('sha256', 'row', 'base64') }],
    body: { number: 1_000_000_000, role: 'orders-db/readonly', ttl_seconds: 900 },
  })
  const [before, after] = Buffer.from(data).toString('utf8').split('1000000000')
  return (number) => Buffer.from(`${before}${1_000_000_000 + number}${after}`, 'utf8')
}
