import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, decodeBase64, encodeBase64, encodeUtf8 } from './bytes.ts'
import {
  buildProof,
  consistencyRanges,
  inclusionRanges,
  leafHash,
  merkleRoot,
  type NodeId,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'
import { sha256 } from './testdata/node-crypto.ts'

interface Vectors {
  inclusion: {
    name: string
    leafIdx: number
    treeSize: number
    root: string
    leafHash: string
    proof: string[] | null
    wantErr: boolean
  }[]
  consistency: {
    name: string
    size1: number
    size2: number
    root1: string
    root2: string
    proof: string[] | null
    wantErr: boolean
  }[]
}

const vectors = JSON.parse(readFileSync(new URL('testdata/merkle-vectors.json', import.meta.url), 'utf8')) as Vectors
// Some vectors hold deliberate rubbish where a hash should be: Node's lenient reading hands it on to the check.
const bytes = (text: string) => new Uint8Array(Buffer.from(text ?? '', 'base64'))
const hashes = (proof: string[] | null) => (proof ?? []).map(bytes)

function accepts(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

test('there are 196 vectors, right and wrong ones', () => {
  const all = [...vectors.inclusion, ...vectors.consistency]
  expect(all).toHaveLength(196)
  expect(all.filter(({ wantErr }) => !wantErr).length).toBeGreaterThan(10)
})

test.each(vectors.inclusion)('$name is judged as transparency-dev/merkle does', (vector) => {
  const accepted = accepts(() =>
    verifyInclusion(sha256, {
      index: vector.leafIdx,
      size: vector.treeSize,
      leafHash: bytes(vector.leafHash),
      root: bytes(vector.root),
      proof: hashes(vector.proof),
    }),
  )
  expect(accepted).toBe(!vector.wantErr)
})

test.each(vectors.consistency)('$name is judged as transparency-dev/merkle does', (vector) => {
  const accepted = accepts(() =>
    verifyConsistency(sha256, {
      size1: vector.size1,
      size2: vector.size2,
      root1: bytes(vector.root1),
      root2: bytes(vector.root2),
      proof: hashes(vector.proof),
    }),
  )
  // One vector compares two texts in the place of roots; here a root is 32 bytes or refused.
  const wholeRoots = bytes(vector.root1).length === 32 && bytes(vector.root2).length === 32
  expect(accepted).toBe(!vector.wantErr && wholeRoots)
})

/** MTH word for word as in RFC 6962 section 2.1, slow: the measure for the fast one. */
function rootBySpecification(data: readonly Uint8Array[]): Uint8Array {
  if (data.length === 0) return sha256(new Uint8Array(0))
  if (data.length === 1) return sha256(concatBytes(Uint8Array.of(0), data[0] ?? new Uint8Array(0)))
  let split = 1
  while (split * 2 < data.length) split *= 2
  return sha256(
    concatBytes(Uint8Array.of(1), rootBySpecification(data.slice(0, split)), rootBySpecification(data.slice(split))),
  )
}

const leaves = Array.from({ length: 300 }, (_, index) => encodeUtf8(`leaf ${index}`))
const leafHashes = leaves.map((leaf) => leafHash(sha256, leaf))
const roots = leafHashes.map((_, size) => merkleRoot(sha256, leafHashes.slice(0, size)))
const rootAt = (size: number) => roots[size] ?? merkleRoot(sha256, leafHashes.slice(0, size))
const readNodes = async (nodes: readonly NodeId[]) =>
  nodes.map(({ level, index }) => merkleRoot(sha256, leafHashes.slice(index * 2 ** level, (index + 1) * 2 ** level)))

test('the root is that of the specification at every size', () => {
  for (let size = 0; size <= 140; size += 1) {
    expect(encodeBase64(rootAt(size))).toBe(encodeBase64(rootBySpecification(leaves.slice(0, size))))
  }
})

const sizes = fc.integer({ min: 1, max: leaves.length })

test('every inclusion proof verifies, and fails for another leaf, index, size or hash', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, at, which) => {
      const index = at % size
      const proof = await buildProof(sha256, inclusionRanges(index, size), readNodes)
      const claim = { index, size, leafHash: leafHashes[index] ?? rootAt(0), root: rootAt(size), proof }
      verifyInclusion(sha256, claim)
      const wrong = [
        { ...claim, leafHash: leafHashes[(index + 1) % leaves.length] ?? rootAt(0) },
        { ...claim, index: index + 1 },
        { ...claim, size: size + 1 + (which % 3) },
        { ...claim, root: rootAt(size - 1) },
        { ...claim, proof: [...proof, rootAt(1)] },
        ...(proof.length === 0 ? [] : [{ ...claim, proof: proof.toSpliced(which % proof.length, 1) }]),
        ...(proof.length === 0 ? [] : [{ ...claim, proof: proof.with(which % proof.length, rootAt(300)) }]),
      ]
      for (const other of wrong.filter((claimed) => !acceptedByChance(claimed, size))) {
        expect(() => verifyInclusion(sha256, other)).toThrow(/audit_verification_failed/)
      }
    }),
  )
})

// Neither size nor index is hashed: the same path can be right in a slightly larger tree with the same root only if
// the shape along it is the same. The signed checkpoint, not the proof, says the size.
function acceptedByChance(claim: { size: number; index: number }, size: number): boolean {
  return claim.size !== size && sameShape(claim.index, size, claim.size)
}

function sameShape(index: number, size: number, other: number): boolean {
  const turns = (of: number) => inclusionRanges(index, of).map(({ begin }) => begin > index)
  return JSON.stringify(turns(size)) === JSON.stringify(turns(other))
}

test('every consistency proof verifies, and fails for another history', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, sizes, async (one, other) => {
      const [size1, size2] = one < other ? [one, other] : [other, one]
      const proof = await buildProof(sha256, consistencyRanges(size1, size2), readNodes)
      const claim = { size1, size2, root1: rootAt(size1), root2: rootAt(size2), proof }
      verifyConsistency(sha256, claim)
      expect(() => verifyConsistency(sha256, { ...claim, root1: rootAt(size1 - 1) })).toThrow(
        /audit_verification_failed/,
      )
      expect(() => verifyConsistency(sha256, { ...claim, root2: rootAt(0) })).toThrow(/audit_verification_failed/)
      expect(() => verifyConsistency(sha256, { ...claim, proof: [...proof, rootAt(1)] })).toThrow(/too long|not empty/)
    }),
  )
})

test('sizes above 2^32 are counted exactly', async () => {
  const size = 2 ** 40 + 3
  const proof = await buildProof(sha256, inclusionRanges(2 ** 40 + 1, size), async (nodes) =>
    nodes.map((node) => sha256(encodeUtf8(JSON.stringify(node)))),
  )
  expect(proof).toHaveLength(3)
  expect(inclusionRanges(2 ** 33, 2 ** 40).at(-1)).toEqual({ begin: 2 ** 39, end: 2 ** 40 })
})

test("the tree of Tessera's test log has the root that Tessera published", () => {
  const words = 'one two three four five six seven eit nain ten ileven twelf threeten fourten fivten'.split(' ')
  const root = merkleRoot(
    sha256,
    words.map((word) => leafHash(sha256, encodeUtf8(word))),
  )
  expect(encodeBase64(root)).toBe('rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=')
  expect(encodeBase64(merkleRoot(sha256, []))).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
  expect(decodeBase64('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')).toHaveLength(32)
})
