/** The log as it is served: the resources of C2SP tlog-tiles by path, and proofs. */
import {
  buildProof,
  consistencyRanges,
  encodeEntryBundle,
  type EntryId,
  encodeUtf8,
  findTileByPath,
  formatLogProof,
  inclusionRanges,
  MayflyError,
  nodesFromTiles,
  tileWidth,
} from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { findLeafOf, readEntryData } from '../../store/entry-rows.ts'
import { findLatestCheckpoint, readTiles } from '../../store/log-rows.ts'
import { sha256 } from './sha256.ts'

/**
 * Reads `checkpoint`, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
 *
 * Only what a signed checkpoint covers: what is not signed yet could still come to nothing.
 *
 * @returns nothing where the path is no resource of the log, or not yet
 */
export async function findLogResource(tx: Tx, path: string): Promise<Uint8Array | undefined> {
  const checkpoint = await findLatestCheckpoint(tx)
  if (checkpoint === undefined) return undefined
  if (path === 'checkpoint') return encodeUtf8(checkpoint.note)
  const tile = findTileByPath(path)
  if (tile === undefined) return undefined
  const { level, index, width } = tile
  const span = level === 'entries' ? 1 : tileWidth ** level
  if ((index * tileWidth + width) * span > checkpoint.size) return undefined
  if (level === 'entries') {
    const entries = await readEntryData(tx, index * tileWidth, width)
    return entries.length === width ? encodeEntryBundle(entries) : undefined
  }
  const [hashes] = await readTiles(tx, [{ level, index, width }])
  return hashes?.length === width * 32 ? hashes : undefined
}

/**
 * The evidence file of one entry: its inclusion proof under the latest checkpoint (C2SP tlog-proof).
 *
 * @returns nothing where no signed checkpoint covers the entry yet; within the maximum merge delay one does
 * @throws MayflyError `resource_not_found`: there is no such entry
 */
export async function findEntryProof(tx: Tx, entryId: EntryId): Promise<string | undefined> {
  // The leaf first: a checkpoint that is read later can only be newer.
  const leaf = await findLeafOf(tx, entryId)
  if (leaf === undefined) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no entry \`${entryId}\`` })
  }
  const checkpoint = await findLatestCheckpoint(tx)
  if (leaf.leafIndex === null || checkpoint === undefined || leaf.leafIndex >= checkpoint.size) return undefined
  const readNodes = nodesFromTiles(sha256, checkpoint.size, (tiles) => readTiles(tx, tiles))
  const hashes = await buildProof(sha256, inclusionRanges(leaf.leafIndex, checkpoint.size), readNodes)
  return formatLogProof({ index: leaf.leafIndex, hashes, checkpoint: checkpoint.note })
}

/**
 * The proof that the log of `size1` is the start of that of `size2` (RFC 9162 section 2.1.4).
 *
 * @throws MayflyError `request_invalid`: the sizes are not in the log, or the wrong way round
 */
export async function buildConsistencyProof(tx: Tx, size1: number, size2: number): Promise<readonly Uint8Array[]> {
  const size = (await findLatestCheckpoint(tx))?.size ?? 0
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2) || size1 < 1 || size1 > size2 || size2 > size) {
    throw new MayflyError('request_invalid', {
      publicDetail: `there is no consistency proof from \`${size1}\` to \`${size2}\``,
      hint: `the sizes must be at least 1, in order, and at most ${size}`,
    })
  }
  const readNodes = nodesFromTiles(sha256, size2, (tiles) => readTiles(tx, tiles))
  return buildProof(sha256, consistencyRanges(size1, size2), readNodes)
}
