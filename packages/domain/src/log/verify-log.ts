/**
 * Checks a whole log from its entries up.
 *
 * Promise: every leaf is hashed again from its entry, every tile compared, the root derived and held against the signed
 * checkpoint, which must continue the remembered one. Nothing is believed but the log's key and what the caller brings.
 * Limit: without a remembered checkpoint a log that was cut and signed again looks whole; without promises an entry that
 * never got in is not missed.
 */
import { MayflyError } from '../problem.ts'
import { encodeBase64, equalBytes } from './bytes.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { type LogEntry, parseLogEntry } from './entry.ts'
import { leafHash, type Sha256 } from './merkle.ts'
import type { NoteVerifier } from './note.ts'
import type { MergePromise } from './promise.ts'
import { parseEntryBundle, splitHashes, tilePath, tileWidth, tileWidthAt } from './tile.ts'
import { appendLeaf, edgeRoot, emptyEdge, partialTiles, type TreeEdge } from './tree-edge.ts'

/** Reads a resource of C2SP tlog-tiles by its path, e.g. `checkpoint` or `tile/0/000.p/17`; nothing where it is not. */
export type LogReader = (path: string) => Promise<Uint8Array | undefined>

export interface LogExpectation {
  readonly origin: string
  readonly verifiers: readonly NoteVerifier[]
  /** Where given, every entry must be of this tenant. */
  readonly tenantId?: string
  /** A checkpoint of this log from before, opened with `openCheckpoint`, kept out of the operator's reach. */
  readonly remembered?: Checkpoint
  /** Opened with `openPromise`. */
  readonly promises?: readonly MergePromise[]
  /** What the caller's clock says before the call: promises due by then must be kept. */
  readonly now: Date
  /** Called for each entry that is well formed, in the order of the log. */
  readonly onEntry?: (entry: LogEntry, index: number) => void
  /** Called now and then with the number of entries checked. */
  readonly onProgress?: (checked: number, total: number) => void
}

export type LogFindingKind =
  | 'checkpoint_unusable'
  | 'log_truncated'
  | 'history_rewritten'
  | 'entry_changed'
  | 'entry_malformed'
  | 'entries_missing'
  | 'tile_missing'
  | 'tile_changed'
  | 'root_differs'
  | 'promise_broken'

export interface LogFinding {
  readonly kind: LogFindingKind
  readonly detail: string
  /** The leaf index, where it is about one entry. */
  readonly index?: number
}

export interface LogReport {
  readonly checkpoint?: Checkpoint
  readonly entriesChecked: number
  /** The first thousand; empty means that the log verifies. */
  readonly findings: readonly LogFinding[]
  readonly findingCount: number
  /** Promises that are not kept yet and whose time is not over, or that could not be judged. */
  readonly promisesPending: number
}

const maxFindings = 1_000
/** Bundles read while others are checked: enough to hide the way to the server, few enough to bound memory: at most 16 MB each. */
const readAhead = 8

interface Run {
  readonly sha256: Sha256
  readonly read: LogReader
  readonly expected: LogExpectation
  readonly checkpoint: Checkpoint
  readonly edge: TreeEdge
  /** By leaf hash; what stays here at the end is not in the log. */
  readonly due: Map<string, MergePromise>
  readonly find: (kind: LogFindingKind, detail: string, index?: number) => void
  checked: number
}

export async function verifyLog(sha256: Sha256, read: LogReader, expected: LogExpectation): Promise<LogReport> {
  const findings: LogFinding[] = []
  let findingCount = 0
  const find: Run['find'] = (kind, detail, index) => {
    findingCount += 1
    if (findings.length < maxFindings) findings.push({ kind, detail, ...(index !== undefined && { index }) })
  }
  const checkpoint = await readCheckpoint(read, expected, find)
  if (checkpoint === undefined) return { entriesChecked: 0, findings, findingCount, promisesPending: 0 }
  const due = new Map((expected.promises ?? []).map((promise) => [encodeBase64(promise.leafHash), promise]))
  const run: Run = { sha256, read, expected, checkpoint, edge: emptyEdge(), due, find, checked: 0 }
  const tiles = Math.ceil(checkpoint.size / tileWidth)
  let derived = true
  let ahead = readGroup(run, 0, tiles)
  for (let first = 0; first < tiles && derived; first += readAhead) {
    const group = await ahead
    ahead = readGroup(run, first + readAhead, tiles)
    // Awaited in the next round; if this round throws, what was read ahead no longer matters, failed or not.
    ahead.catch(() => undefined)
    for (const [at, leaves] of group.entries()) {
      derived = derived && (await checkLeaves(run, first + at, leaves))
    }
    expected.onProgress?.(run.checked, checkpoint.size)
  }
  if (derived) await checkTree(run)
  // Of a tree that could not be derived to its end nobody can say what is not in it.
  const promisesPending = derived ? checkPromises(run) : due.size
  return { checkpoint, entriesChecked: run.checked, findings, findingCount, promisesPending }
}

