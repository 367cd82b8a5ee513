/**
 * Law 5: no change without an entry. Both commit in one transaction, or neither does.
 *
 * Promise: takes a transaction and nothing else, so there is no way to log outside the change. Takes no lock: writers
 * never wait for each other; the sequencer gives the leaf index afterwards.
 */
import type { Tx } from '../../store/database.ts'
import { insertEntries } from '../../store/entry-rows.ts'
import { type AuditEntry, type AuditReceipt, entryRowOf, receiptOf } from './audit-entry.ts'

/** @throws MayflyError `internal`: the entry is too large or not plain JSON; the transaction must not commit */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<AuditReceipt> {
  const row = entryRowOf(tx.tenantId, entry)
  await insertEntries(tx, [row])
  return receiptOf(row)
}

/** The same for many entries, in one statement; the receipts come in the order of the entries. */
export async function appendAudits(tx: Tx, entries: readonly AuditEntry[]): Promise<readonly AuditReceipt[]> {
  const rows = entries.map((entry) => entryRowOf(tx.tenantId, entry))
  if (rows.length > 0) await insertEntries(tx, rows)
  return rows.map(receiptOf)
}
