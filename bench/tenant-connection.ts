import { defaultTenantId } from '@mayfly/domain'
import type { Database } from '../packages/server/src/store/database.ts'

type Client = Parameters<Parameters<Database['withClient']>[0]>[0]

/** Runs `work` with a bare connection of the store that is set up for the tenant, and for nobody afterwards. */
export function withTenantConnection<T>(
  database: Pick<Database, 'withClient'>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return database.withClient(async (client) => {
    await client.query("select set_config('mayfly.tenant_id', $1, false)", [defaultTenantId])
    const result = await work(client)
    await client.query('reset mayfly.tenant_id')
    return result
  })
}
