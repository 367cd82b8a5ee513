/** The SQL of the log: leaf indexes, tiles, checkpoints. */
import type { EntryId, TileId } from '@mayfly/domain'
import { CompiledQuery } from 'kysely'
import type { Tx } from './database.ts'

type HashTileId = TileId & { readonly level: number }

export interface CheckpointRow {
  readonly size: number
  readonly root: Uint8Array
  /** The signed note. */
  readonly note: string
  readonly signedAt: Date
}

// Apart from every other advisory lock of this database.
const lockClass = 0x6d666c67

/** Takes the log's lock until the transaction ends, or says that another sequencer has it. */
export async function tryLockLog(tx: Tx): Promise<boolean> {
  const [row] = await rows<{ locked: boolean }>(tx, 'select pg_try_advisory_xact_lock($1, hashtext($2)) as locked', [
    lockClass,
    tx.tenantId,
  ])
  return row?.locked === true
}

/** How many entries have a leaf index. */
export async function countLeaves(tx: Tx): Promise<number> {
  const [row] = await rows<{ size: number }>(tx, 'select coalesce(max(leaf_index) + 1, 0) as size from entry', [])
  return row?.size ?? 0
}

/** Committed entries that have no leaf index, oldest first. */
export function listUnsequenced(tx: Tx, limit: number): Promise<{ entry_id: EntryId; leaf_hash: Buffer }[]> {
  return rows(
    tx,
    'select entry_id, leaf_hash from entry where leaf_index is null order by recorded_at, entry_id limit $1',
    [limit],
  )
}

/** Gives the entries the indexes from `firstIndex` on, in their order. */
export async function assignLeafIndexes(tx: Tx, firstIndex: number, entryIds: readonly EntryId[]): Promise<number> {
  const updated = await rows(
    tx,
    `update entry set leaf_index = $1 + numbered.position - 1
       from unnest($2::uuid[]) with ordinality as numbered (entry_id, position)
      where entry.entry_id = numbered.entry_id and entry.leaf_index is null
     returning 1`,
    [firstIndex, entryIds],
  )
  return updated.length
}

/** The hashes of tiles, in the order asked for; empty bytes where there is no such tile. */
export async function readTiles(tx: Tx, tiles: readonly HashTileId[]): Promise<Uint8Array[]> {
  const found = await rows<{ position: number; hashes: Buffer }>(
    tx,
    `select wanted.position, log_tile.hashes
       from unnest($1::int[], $2::bigint[]) with ordinality as wanted (level, tile_index, position)
       join log_tile using (level, tile_index)`,
    [tiles.map(({ level }) => level), tiles.map(({ index }) => index)],
  )
  const byPosition = new Map(found.map(({ position, hashes }) => [position, hashes]))
  // A tile that has grown since still begins with what was asked for.
  return tiles.map(({ width }, at) => byPosition.get(at + 1)?.subarray(0, width * 32) ?? Buffer.alloc(0))
}

/**
 * Writes tiles that are new or have grown.
 *
 * @returns how many were written: fewer than given means that one would not have continued what is there
 */
export async function writeTiles(
  tx: Tx,
  tiles: readonly { level: number; index: number; bytes: Uint8Array }[],
): Promise<number> {
  const written = await rows(
    tx,
    `insert into log_tile (level, tile_index, hashes) select * from unnest($1::int[], $2::bigint[], $3::bytea[])
     on conflict (tenant_id, level, tile_index) do update set hashes = excluded.hashes
      where substring(excluded.hashes for octet_length(log_tile.hashes)) = log_tile.hashes
     returning 1`,
    [
      tiles.map(({ level }) => level),
      tiles.map(({ index }) => index),
      tiles.map(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    ],
  )
  return written.length
}

export async function findLatestCheckpoint(tx: Tx): Promise<CheckpointRow | undefined> {
  const [row] = await rows<CheckpointRow>(
    tx,
    'select size, root, note, signed_at as "signedAt" from log_checkpoint order by size desc limit 1',
    [],
  )
  return row
}

/** @returns false where a checkpoint of this size is there already, with whatever root */
export async function insertCheckpoint(tx: Tx, row: CheckpointRow): Promise<boolean> {
  const inserted = await rows(
    tx,
    `insert into log_checkpoint (size, root, note, signed_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, size) do nothing returning 1`,
    [row.size, Buffer.from(row.root), row.note, row.signedAt],
  )
  return inserted.length === 1
}

/** When the oldest entry was recorded that no checkpoint covers yet: an expression, for a statement that asks more. */
export const oldestUncovered = `least(
       (select recorded_at from entry where leaf_index is null order by recorded_at limit 1),
       (select recorded_at from entry
         where leaf_index >= (select coalesce(max(size), 0) from log_checkpoint) order by leaf_index limit 1))`

/** When the oldest entry was recorded that no checkpoint covers yet. */
export async function findOldestUncovered(tx: Tx): Promise<Date | undefined> {
  const [row] = await rows<{ oldest: Date | null }>(tx, `select ${oldestUncovered} as oldest`, [])
  return row?.oldest ?? undefined
}

async function rows<Row>(tx: Tx, text: string, values: readonly unknown[]): Promise<Row[]> {
  return (await tx.query.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows
}
