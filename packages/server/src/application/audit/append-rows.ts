import { inBatches } from '@mayfly/provider-kit'
import type { Tx } from '../../store/database.ts'
import type { Actor } from '../context.ts'
import { appendAudits } from './append-audit.ts'
import type { AuditAction } from './audit-stream.ts'
import type { StatedRow } from './stated-rows.ts'

/** An entry holds at most 65,535 bytes; a stated row takes about 140. */
export const maxRowsPerEntry = 200

/** Says how rows are now, or that they are gone, in as many entries as it takes. */
export async function appendRows(
  tx: Tx,
  action: AuditAction,
  rows: readonly StatedRow[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  await appendAudits(
    tx,
    inBatches(rows, maxRowsPerEntry).map((part) => ({ ...by, action, rows: part, body: { rows: part.length } })),
  )
}