async function readCheckpoint(
  read: LogReader,
  { origin, verifiers, remembered }: LogExpectation,
  find: Run['find'],
): Promise<Checkpoint | undefined> {
  const bytes = await read('checkpoint')
  if (bytes === undefined) {
    find('checkpoint_unusable', 'there is no checkpoint')
    return undefined
  }
  const checkpoint = attempt(
    () => openCheckpoint(bytes, origin, verifiers),
    (detail) => find('checkpoint_unusable', detail),
  )
  if (checkpoint && remembered && remembered.size > checkpoint.size) {
    find('log_truncated', `the log has ${checkpoint.size} entries, ${remembered.size} are remembered`)
  }
  return checkpoint
}

interface Leaves {
  readonly entries: readonly Uint8Array[] | undefined
  readonly hashes: readonly Uint8Array[] | undefined
}

function readGroup(run: Run, first: number, tiles: number): Promise<Leaves[]> {
  const length = Math.max(0, Math.min(readAhead, tiles - first))
  return Promise.all(Array.from({ length }, (_, at) => readLeaves(run, first + at)))
}

async function readLeaves({ read, checkpoint, find }: Run, index: number): Promise<Leaves> {
  const width = tileWidthAt(checkpoint.size, 0, index)
  const bundlePath = tilePath({ level: 'entries', index, width })
  const path = tilePath({ level: 0, index, width })
  const [bundle, tile] = await Promise.all([read(bundlePath), read(path)])
  const entries =
    bundle &&
    attempt(
      () => parseEntryBundle(bundle, width),
      (detail) => find('entries_missing', `${bundlePath}: ${detail}`),
    )
  if (!bundle) find('entries_missing', `\`${bundlePath}\` cannot be read`)
  if (tile?.length !== width * 32) find('tile_missing', `\`${path}\` cannot be read`)
  return { entries, hashes: tile?.length === width * 32 ? splitHashes(tile) : undefined }
}

/** Returns false where neither entries nor hashes are left, so that the tree cannot be derived any further. */
async function checkLeaves(run: Run, tileIndex: number, { entries, hashes }: Leaves): Promise<boolean> {
  const first = tileIndex * tileWidth
  const derived = entries?.map((entry, at) => checkEntry(run, first + at, entry, hashes?.[at]))
  // Where an entry was changed, its tile still leads to the root: this tells a changed entry from a changed tree.
  const leaves = hashes ?? derived
  if (leaves === undefined) return false
  for (const hash of leaves) {
    if (run.due.size > 0) run.due.delete(encodeBase64(hash))
    for (const tile of appendLeaf(run.sha256, run.edge, hash)) {
      if (tile.level > 0) await compareTile(run, tilePath(tile), tile.bytes)
    }
    compareRemembered(run)
  }
  return true
}

function checkEntry(run: Run, index: number, bytes: Uint8Array, inTile: Uint8Array | undefined): Uint8Array {
  const hash = leafHash(run.sha256, bytes)
  run.checked += 1
  const entry = attempt(
    () => parseLogEntry(bytes),
    (detail) => run.find('entry_malformed', `entry ${index}: ${detail}`, index),
  )
  if (inTile && !equalBytes(hash, inTile)) {
    run.find('entry_changed', `entry ${index}${entry ? ` (\`${entry.id}\`)` : ''} does not fit its leaf`, index)
  }
  if (entry && run.expected.tenantId !== undefined && entry.tenant !== run.expected.tenantId) {
    run.find('entry_malformed', `entry ${index} is of another tenant`, index)
  }
  if (entry) run.expected.onEntry?.(entry, index)
  return hash
}

function compareRemembered({ sha256, edge, expected, find }: Run): void {
  const { remembered } = expected
  if (remembered?.size === edge.size && !equalBytes(edgeRoot(sha256, edge), remembered.root)) {
    find('history_rewritten', `the first ${edge.size} entries are not those of the remembered checkpoint`)
  }
}

async function checkTree(run: Run): Promise<void> {
  for (const tile of partialTiles(run.edge)) {
    if (tile.level > 0) await compareTile(run, tilePath(tile), tile.bytes)
  }
  if (!equalBytes(edgeRoot(run.sha256, run.edge), run.checkpoint.root)) {
    run.find('root_differs', `the entries do not lead to the signed root of ${run.checkpoint.size} entries`)
  }
}

async function compareTile({ read, find }: Run, path: string, derived: Uint8Array): Promise<void> {
  const stored = await read(path)
  if (stored === undefined) find('tile_missing', `\`${path}\` cannot be read`)
  else if (!equalBytes(stored, derived)) find('tile_changed', `\`${path}\` is not what the tiles below it make`)
}

function checkPromises({ due, expected, find }: Run): number {
  const broken = [...due.values()].filter(({ mergeBy }) => mergeBy < expected.now)
  for (const promise of broken) {
    find(
      'promise_broken',
      `entry \`${promise.entryId}\` was promised by ${promise.mergeBy.toISOString()} and is not there`,
    )
  }
  return due.size - broken.length
}

/** Runs a strict reader; what it refuses becomes a finding, anything else goes on up. */
function attempt<T>(work: () => T, refused: (detail: string) => void): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== 'audit_verification_failed') throw error
    refused(error.options.publicDetail ?? 'malformed')
    return undefined
  }
}
