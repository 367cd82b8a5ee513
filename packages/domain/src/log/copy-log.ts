/** Copies a log as it is served into another place, e.g. an export directory (docs/formats/export.md). */
import { MayflyError } from '../problem.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import type { NoteVerifier } from './note.ts'
import { tilePath, tilesOfTree } from './tile.ts'
import type { LogReader } from './verify-log.ts'

/** Keeps a resource under its path. */
export type LogWriter = (path: string, bytes: Uint8Array) => Promise<void>

const atOnce = 16

/** The paths of all that a log of `size` consists of, without the checkpoint. */
export function* logPaths(size: number): Generator<string> {
  for (const tile of tilesOfTree(size)) {
    yield tilePath(tile)
    if (tile.level === 0) yield tilePath({ ...tile, level: 'entries' })
  }
}

/**
 * Copies everything that the present checkpoint covers, the checkpoint last: a copy that was broken off has none.
 *
 * Does NOT verify what it copies, but for the signature: `verifyLog` over the copy does.
 *
 * @throws MayflyError `audit_verification_failed`: a resource is missing, or the checkpoint is not the log's
 */
export async function copyLog(
  read: LogReader,
  write: LogWriter,
  expected: { origin: string; verifiers: readonly NoteVerifier[] },
  signal: AbortSignal,
): Promise<Checkpoint> {
  const note = await fetchPath(read, 'checkpoint')
  const checkpoint = openCheckpoint(note, expected.origin, expected.verifiers)
  const paths = logPaths(checkpoint.size)
  for (let group = take(paths); group.length > 0; group = take(paths)) {
    signal.throwIfAborted()
    await Promise.all(group.map(async (path) => write(path, await fetchPath(read, path))))
  }
  await write('checkpoint', note)
  return checkpoint
}

async function fetchPath(read: LogReader, path: string): Promise<Uint8Array> {
  const bytes = await read(path)
  if (bytes === undefined) {
    throw new MayflyError('audit_verification_failed', { publicDetail: `\`${path}\` cannot be read` })
  }
  return bytes
}

function take(paths: Generator<string>): string[] {
  const taken: string[] = []
  for (let next = paths.next(); !next.done; next = paths.next()) {
    taken.push(next.value)
    if (taken.length === atOnce) break
  }
  return taken
}
