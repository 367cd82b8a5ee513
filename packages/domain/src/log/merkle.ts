/**
 * The Merkle tree of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1), with SHA-256.
 *
 * Promise: no proof is accepted that transparency-dev/merkle refuses; the shared vectors are in `testdata/`.
 * Limit: sizes up to 2^53 - 1, because a `number` counts exactly so far. Hence no bit operators: they cut at 32 bits.
 * The hash comes from outside, because Node and browsers offer different ones.
 */
import { MayflyError } from '../problem.ts'
import { equalBytes } from './bytes.ts'

export type Sha256 = (data: Uint8Array) => Uint8Array

export const hashSizeBytes = 32

/** A perfect subtree: the leaves from `index * 2^level` up to, not including, `(index + 1) * 2^level`. */
export interface NodeId {
  readonly level: number
  readonly index: number
}

/** The leaves from `begin` up to, not including, `end`. */
export interface LeafRange {
  readonly begin: number
  readonly end: number
}

export type NodeReader = (nodes: readonly NodeId[]) => Promise<readonly Uint8Array[]>

export function leafHash(sha256: Sha256, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + data.length)
  bytes.set(data, 1)
  return sha256(bytes)
}

export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length)
  bytes[0] = 1
  bytes.set(left, 1)
  bytes.set(right, 1 + left.length)
  return sha256(bytes)
}

export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0))
}

/**
 * Adds one hash to a compact range, in place: the perfect subtrees, largest first, that cover `size` leaves.
 *
 * @param size how many leaves the range covers before the call
 */
export function extendRange(sha256: Sha256, range: Uint8Array[], size: number, hash: Uint8Array): void {
  let node = hash
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    const left = range.pop()
    if (left === undefined) throw new MayflyError('internal', { log: 'compact range shorter than its size says' })
    node = nodeHash(sha256, left, node)
  }
  range.push(node)
}

/** The root over perfect subtrees, largest first; `undefined` over none. */
export function foldRange(sha256: Sha256, range: readonly Uint8Array[]): Uint8Array | undefined {
  return range.reduceRight<Uint8Array | undefined>(
    (right, left) => (right === undefined ? left : nodeHash(sha256, left, right)),
    undefined,
  )
}

/** MTH over leaf hashes (RFC 6962 section 2.1). */
export function merkleRoot(sha256: Sha256, leafHashes: readonly Uint8Array[]): Uint8Array {
  const range: Uint8Array[] = []
  leafHashes.forEach((hash, size) => extendRange(sha256, range, size, hash))
  return foldRange(sha256, range) ?? emptyRoot(sha256)
}

/** The perfect subtrees that make up a range that occurs in a proof, largest first. */
export function nodesOfRange(range: LeafRange): NodeId[] {
  const nodes: NodeId[] = []
  let begin = range.begin
  while (begin < range.end) {
    let level = 0
    let width = 1
    while (width * 2 <= range.end - begin) {
      width *= 2
      level += 1
    }
    nodes.push({ level, index: begin / width })
    begin += width
  }
  return nodes
}

/** Whose roots make up the inclusion proof of one leaf, in the order of the proof (RFC 6962 section 2.1.1). */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw refuse(`leaf ${index} is not in a tree of ${size}`)
  }
  const ranges: LeafRange[] = []
  let begin = 0
  let end = size
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin)
    if (index < middle) {
      ranges.push({ begin: middle, end })
      end = middle
    } else {
      ranges.push({ begin, end: middle })
      begin = middle
    }
  }
  return ranges.toReversed()
}

/** Whose roots make up the proof that the tree of `size1` is the start of that of `size2` (RFC 6962 section 2.1.2). */
export function consistencyRanges(size1: number, size2: number): LeafRange[] {
  if (!isCount(size1) || !isCount(size2) || size1 === 0 || size1 > size2) {
    throw refuse(`there is no consistency proof from ${size1} to ${size2}`)
  }
  const ranges: LeafRange[] = []
  let begin = 0
  let end = size2
  while (end !== size1) {
    const middle = begin + splitPoint(end - begin)
    if (size1 <= middle) {
      ranges.push({ begin: middle, end })
      end = middle
    } else {
      ranges.push({ begin, end: middle })
      begin = middle
    }
  }
  // The verifier holds the old root already, so it is left out where it is the whole left edge.
  if (begin !== 0) ranges.push({ begin, end })
  return ranges.toReversed()
}

