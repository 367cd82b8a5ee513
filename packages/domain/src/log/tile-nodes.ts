/** Reads nodes of the tree out of tiles: any proof costs one read of at most two tiles a level. */
import { MayflyError } from '../problem.ts'
import { merkleRoot } from './merkle.ts'
import type { NodeId, NodeReader, Sha256 } from './merkle.ts'
import { splitHashes, tilePath, tileWidthAt } from './tile.ts'
import type { TileId } from './tile.ts'

export type TileReader = (tiles: readonly (TileId & { level: number })[]) => Promise<readonly Uint8Array[]>

const tileHeight = 8

/**
 * @param size of the tree whose tiles are read: it says how wide they must be
 * @throws MayflyError `audit_verification_failed`: a tile is missing or narrower than the tree needs
 */
export function nodesFromTiles(sha256: Sha256, size: number, readTiles: TileReader): NodeReader {
  return async (nodes) => {
    const wanted = new Map(nodes.map((node) => tileOf(node, size)).map((tile) => [tilePath(tile), tile]))
    const read = await readTiles([...wanted.values()])
    const hashesOf = new Map([...wanted.keys()].map((path, at) => [path, splitHashes(read[at] ?? new Uint8Array(0))]))
    return nodes.map((node) => {
      const span = 2 ** (node.level % tileHeight)
      const first = (node.index * span) % 256
      const hashes = hashesOf.get(tilePath(tileOf(node, size)))?.slice(first, first + span) ?? []
      if (hashes.length !== span) {
        throw new MayflyError('audit_verification_failed', {
          publicDetail: `tile \`${tilePath(tileOf(node, size))}\` is missing or too short`,
        })
      }
      return merkleRoot(sha256, hashes)
    })
  }
}

function tileOf(node: NodeId, size: number): TileId & { level: number } {
  const level = Math.floor(node.level / tileHeight)
  const index = Math.floor((node.index * 2 ** (node.level % tileHeight)) / 256)
  return { level, index, width: tileWidthAt(size, level, index) }
}
