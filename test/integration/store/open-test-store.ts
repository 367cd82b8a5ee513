import type { TenantId } from '@mayfly/domain'
import { type Database, type DatabaseOptions, openDatabase } from '../../../packages/server/src/store/database.ts'
import { createTestDatabase, type TestDatabase, withClient } from '../../support/index.ts'

export interface OpenTestStore extends AsyncDisposable {
  readonly database: Database
  readonly url: string
  /** What went wrong on connections that nobody used. */
  readonly errors: Error[]
  addTenant(tenantId: TenantId, name: string): Promise<void>
  /** Past the wall: for a test that looks from outside. */
  bySuperuser<Row extends object>(statement: string, values?: readonly unknown[]): Promise<Row[]>
  /** As the server's own login, on a connection that has said nothing. */
  bare(statement: string): Promise<unknown[]>
  close(): Promise<void>
}

/** A migrated database of the test's own, opened as the server opens it; or `store`'s database, opened once more. */
export async function openTestStore(
  options: Omit<DatabaseOptions, 'url' | 'onError'> & { store?: OpenTestStore } = {},
): Promise<OpenTestStore> {
  const { store: shared, ...settings } = options
  const own: TestDatabase | undefined = shared === undefined ? await createTestDatabase() : undefined
  const url = own?.url ?? shared?.url ?? ''
  const superuserUrl = own?.superuserUrl
  const errors: Error[] = []
  const database = openDatabase({ ...settings, url, onError: (error) => errors.push(error) })
  const close = async (): Promise<void> => {
    await database.close()
    await own?.drop()
  }
  return {
    database,
    url,
    errors,
    addTenant: (tenantId, name) =>
      database.outsideTenants(async (query) => {
        await query.insertInto('tenant').values({ tenant_id: tenantId, name }).execute()
      }),
    bySuperuser: (statement, values = []) =>
      superuserUrl === undefined
        ? Promise.reject(new Error('only of a store that is its own'))
        : withClient(superuserUrl, async (client) => (await client.query(statement, [...values])).rows),
    bare: (statement) => withClient(url, async (client) => (await client.query(statement)).rows as unknown[]),
    close,
    [Symbol.asyncDispose]: close,
  }
}
