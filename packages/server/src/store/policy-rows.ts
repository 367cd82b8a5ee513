/** The SQL of policy versions. Their text never changes; one of them is active. */
import { MayflyError, type PolicyVersionId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import type { PolicyVersionTable } from './schema.gen.ts'

export type PolicyVersionRow = Selectable<PolicyVersionTable>

export interface NewPolicyVersion {
  readonly policyVersionId: PolicyVersionId
  readonly text: string
  readonly digest: string
  readonly note: string
  readonly createdBy: Readonly<Record<string, string>>
  readonly createdAt: Date
}

/** One at a time a tenant: two drafts must not get one number, nor two activations both find the same version active. */
export async function lockPolicyVersions(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('policy_version' || ${tx.tenantId}::text, 0))`.execute(
    tx.query,
  )
}

/** After `lockPolicyVersions`. */
export async function insertPolicyVersion(tx: Tx, version: NewPolicyVersion): Promise<PolicyVersionRow> {
  return tx.query
    .insertInto('policy_version')
    .values({
      policy_version_id: version.policyVersionId,
      number: sql<number>`(select coalesce(max(number), 0) + 1 from policy_version)`,
      policy_text: version.text,
      digest: version.digest,
      note: version.note,
      created_by: JSON.stringify(version.createdBy),
      created_at: version.createdAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** @throws MayflyError `resource_not_found` */
export async function getPolicyVersion(tx: Tx, policyVersionId: string): Promise<PolicyVersionRow> {
  const row = await tx.query
    .selectFrom('policy_version')
    .selectAll()
    .where('policy_version_id', '=', policyVersionId as PolicyVersionId)
    .executeTakeFirst()
  if (row === undefined) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no policy version \`${policyVersionId}\`` })
  }
  return row
}

export async function findActivePolicyVersion(tx: Tx): Promise<PolicyVersionRow | undefined> {
  return tx.query.selectFrom('policy_version').selectAll().where('state', '=', 'active').executeTakeFirst()
}

export async function listPolicyVersions(tx: Tx, { after, limit }: PageRequest): Promise<PolicyVersionRow[]> {
  let query = tx.query.selectFrom('policy_version').selectAll().orderBy('policy_version_id').limit(limit)
  if (after !== undefined) query = query.where('policy_version_id', '>', after as PolicyVersionId)
  return query.execute()
}

/** After `lockPolicyVersions`. Waits for whoever mints under the active version (`factsUnchanged` holds it). */
export async function supersedePolicyVersion(tx: Tx, policyVersionId: PolicyVersionId): Promise<PolicyVersionRow> {
  return tx.query
    .updateTable('policy_version')
    .set({ state: 'superseded' })
    .where('policy_version_id', '=', policyVersionId)
    .where('state', '=', 'active')
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** After `lockPolicyVersions`. */
export async function markPolicyVersionActive(
  tx: Tx,
  policyVersionId: PolicyVersionId,
  activatedBy: Readonly<Record<string, string>>,
  now: Date,
): Promise<PolicyVersionRow> {
  return tx.query
    .updateTable('policy_version')
    .set({ state: 'active', activated_by: JSON.stringify(activatedBy), activated_at: now })
    .where('policy_version_id', '=', policyVersionId)
    .where('state', '!=', 'active')
    .returningAll()
    .executeTakeFirstOrThrow()
}
