/** The SQL of claims: which removals are in somebody's hand, and for how long. Taking them is `claimDue` (removal-rows.ts). */
import type { CredentialId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from './database.ts'

/** What is in hand stays so until `until`. */
export async function extendClaims(tx: Tx, credentialIds: readonly CredentialId[], until: Date): Promise<void> {
  await sql`
    with mine as materialized (
      select credential_id from removal_claim where credential_id = any(${credentialIds}::uuid[])
      order by credential_id for update
    )
    update removal_claim l set claimed_until = ${until} from mine where l.credential_id = mine.credential_id`.execute(
    tx.query,
  )
}

/** They are in nobody's hand any more. */
export async function dropClaims(tx: Tx, credentialIds: readonly CredentialId[]): Promise<void> {
  await sql`
    with mine as materialized (
      select credential_id from removal_claim where credential_id = any(${credentialIds}::uuid[])
      order by credential_id for update
    )
    delete from removal_claim l using mine where l.credential_id = mine.credential_id`.execute(tx.query)
}
