/**
 * Holds the rows of the database against what the entries say of them: who changed a row past Mayfly is found.
 *
 * Promise: over one snapshot, the whole log is verified as `verifyLog` does, and every row of a stated table must be as
 * the last entry about it says: no row that no entry explains, none changed, none gone.
 * Limit: columns without authority are not stated (`stated-rows.ts`). A row that was changed and changed back is not
 * seen. One statement of each row is held in memory, about 200 bytes.
 */
import {
  type Checkpoint,
  type LogEntry,
  type LogReader,
  type LogReport,
  MayflyError,
  type NoteVerifier,
  parseLogEntry,
  type RowStatement,
  type TenantId,
  verifyLog,
} from '@mayfly/domain'
import type { Database, Tx } from '../../store/database.ts'
import { readEntryData, readUnsequencedData } from '../../store/entry-rows.ts'
import { scanTable } from '../../store/scan-table.ts'
import { findLogResource } from './read-log.ts'
import { sha256 } from './sha256.ts'
import { rowDigest, rowId, type StatedTable, statedTables, versionOf } from './stated-rows.ts'

export type StateFindingKind =
  /** No entry says anything of this row. */
  | 'row_unexplained'
  /** The row is not as the last entry about it says. */
  | 'row_changed'
  /** An entry says that there is such a row. */
  | 'row_missing'
  /** An entry that no checkpoint covers yet cannot be read. */
  | 'entry_unreadable'

export interface StateFinding {
  readonly kind: StateFindingKind
  readonly table: string
  readonly id: string
  readonly detail: string
}

export interface StateReport {
  readonly log: LogReport
  readonly rowsChecked: number
  /** The first thousand; empty, with no finding in `log` either, means that the state is explained. */
  readonly findings: readonly StateFinding[]
  readonly findingCount: number
}

export interface VerifyStateInput {
  readonly tenantId: TenantId
  readonly origin: string
  readonly verifiers: readonly NoteVerifier[]
  readonly remembered?: Checkpoint
  readonly now: Date
}

const maxFindings = 1_000
// Minting stops long before so many entries wait.
const maxUncovered = 100_000

export async function verifyState(database: Database, input: VerifyStateInput): Promise<StateReport> {
  return database.snapshot(input.tenantId, async (tx) => {
    const statements = new Map<string, RowStatement>()
    const keep = ({ rows }: { rows: readonly RowStatement[] }) => {
      for (const row of rows) keepLatest(statements, row)
    }
    const log = await verifyLog(
      sha256,
      oneByOne((path) => findLogResource(tx, path)),
      { ...input, onEntry: keep },
    )
    const findings: StateFinding[] = []
    let findingCount = 0
    let rowsChecked = 0
    const find = (kind: StateFindingKind, table: string, id: string, detail: string) => {
      findingCount += 1
      if (findings.length < maxFindings) findings.push({ kind, table, id, detail })
    }
    // What was committed within the last second is not in the log yet; its entries stand beside it.
    for (const data of await readUncovered(tx, log.checkpoint?.size ?? 0)) {
      const entry = findEntry(data)
      if (entry) keep(entry)
      else find('entry_unreadable', 'entry', '', 'an entry that is not in the log yet is malformed')
    }
    for (const table of Object.keys(statedTables) as StatedTable[]) {
      for await (const row of scanTable(tx, table, statedTables[table].key)) {
        rowsChecked += 1
        const id = rowId(table, row)
        const said = statements.get(`${table}/${id}`)
        statements.delete(`${table}/${id}`)
        const problem = compare(said, rowDigest(table, row), versionOf(table, row))
        if (problem) find(problem.kind, table, id, problem.detail)
      }
    }
    for (const { table, id, version, digest } of statements.values()) {
      if (digest !== null) find('row_missing', table, id, `an entry says that it is there, at version ${version}`)
    }
    return { log, rowsChecked, findings, findingCount }
  })
}

/** A transaction is one connection, which takes one statement at a time; the verifier asks for several. */
function oneByOne(read: LogReader): LogReader {
  let last: Promise<unknown> = Promise.resolve()
  return (path) => {
    const mine = last.then(() => read(path))
    last = mine.catch(() => undefined)
    return mine
  }
}

function findEntry(data: Uint8Array): LogEntry | undefined {
  try {
    return parseLogEntry(data)
  } catch (error) {
    if (error instanceof MayflyError) return undefined
    throw error
  }
}

/** By version, not by place in the log: two entries of one batch lie in the order of their clocks. */
function keepLatest(statements: Map<string, RowStatement>, row: RowStatement): void {
  const key = `${row.table}/${row.id}`
  const known = statements.get(key)
  if (known === undefined || row.version >= known.version) statements.set(key, row)
}

function compare(
  said: RowStatement | undefined,
  digest: string,
  version: number,
): { kind: StateFindingKind; detail: string } | undefined {
  if (said === undefined) return { kind: 'row_unexplained', detail: 'no entry says anything of it' }
  if (said.digest === null)
    return { kind: 'row_unexplained', detail: 'the last entry about it says that it was deleted' }
  if (said.digest !== digest) {
    return { kind: 'row_changed', detail: `it is not as the last entry about it says (version ${said.version})` }
  }
  return version < said.version
    ? { kind: 'row_changed', detail: `it is at version ${version}, an entry says ${said.version}` }
    : undefined
}

async function readUncovered(tx: Tx, size: number): Promise<readonly Uint8Array[]> {
  return [...(await readEntryData(tx, size, maxUncovered)), ...(await readUnsequencedData(tx, maxUncovered))]
}
