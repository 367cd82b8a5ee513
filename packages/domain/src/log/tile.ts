/**
 * Tiles (C2SP tlog-tiles): the tree cut into rows of up to 256 hashes, and the entries into bundles of as many.
 *
 * Promise: a full tile never changes; a partial one is named by its width, so neither does it.
 */
import { MayflyError } from '../problem.ts'
import { concatBytes } from './bytes.ts'
import { hashSizeBytes, isCount } from './merkle.ts'

export const tileWidth = 256
export const maxEntrySizeBytes = 0xffff

export interface TileId {
  /** 0 holds leaf hashes; `n + 1` holds the roots of full tiles of `n`; `entries` the entries themselves. */
  readonly level: number | 'entries'
  readonly index: number
  /** 1 to 256; 256 is a full tile. */
  readonly width: number
}

const pathShape = /^tile\/(entries|0|[1-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/** `tile/0/x001/x234/067` or, 17 wide, `tile/0/x001/x234/067.p/17`. */
export function tilePath(tile: TileId): string {
  const groups: string[] = []
  let rest = tile.index
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'))
    rest = Math.floor(rest / 1000)
  } while (rest > 0)
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${tile.level}/${path}${tile.width === tileWidth ? '' : `.p/${tile.width}`}`
}

/** @returns the tile, or nothing where the path is not one that `tilePath` writes */
export function findTileByPath(path: string): TileId | undefined {
  const match = pathShape.exec(path)
  const [, level, groups, width] = match ?? []
  if (level === undefined || groups === undefined) return undefined
  const tile: TileId = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replace(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  }
  // Refuses x000/001 for 001, .p/256 and an index that a number cannot hold: one tile has one path.
  return isCount(tile.index) && tilePath(tile) === path ? tile : undefined
}

/** How many whole hashes a level has in a tree of `size`. */
export function levelLength(size: number, level: number): number {
  return Math.floor(size / tileWidth ** level)
}

/** How wide a tile is in a tree of `size`; 0 where it does not exist. */
export function tileWidthAt(size: number, level: number, index: number): number {
  return Math.min(tileWidth, Math.max(0, levelLength(size, level) - index * tileWidth))
}

/** The tiles of hashes of a tree of `size`, partial ones included, level by level. */
export function* tilesOfTree(size: number): Generator<TileId & { level: number }> {
  for (let level = 0; levelLength(size, level) > 0; level += 1) {
    for (let index = 0; tileWidthAt(size, level, index) > 0; index += 1) {
      yield { level, index, width: tileWidthAt(size, level, index) }
    }
  }
}

export function splitHashes(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % hashSizeBytes !== 0) throw refuse('a tile is not a whole number of hashes')
  return Array.from({ length: bytes.length / hashSizeBytes }, (_, at) =>
    bytes.subarray(at * hashSizeBytes, (at + 1) * hashSizeBytes),
  )
}

/** Each entry after its length, two bytes, big end first. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (entry.length > maxEntrySizeBytes) {
        throw new MayflyError('internal', { log: `an entry of ${entry.length} bytes does not fit into a bundle` })
      }
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]
    }),
  )
}

/**
 * @param width how many entries there must be, no more and no fewer
 * @throws MayflyError `audit_verification_failed`
 */
export function parseEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const [high, low] = bytes.subarray(at, at + 2)
    if (high === undefined || low === undefined) throw refuse('an entry bundle ends within a length')
    const end = at + 2 + high * 256 + low
    if (end > bytes.length) throw refuse('an entry bundle ends within an entry')
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  if (entries.length !== width) throw refuse(`an entry bundle holds ${entries.length} entries, not ${width}`)
  return entries
}

function refuse(publicDetail: string): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail })
}
