import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeBase64, encodeUtf8 } from './bytes.ts'
import {
  buildProof,
  consistencyRanges,
  inclusionRanges,
  leafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'
import { sha256 } from './testdata/node-crypto.ts'
import { nodesFromTiles } from './tile-nodes.ts'
import { tilePath, tilesOfTree } from './tile.ts'
import { appendLeaf, edgeRoot, edgeTileIds, emptyEdge, partialTiles, restoreEdge, type TreeEdge } from './tree-edge.ts'

const leafHashes = Array.from({ length: 70_000 }, (_, index) => leafHash(sha256, encodeUtf8(`leaf ${index}`)))

/** Every tile that a log writes while it grows to `size`, by path. */
function grow(size: number): { edge: TreeEdge; tiles: Map<string, Uint8Array> } {
  const edge = emptyEdge()
  const tiles = new Map<string, Uint8Array>()
  for (const hash of leafHashes.slice(0, size)) {
    for (const tile of appendLeaf(sha256, edge, hash)) tiles.set(tilePath(tile), tile.bytes)
  }
  for (const tile of partialTiles(edge)) tiles.set(tilePath(tile), tile.bytes)
  return { edge, tiles }
}

test.each([0, 1, 255, 256, 257, 511, 512, 65_536, 65_537])(
  'a tree of %i has the root and the tiles of the specification',
  (size) => {
    const { edge, tiles } = grow(size)
    expect(encodeBase64(edgeRoot(sha256, edge))).toBe(encodeBase64(merkleRoot(sha256, leafHashes.slice(0, size))))
    expect([...tiles.keys()].toSorted()).toEqual([...tilesOfTree(size)].map(tilePath).toSorted())
    for (const tile of tilesOfTree(size)) expect(tiles.get(tilePath(tile))).toHaveLength(tile.width * 32)
  },
)

test('an edge that was put down and taken up again grows the same tree', () => {
  const size = fc.integer({ min: 0, max: 3_000 })
  fc.assert(
    fc.property(size, fc.integer({ min: 0, max: 600 }), (before, more) => {
      const { edge, tiles } = grow(before)
      const restored = restoreEdge(
        sha256,
        before,
        edgeTileIds(before).map((tile) => tiles.get(tilePath(tile)) ?? new Uint8Array(0)),
      )
      for (const hash of leafHashes.slice(before, before + more)) {
        const a = appendLeaf(sha256, edge, hash)
        const b = appendLeaf(sha256, restored, hash)
        expect(b).toEqual(a)
      }
      expect(encodeBase64(edgeRoot(sha256, restored))).toBe(encodeBase64(edgeRoot(sha256, edge)))
    }),
    { numRuns: 10 },
  )
})

test('an edge is not restored from tiles that are too narrow', () => {
  expect(() => restoreEdge(sha256, 3, [new Uint8Array(64)])).toThrow(/narrower/)
  expect(() => restoreEdge(sha256, 3, [])).toThrow(/narrower/)
})

test('proofs built from tiles verify', async () => {
  const size = 70_000
  const { edge, tiles } = grow(size)
  const root = edgeRoot(sha256, edge)
  const readNodes = nodesFromTiles(sha256, size, async (wanted) =>
    wanted.map((tile) => tiles.get(tilePath(tile)) ?? new Uint8Array(0)),
  )
  for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
    const proof = await buildProof(sha256, inclusionRanges(index, size), readNodes)
    expect(() =>
      verifyInclusion(sha256, { index, size, root, proof, leafHash: leafHashes[index] ?? root }),
    ).not.toThrow()
  }
  for (const size1 of [1, 256, 257, 65_536, 66_000, 69_999, 70_000]) {
    const proof = await buildProof(sha256, consistencyRanges(size1, size), readNodes)
    const root1 = merkleRoot(sha256, leafHashes.slice(0, size1))
    expect(() => verifyConsistency(sha256, { size1, size2: size, root1, root2: root, proof })).not.toThrow()
  }
})

test('a missing tile is named', async () => {
  const readNodes = nodesFromTiles(sha256, 300, async (wanted) => wanted.map(() => new Uint8Array(0)))
  await expect(buildProof(sha256, inclusionRanges(0, 300), readNodes)).rejects.toThrow(/tile\/0\/000/)
})
