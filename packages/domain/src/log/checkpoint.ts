/** Checkpoints (C2SP tlog-checkpoint): a signed note that says how large the log is and what its root is. */
import { MayflyError } from '../problem.ts'
import { decodeBase64, encodeBase64 } from './bytes.ts'
import { hashSizeBytes, isCount } from './merkle.ts'
import { openNote } from './note.ts'
import type { NoteVerifier } from './note.ts'

export interface Checkpoint {
  /** Names the log: a URL without a scheme, the same as the name of its key. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

const sizeShape = /^(?:0|[1-9][0-9]{0,15})$/

/** The text of the note, without signatures. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  if (!isCount(checkpoint.size) || checkpoint.root.length !== hashSizeBytes) {
    throw new MayflyError('internal', { log: `a checkpoint of size ${checkpoint.size} cannot be written` })
  }
  return `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`
}

/**
 * Reads the text of a note. Extension lines are allowed and ignored: they are not part of what the tree proves.
 *
 * @throws MayflyError `audit_verification_failed`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, ...rest] = text.split('\n')
  if (!origin || size === undefined || root === undefined || rest.pop() !== '' || rest.includes('')) {
    throw refuse('a checkpoint is not three lines or more')
  }
  if (!sizeShape.test(size) || !isCount(Number(size))) throw refuse('the size of a checkpoint is not a whole number')
  const hash = decodeBase64(root)
  if (hash.length !== hashSizeBytes) throw refuse('the root of a checkpoint is not 32 bytes long')
  return { origin, size: Number(size), root: hash }
}

/**
 * Checks the signatures of a checkpoint and reads it.
 *
 * Promise: it is signed by a key with the origin's own name, so that one log's key never speaks for another log.
 * Does NOT compare it with what was seen before: see `verifyConsistency`.
 *
 * @throws MayflyError `audit_verification_failed`
 */
export function openCheckpoint(bytes: Uint8Array, origin: string, verifiers: readonly NoteVerifier[]): Checkpoint {
  const note = openNote(bytes, verifiers)
  const checkpoint = parseCheckpoint(note.text)
  if (checkpoint.origin !== origin) throw refuse(`the checkpoint is of the log \`${checkpoint.origin}\``)
  if (!note.signatures.some(({ name }) => name === origin)) throw refuse('the checkpoint is not signed by its log')
  return checkpoint
}

function refuse(publicDetail: string): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail })
}
