/** A migrated database with one tenant, the keys of its log, and a superuser to play the intruder. */
import { generateKeyPairSync } from 'node:crypto'
import {
  type AttestationId,
  type Checkpoint,
  encodeUtf8,
  type JsonObject,
  type LogReader,
  newId,
  type IdentityId,
  openCheckpoint,
  type PersonId,
  systemClock,
} from '@mayfly/domain'
import { appendAudits } from '../../../packages/server/src/application/audit/append-audit.ts'
import type { AuditEntry } from '../../../packages/server/src/application/audit/audit-entry.ts'
import { findLogResource } from '../../../packages/server/src/application/audit/read-log.ts'
import {
  type SequenceDeps,
  sequenceLog,
  type SequenceResult,
  type TenantLog,
} from '../../../packages/server/src/application/audit/sequence-log.ts'
import { type Database, openDatabase } from '../../../packages/server/src/store/database.ts'
import { neverAborted, origin, tenantId, tenantLog } from './tenant-log.ts'
import { createTestDatabase, withClient } from '../../support/index.ts'

export interface AuditFixture extends AsyncDisposable {
  readonly url: string
  readonly database: Database
  readonly log: TenantLog
  /** As it is read over the API. */
  readonly read: LogReader
  /** The private key as JWK text, for a sequencer in another process. */
  readonly privateJwk: string
  /** A sequencer's dependencies; each call is another process as far as memory goes. */
  sequenceDeps(): SequenceDeps
  append(count: number, body?: JsonObject): Promise<void>
  sequence(deps?: SequenceDeps): Promise<SequenceResult>
  checkpoint(): Promise<Checkpoint>
  /** Runs statements as a superuser whom neither row security nor triggers stop. */
  intrude(...statements: string[]): Promise<void>
}

export async function openAuditFixture(): Promise<AuditFixture> {
  const store = await createTestDatabase()
  const database = openDatabase({ url: store.url, poolSize: 12 })
  await database.outsideTenants((query) =>
    query
      .insertInto('tenant')
      .values({ tenant_id: tenantId, name: 'default' })
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  )
  const { privateKey } = generateKeyPairSync('ed25519')
  const log = tenantLog(privateKey)
  const sequenceDeps = (): SequenceDeps => ({ database, clock: systemClock, remembered: new Map() })
  const read: LogReader = (path) => database.transaction(tenantId, (tx) => findLogResource(tx, path))
  return {
    url: store.url,
    database,
    log,
    read,
    privateJwk: JSON.stringify(privateKey.export({ format: 'jwk' })),
    sequenceDeps,
    async append(count, body = {}) {
      const entries = Array.from({ length: count }, (_, at) => someEntry({ ...body, at }))
      await database.transaction(tenantId, (tx) => appendAudits(tx, entries))
    },
    sequence: (deps = sequenceDeps()) => sequenceLog(deps, log, neverAborted),
    async checkpoint() {
      const note = (await read('checkpoint')) ?? encodeUtf8('')
      return openCheckpoint(note, origin, log.verifiers)
    },
    intrude: (...statements) =>
      withClient(store.superuserUrl, async (client) => {
        await client.query('set search_path = mayfly')
        await client.query('set session_replication_role = replica')
        for (const statement of statements) await client.query(statement)
      }),
    async [Symbol.asyncDispose]() {
      await database.close()
      await store.drop()
    },
  }
}

export function someEntry(body: JsonObject = {}): AuditEntry {
  return {
    action: 'identity.registered',
    at: new Date(),
    actor: { kind: 'person', personId: newId<PersonId>(), roles: [], attestationId: newId<AttestationId>() },
    identityId: newId<IdentityId>(),
    body,
  }
}
