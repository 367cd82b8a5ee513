import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeUtf8 } from './bytes.ts'
import { encodeEntryBundle, findTileByPath, parseEntryBundle, tilePath, tilesOfTree } from './tile.ts'

test('the paths are those of the specification', () => {
  expect(tilePath({ level: 0, index: 1234067, width: 256 })).toBe('tile/0/x001/x234/067')
  expect(tilePath({ level: 'entries', index: 0, width: 17 })).toBe('tile/entries/000.p/17')
  expect(tilePath({ level: 2, index: 1000, width: 1 })).toBe('tile/2/x001/000.p/1')
})

test('a path is read as the tile that it was written for', () => {
  const tile = fc.record({
    level: fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
    index: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    width: fc.integer({ min: 1, max: 256 }),
  })
  fc.assert(
    fc.property(tile, (one) => {
      expect(findTileByPath(tilePath(one))).toEqual(one)
    }),
  )
})

test.each([
  'tile/0/x000/001',
  'tile/0/1',
  'tile/0/0001',
  'tile/00/000',
  'tile/64/000',
  'tile/-1/000',
  'tile/0/000.p/0',
  'tile/0/000.p/256',
  'tile/0/000.p/01',
  'tile/0/x001/x234/067/',
  'tile/0/x001',
  'tile/0/../000',
  '/tile/0/000',
  'tile/entry/000',
  'tile/0/x999/x999/x999/x999/x999/x999/999',
])('%s is no tile', (path) => {
  expect(findTileByPath(path)).toBeUndefined()
})

test('a tree of 70,000 has the tiles that the specification counts', () => {
  const tiles = [...tilesOfTree(70_000)]
  const count = (level: number, full: boolean) =>
    tiles.filter((tile) => tile.level === level && (tile.width === 256) === full).length
  expect([count(0, true), count(0, false), count(1, true), count(1, false), count(2, false)]).toEqual([273, 1, 1, 1, 1])
  expect(tiles.filter(({ width }) => width < 256).map(({ width }) => width)).toEqual([112, 17, 1])
  expect([...tilesOfTree(256)]).toEqual([
    { level: 0, index: 0, width: 256 },
    { level: 1, index: 0, width: 1 },
  ])
})

test('a bundle is read as the entries that it was written from', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
  fc.assert(
    fc.property(entries, (some) => {
      const read = parseEntryBundle(encodeEntryBundle(some), some.length)
      expect(read.map((entry) => [...entry])).toEqual(some.map((entry) => [...entry]))
    }),
  )
})

test('a bundle that is cut, too short, too long or too large is refused', () => {
  const bundle = encodeEntryBundle([encodeUtf8('one'), encodeUtf8('two')])
  expect(parseEntryBundle(bundle, 2), 'control').toHaveLength(2)
  expect(() => parseEntryBundle(bundle.subarray(0, -1), 2)).toThrow(/within an entry/)
  expect(() => parseEntryBundle(bundle.subarray(0, 6), 2)).toThrow(/within a length/)
  expect(() => parseEntryBundle(bundle, 3)).toThrow(/2 entries, not 3/)
  expect(() => parseEntryBundle(bundle, 1)).toThrow(/2 entries, not 1/)
  expect(encodeEntryBundle([new Uint8Array(65_535)])).toHaveLength(65_537)
  expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(/does not fit/)
})
