/**
 * `.tlog-proof` (C2SP tlog-proof): one entry's place in the log, to be checked without the log.
 *
 * Promise: whoever has the entry's bytes, this text and the log's key can check it on paper and offline.
 * Limit: the extra data is not authenticated by anything; here it is carried, never believed.
 */
import { MayflyError } from '../problem.ts'
import { decodeBase64, decodeUtf8, encodeBase64, encodeUtf8 } from './bytes.ts'
import { openCheckpoint } from './checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { hashSizeBytes, isCount, verifyInclusion } from './merkle.ts'
import type { Sha256 } from './merkle.ts'
import type { NoteVerifier } from './note.ts'

export interface LogProof {
  readonly extra?: Uint8Array
  readonly index: number
  /** From the leaf's sibling up to the root's child. */
  readonly hashes: readonly Uint8Array[]
  /** The signed note, as the log served it. */
  readonly checkpoint: string
}

const headLine = 'c2sp.org/tlog-proof@v1'
const indexLine = /^index (0|[1-9][0-9]{0,15})$/
// A tree of 2^53 leaves has proofs of 53 hashes; 63 is what witnesses accept.
const maxProofHashes = 63

export function formatLogProof(proof: LogProof): string {
  const extra = proof.extra === undefined ? '' : `extra ${encodeBase64(proof.extra)}\n`
  const hashes = proof.hashes.map((hash) => `${encodeBase64(hash)}\n`).join('')
  return `${headLine}\n${extra}index ${proof.index}\n${hashes}\n${proof.checkpoint}`
}

/**
 * Takes a proof apart. Does NOT check it: see `verifyLogProof`.
 *
 * @throws MayflyError `audit_verification_failed`
 */
export function parseLogProof(bytes: Uint8Array): LogProof {
  const text = decodeUtf8(bytes)
  const split = text.indexOf('\n\n')
  if (split < 0) throw refuse('the proof has no checkpoint')
  const [head, ...lines] = text.slice(0, split).split('\n')
  if (head !== headLine) throw refuse(`the proof does not start with \`${headLine}\``)
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64((lines.shift() ?? '').slice('extra '.length)) : undefined
  const [, index] = indexLine.exec(lines.shift() ?? '') ?? []
  if (index === undefined || !isCount(Number(index))) throw refuse('the proof has no usable line `index`')
  if (lines.length > maxProofHashes) throw refuse(`the proof has more than ${maxProofHashes} hashes`)
  const hashes = lines.map(decodeBase64)
  if (hashes.some((hash) => hash.length !== hashSizeBytes)) throw refuse('a hash of the proof is not 32 bytes long')
  return { ...(extra && { extra }), index: Number(index), hashes, checkpoint: text.slice(split + 2) }
}

/**
 * Checks a proof against the hash of the entry that it is for.
 *
 * @returns the checkpoint that the entry is in
 * @throws MayflyError `audit_verification_failed`
 */
export function verifyLogProof(
  sha256: Sha256,
  proof: LogProof,
  expected: { leafHash: Uint8Array; origin: string; verifiers: readonly NoteVerifier[] },
): Checkpoint {
  const checkpoint = openCheckpoint(encodeUtf8(proof.checkpoint), expected.origin, expected.verifiers)
  verifyInclusion(sha256, {
    index: proof.index,
    size: checkpoint.size,
    leafHash: expected.leafHash,
    root: checkpoint.root,
    proof: proof.hashes,
  })
  return checkpoint
}

function refuse(publicDetail: string): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail })
}
