/** How many entries a second are appended, durably, in the transactions of their changes; and sequenced afterwards. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AttestationId,
  type CredentialId,
  defaultTenantId,
  type IdentityId,
  newId,
  noteVerifier,
  systemClock,
  verifierKey,
} from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { startEmbeddedPostgres } from '../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { appendAudits } from '../packages/server/src/application/audit/append-audit.ts'
import { type AuditEntry, entryRowOf } from '../packages/server/src/application/audit/audit-entry.ts'
import { ed25519PublicBytes, ed25519Sign, verifyEd25519 } from '../packages/server/src/application/audit/ed25519.ts'
import { sequenceLog } from '../packages/server/src/application/audit/sequence-log.ts'
import { sha256 } from '../packages/server/src/application/audit/sha256.ts'
import { connectionOptions } from '../packages/server/src/store/connection-options.ts'
import { type Database, openDatabase } from '../packages/server/src/store/database.ts'
import { insertEntriesQuery } from '../packages/server/src/store/entry-rows.ts'
import { migrate } from '../packages/server/src/store/migrate.ts'
import { type Bench, rateResult, rounded } from './bench.ts'
import { measureRawInsert } from './limits/audit-append.ts'

const rounds = 5
const batchesInRound = 100
const rowsInBatch = 100
const inFlight = 8
const tenantId = defaultTenantId

export const auditAppend: Bench = {
  name: 'audit-append',
  about: `appending entries, ${rowsInBatch} a transaction, ${inFlight} in flight, against raw inserts of the same rows`,
  async run(say) {
    const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
    // Open to the user that PostgreSQL runs as where this runs as root; its data directory is closed in itself.
    await chmod(directory, 0o711)
    const password = new Secret(randomBytes(24).toString('base64url'))
    const server = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), superuserPassword: password })
    try {
      const { url } = await migrate(server.connectionUrl(server.superuser, password, 'postgres'))
      const database = openDatabase({ url, poolSize: inFlight })
      await database.outsideTenants((query) =>
        query
          .insertInto('tenant')
          .values({ tenant_id: tenantId, name: 'default' })
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      )
      const [ours, limit]: [number[], number[]] = [[], []]
      for (let round = 0; round < rounds; round += 1) {
        ours.push(await measureAppend(database))
        limit.push(await measureRawInsert(connectionOptions(url, 0), tenantId, rawBatches(), rowsInBatch, inFlight))
        say(`round ${round + 1} of ${rounds}`)
      }
      const sequenced = await measureSequencing(database)
      await database.close()
      const also = { 'sequenced per second': rounded(sequenced) }
      return [rateResult('audit-append', 'entries/s', ours, limit, 'raw multi-row inserts of the same rows', also)]
    } finally {
      await server.stop('fast')
      await rm(directory, { recursive: true })
    }
  },
}

async function measureAppend(database: Database): Promise<number> {
  const waiting = Array.from({ length: batchesInRound }, batch).values()
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const entries of waiting) await database.transaction(tenantId, (tx) => appendAudits(tx, entries))
    }),
  )
  return (batchesInRound * rowsInBatch * 1_000) / (performance.now() - startMs)
}

async function measureSequencing(database: Database): Promise<number> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = verifierKey(sha256, 'mayfly.example/log/bench', ed25519PublicBytes(privateKey))
  const log = {
    tenantId,
    signer: { name: key.name, keyId: key.keyId, sign: ed25519Sign(privateKey) },
    verifiers: [noteVerifier(key, verifyEd25519)],
  }
  const startMs = performance.now()
  const deps = { database, clock: systemClock, remembered: new Map() }
  const result = await sequenceLog(deps, log, new AbortController().signal)
  const count = result.outcome === 'current' ? result.sequenced : 0
  return (count * 1_000) / (performance.now() - startMs)
}

function rawBatches() {
  return Array.from({ length: batchesInRound }, () =>
    insertEntriesQuery(batch().map((entry) => entryRowOf(tenantId, entry))),
  )
}

function batch(): AuditEntry[] {
  return Array.from({ length: rowsInBatch }, () => ({
    action: 'credential.issued',
    at: new Date(),
    actor: { kind: 'identity', identityId: newId<IdentityId>(), attestationId: newId<AttestationId>() },
    identityId: newId<IdentityId>(),
    credentialId: newId<CredentialId>(),
    rows: [{ table: 'credential', id: newId(), version: 2, digest: 'rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=' }],
    body: { role: 'orders-db/readonly', ttl_seconds: 900 },
  }))
}