/** Reads all nodes at once, then hashes them together: one proof costs one read. */
export async function buildProof(
  sha256: Sha256,
  ranges: readonly LeafRange[],
  readNodes: NodeReader,
): Promise<Uint8Array[]> {
  const wanted = ranges.map(nodesOfRange)
  const hashes = await readNodes(wanted.flat())
  let at = 0
  return wanted.map((nodes) => {
    const root = foldRange(sha256, hashes.slice(at, (at += nodes.length)))
    if (root === undefined || at > hashes.length) throw new MayflyError('internal', { log: 'too few nodes were read' })
    return root
  })
}

export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Checks that a leaf is in the tree (RFC 9162 section 2.1.3.2). Returns when it is.
 *
 * Does NOT check who signed the root.
 *
 * @throws MayflyError `audit_verification_failed`
 */
export function verifyInclusion(sha256: Sha256, claim: InclusionClaim): void {
  const { index, size, proof } = claim
  if (!isCount(index) || !isCount(size) || index >= size) throw refuse(`leaf ${index} is not in a tree of ${size}`)
  requireHashes([claim.leafHash, claim.root, ...proof])
  let first = index
  let last = size - 1
  let hash = claim.leafHash
  for (const sibling of proof) {
    if (last === 0) throw refuse('the inclusion proof is too long')
    if (first % 2 === 1 || first === last) {
      hash = nodeHash(sha256, sibling, hash)
      while (first % 2 === 0 && first !== 0) {
        first /= 2
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(sha256, hash, sibling)
    }
    first = Math.floor(first / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) throw refuse('the inclusion proof is too short')
  if (!equalBytes(hash, claim.root)) throw refuse(`leaf ${index} does not lead to the root of the tree of ${size}`)
}

export interface ConsistencyClaim {
  readonly size1: number
  readonly size2: number
  readonly root1: Uint8Array
  readonly root2: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Checks that the smaller tree is the start of the larger (RFC 9162 section 2.1.4.2). Returns when it is.
 *
 * From the empty tree there is no proof: everything continues it, so `size1` 0 is refused rather than believed.
 *
 * @throws MayflyError `audit_verification_failed`
 */
export function verifyConsistency(sha256: Sha256, claim: ConsistencyClaim): void {
  const { size1, size2, root1, root2 } = claim
  if (!isCount(size1) || !isCount(size2) || size1 === 0 || size1 > size2) {
    throw refuse(`there is no consistency proof from ${size1} to ${size2}`)
  }
  requireHashes([root1, root2, ...claim.proof])
  if (size1 === size2) {
    if (claim.proof.length > 0) throw refuse('the consistency proof between equal sizes is not empty')
    if (!equalBytes(root1, root2)) throw refuse(`two trees of ${size1} have different roots`)
    return
  }
  let first = size1 - 1
  let last = size2 - 1
  while (first % 2 === 1) {
    first = Math.floor(first / 2)
    last = Math.floor(last / 2)
  }
  const [start, ...rest] = first === 0 ? [root1, ...claim.proof] : claim.proof
  if (start === undefined) throw refuse('the consistency proof is empty')
  let hash1 = start
  let hash2 = start
  for (const sibling of rest) {
    if (last === 0) throw refuse('the consistency proof is too long')
    if (first % 2 === 1 || first === last) {
      hash1 = nodeHash(sha256, sibling, hash1)
      hash2 = nodeHash(sha256, sibling, hash2)
      while (first % 2 === 0 && first !== 0) {
        first /= 2
        last = Math.floor(last / 2)
      }
    } else {
      hash2 = nodeHash(sha256, hash2, sibling)
    }
    first = Math.floor(first / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) throw refuse('the consistency proof is too short')
  if (!equalBytes(hash1, root1)) throw refuse(`the tree of ${size2} does not continue the one of ${size1}`)
  if (!equalBytes(hash2, root2)) throw refuse(`the consistency proof does not lead to the root of ${size2}`)
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** The largest power of two below `width`. */
function splitPoint(width: number): number {
  let split = 1
  while (split * 2 < width) split *= 2
  return split
}

function requireHashes(hashes: readonly Uint8Array[]): void {
  if (hashes.some((hash) => hash.length !== hashSizeBytes)) throw refuse('a hash is not 32 bytes long')
}

function refuse(publicDetail: string): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail })
}
