/**
 * The sequencer: gives committed entries their place in the log and signs what the log is.
 *
 * Promise: leaf indexes have no gap; a checkpoint is signed only after its tree is durable, only when it continues the
 * last one, and never while holding a transaction (law 10). Any number of sequencers may run: one works at a time, and
 * two that sign the same size sign the same root. It may die at any point: the next one goes on from what is committed.
 * Limit: whoever owns the database can put it back to an older state that was once signed. A process that lives through
 * it remembers; beyond that only a checkpoint kept elsewhere tells (docs/formats/log.md, "What the log cannot do").
 */
import {
  appendLeaf,
  type Checkpoint,
  type Clock,
  edgeRoot,
  edgeTileIds,
  encodeUtf8,
  equalBytes,
  formatCheckpoint,
  type HashTile,
  MayflyError,
  type NoteSigner,
  type NoteVerifier,
  openCheckpoint,
  partialTiles,
  restoreEdge,
  signNote,
  type TenantId,
  type TreeEdge,
} from '@mayfly/domain'
import type { Database, Tx } from '../../store/database.ts'
import {
  assignLeafIndexes,
  countLeaves,
  findLatestCheckpoint,
  findOldestUncovered,
  insertCheckpoint,
  listUnsequenced,
  readTiles,
  tryLockLog,
  writeTiles,
} from '../../store/log-rows.ts'
import { sha256 } from './sha256.ts'

/** Within this time an entry is in a signed checkpoint; a promise that is not kept by then is proof of tampering. */
export const maxMergeDelaySeconds = 5
/** Nothing is minted while the log lags by more. */
export const maxSequencerLagSeconds = 60

const defaultBatchSize = 5_000
const signEveryMs = 1_000

export interface SequenceDeps {
  readonly database: Database
  readonly clock: Clock
  /** The last checkpoint that this process signed, by tenant: kept in memory, out of reach of the database's owner. */
  readonly remembered: Map<TenantId, Checkpoint>
  /** Entries in one transaction; default 5,000. */
  readonly batchSize?: number
}

/** One tenant's log and its keys. The signer's name is the log's origin. */
export interface TenantLog {
  readonly tenantId: TenantId
  readonly signer: NoteSigner
  /** The log's present and former keys: the last checkpoint must be signed by one of them. */
  readonly verifiers: readonly NoteVerifier[]
}

export type SequenceResult =
  /** Everything that was committed is under a signed checkpoint of this size. */
  | { readonly outcome: 'current'; readonly size: number; readonly sequenced: number }
  /** Another sequencer is at work. */
  | { readonly outcome: 'busy' }

/**
 * Sequences all that is committed and signs; call it about once a second.
 *
 * @throws MayflyError `audit_verification_failed`: the database does not continue what was signed; nothing is signed any
 *   more, so that minting stops within a minute
 */
export async function sequenceLog(deps: SequenceDeps, log: TenantLog, signal: AbortSignal): Promise<SequenceResult> {
  const batchSize = deps.batchSize ?? defaultBatchSize
  let sequenced = 0
  let signedAtMs = deps.clock.now().getTime()
  for (;;) {
    signal.throwIfAborted()
    const count = await deps.database.transaction(log.tenantId, (tx) => integrate(deps, log, tx, batchSize))
    if (count === undefined) return { outcome: 'busy' }
    sequenced += count
    const drained = count < batchSize
    if (drained || deps.clock.now().getTime() - signedAtMs >= signEveryMs) {
      const { size } = await signLog(deps, log)
      signedAtMs = deps.clock.now().getTime()
      if (drained) return { outcome: 'current', size, sequenced }
    }
  }
}

/** Seconds that the oldest entry has waited for a signed checkpoint; 0 where none waits. */
export async function sequencerLagSeconds(tx: Tx, now: Date): Promise<number> {
  return lagSecondsOf(await findOldestUncovered(tx), now)
}

