/**
 * What host agents must hear of: whose keys are believed, and whether what they hold is to be fetched anew. The truth is in
 * the rows; the notice only wakes those who follow, on every server.
 */
import { sql } from 'kysely'
import type { Tx } from './database.ts'

/** A payload `<tenant id>:` is meant for every host of the tenant, `<tenant id>:<identity id>` for one. */
export const hostChannel = 'mayfly_host'

export interface TrustState {
  /** By trust domain: its own bundle and the federated ones. */
  readonly sequences: ReadonlyMap<string, number>
  readonly reissues: number
  readonly reissueReason: string
}

/** Heard when the transaction commits. */
export async function wakeHosts(tx: Tx): Promise<void> {
  await sql`select pg_notify(${hostChannel}, ${`${tx.tenantId}:`})`.execute(tx.query)
}

/** Has every host fetch new SVIDs: what it holds is not to be believed any more. */
export async function askForReissue(tx: Tx, reason: string): Promise<void> {
  await sql`update trust_bundle set reissues = reissues + 1, reissue_reason = ${reason}`.execute(tx.query)
  await wakeHosts(tx)
}

export async function readTrustState(tx: Tx): Promise<TrustState> {
  const { rows } = await sql<{ trust_domain: string; sequence: number; reissues: number; reason: string | null }>`
    select trust_domain, bundle_sequence as sequence, reissues, reissue_reason as reason from trust_bundle
    union all
    select trust_domain, coalesce(bundle_sequence, version), 0, null from federated_bundle
    where state = 'active' and keys is not null`.execute(tx.query)
  return {
    sequences: new Map(rows.map((row) => [row.trust_domain, row.sequence])),
    reissues: rows.reduce((most, row) => Math.max(most, row.reissues), 0),
    reissueReason: rows.find((row) => row.reason !== null)?.reason ?? '',
  }
}
