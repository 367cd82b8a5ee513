/**
 * The right edge of a growing tree: all that appending needs to know, at most 255 hashes a level.
 *
 * The sequencer appends with it, the verifier derives the tree again with it: both write the same tiles.
 */
import { MayflyError } from '../problem.ts'
import { concatBytes } from './bytes.ts'
import { emptyRoot, extendRange, foldRange, nodeHash } from './merkle.ts'
import type { Sha256 } from './merkle.ts'
import { levelLength, splitHashes, tileWidth } from './tile.ts'
import type { TileId } from './tile.ts'

export interface HashTile extends TileId {
  readonly level: number
  readonly bytes: Uint8Array
}

interface EdgeLevel {
  /** The hashes of the partial tile. */
  hashes: Uint8Array[]
  /** The same hashes as a compact range, kept so that each hash is combined once only. */
  range: Uint8Array[]
}

export interface TreeEdge {
  size: number
  readonly levels: EdgeLevel[]
}

export function emptyEdge(): TreeEdge {
  return { size: 0, levels: [] }
}

/** Which partial tiles the edge of a tree consists of, lowest level first. */
export function edgeTileIds(size: number): (TileId & { level: number })[] {
  const tiles: (TileId & { level: number })[] = []
  for (let level = 0; levelLength(size, level) > 0; level += 1) {
    const length = levelLength(size, level)
    const width = length % tileWidth
    if (width > 0) tiles.push({ level, index: (length - width) / tileWidth, width })
  }
  return tiles
}

/**
 * @param tiles the bytes of the tiles that `edgeTileIds` names, in the same order
 * @throws MayflyError `audit_verification_failed`: a tile is too short
 */
export function restoreEdge(sha256: Sha256, size: number, tiles: readonly Uint8Array[]): TreeEdge {
  const edge: TreeEdge = { size, levels: [] }
  for (const [at, tile] of edgeTileIds(size).entries()) {
    const hashes = splitHashes(tiles[at] ?? new Uint8Array(0)).slice(0, tile.width)
    if (hashes.length !== tile.width) {
      throw new MayflyError('audit_verification_failed', { publicDetail: 'a tile is narrower than the tree needs' })
    }
    for (const hash of hashes) pushHash(sha256, levelOf(edge, tile.level), hash)
  }
  return edge
}

/** Appends one leaf and returns the tiles that became full by it, mostly none. */
export function appendLeaf(sha256: Sha256, edge: TreeEdge, hash: Uint8Array): HashTile[] {
  const full: HashTile[] = []
  edge.size += 1
  let carried: Uint8Array | undefined = hash
  for (let level = 0; carried !== undefined; level += 1) {
    const at = levelOf(edge, level)
    pushHash(sha256, at, carried)
    if (at.hashes.length < tileWidth) break
    full.push({
      level,
      index: levelLength(edge.size, level) / tileWidth - 1,
      width: tileWidth,
      bytes: concatBytes(...at.hashes),
    })
    // 256 hashes make one perfect subtree: its root is the next hash of the level above.
    carried = foldRange(sha256, at.range)
    at.hashes = []
    at.range = []
  }
  return full
}

/** The tiles that are not full yet, lowest level first. */
export function partialTiles(edge: TreeEdge): HashTile[] {
  return edgeTileIds(edge.size).map((tile) => ({
    ...tile,
    bytes: concatBytes(...levelOf(edge, tile.level).hashes),
  }))
}

export function edgeRoot(sha256: Sha256, edge: TreeEdge): Uint8Array {
  let root: Uint8Array | undefined
  for (const { range } of edge.levels) {
    // Lower levels lie further right: everything so far is the right side of the next larger subtree.
    for (const left of range.toReversed()) root = root === undefined ? left : nodeHash(sha256, left, root)
  }
  return root ?? emptyRoot(sha256)
}

function levelOf(edge: TreeEdge, level: number): EdgeLevel {
  while (edge.levels.length <= level) edge.levels.push({ hashes: [], range: [] })
  const found = edge.levels[level]
  if (found === undefined) throw new MayflyError('internal', { log: `tree edge has no level ${level}` })
  return found
}

function pushHash(sha256: Sha256, level: EdgeLevel, hash: Uint8Array): void {
  extendRange(sha256, level.range, level.hashes.length, hash)
  level.hashes.push(hash)
}