/** The same of what was read along with something else. */
export function lagSecondsOf(oldest: Date | undefined, now: Date): number {
  return oldest === undefined ? 0 : Math.max(0, (now.getTime() - oldest.getTime()) / 1_000)
}

/** One batch: indexes and tiles in one transaction. Returns how many, or nothing where another holds the lock. */
async function integrate(deps: SequenceDeps, log: TenantLog, tx: Tx, batchSize: number): Promise<number | undefined> {
  if (!(await tryLockLog(tx))) return undefined
  const batch = await listUnsequenced(tx, batchSize)
  if (batch.length === 0) return 0
  const { edge } = await openTree(deps, log, tx)
  const first = edge.size
  // The stored hash, not the data: an entry whose data was changed since then no longer fits its leaf, and is found.
  const full = batch.flatMap(({ leaf_hash }) => appendLeaf(sha256, edge, leaf_hash))
  const tiles: HashTile[] = [...full, ...partialTiles(edge)]
  const assigned = await assignLeafIndexes(
    tx,
    first,
    batch.map(({ entry_id }) => entry_id),
  )
  if (assigned !== batch.length) throw broken(`${batch.length - assigned} entries could not be given a leaf index`)
  if ((await writeTiles(tx, tiles)) !== tiles.length) throw broken('a tile does not continue the one that is stored')
  return batch.length
}

async function signLog(deps: SequenceDeps, log: TenantLog): Promise<Checkpoint> {
  const { edge, signedSize } = await deps.database.transaction(log.tenantId, (tx) => openTree(deps, log, tx))
  const tree: Checkpoint = { origin: log.signer.name, size: edge.size, root: edgeRoot(sha256, edge) }
  if (signedSize !== tree.size) {
    const note = await signNote(formatCheckpoint(tree), [log.signer])
    const signedAt = deps.clock.now()
    // Another sequencer may have signed this size too: the same tree, so the same root.
    await deps.database.transaction(log.tenantId, (tx) => insertCheckpoint(tx, { ...tree, note, signedAt }))
  }
  deps.remembered.set(log.tenantId, tree)
  return tree
}

/**
 * The tree as it is stored, after making sure that it continues what was signed last: the checkpoint in the database,
 * which must bear our signature, and the one that this process remembers.
 */
async function openTree(
  deps: SequenceDeps,
  log: TenantLog,
  tx: Tx,
): Promise<{ edge: TreeEdge; signedSize: number | undefined }> {
  // The checkpoint first: counted before it, the leaves could be fewer than another sequencer signed in between.
  const row = await findLatestCheckpoint(tx)
  const size = await countLeaves(tx)
  const stored = row && openCheckpoint(encodeUtf8(row.note), log.signer.name, log.verifiers)
  if (row && stored && (row.size !== stored.size || !equalBytes(row.root, stored.root))) {
    throw broken('the last checkpoint does not say what was signed')
  }
  const edge = await readEdge(tx, size)
  for (const signed of [stored, deps.remembered.get(log.tenantId)]) {
    if (signed === undefined) continue
    if (signed.size > size) throw broken(`the log has ${size} entries, ${signed.size} were signed`)
    const before = signed.size === size ? edge : await readEdge(tx, signed.size)
    if (!equalBytes(edgeRoot(sha256, before), signed.root)) {
      throw broken(`the log does not continue its checkpoint of size ${signed.size}`)
    }
  }
  return { edge, signedSize: row?.size }
}

async function readEdge(tx: Tx, size: number): Promise<TreeEdge> {
  return restoreEdge(sha256, size, await readTiles(tx, edgeTileIds(size)))
}

function broken(publicDetail: string): MayflyError {
  return new MayflyError('audit_verification_failed', {
    publicDetail,
    hint: 'stop the server, keep the database as it is, and run `mayfly audit verify` against a checkpoint kept elsewhere',
  })
}
