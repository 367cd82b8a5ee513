/** The SQL of finding the role that a token is asked for. */
import { sql } from 'kysely'
import type { Tx } from './database.ts'

export interface TokenRole {
  readonly resource: string
  readonly role: string
}

/**
 * The live roles of the resources that have every one of these audiences; one is also named by the resource's own name.
 * Sorted, at most 100. Reads the tenant's few resources of kind `jwt`, by their partial index.
 */
export async function listTokenRoles(tx: Tx, audiences: readonly string[]): Promise<readonly TokenRole[]> {
  const { rows } = await sql<TokenRole>`
    select t.name as resource, r.name as role from resource t join role r on r.resource_id = t.resource_id
    where t.provider_kind = 'jwt' and t.state = 'active' and r.state = 'active'
      and not exists (
        select from unnest(${audiences}::text[]) as wanted (audience)
        where not coalesce(t.settings -> 'audience' ? wanted.audience, false) and t.name <> wanted.audience)
    order by t.name, r.name limit 100`.execute(tx.query)
  return rows
}
