import { existsSync } from 'node:fs'
import { clusterUrl, withClient } from './cluster-access.ts'
import type { ClusterAccess, StoreAccess } from './provided.ts'

const templateDatabase = 'mayfly_template'
const user = 'mayfly_store'
const migrateModule = new URL('../../packages/server/src/store/migrate.ts', import.meta.url)

/** Makes the store's login and the database that every test's database is a copy of. */
export async function makeTemplateDatabase(cluster: ClusterAccess): Promise<StoreAccess> {
  // On a cluster that holds nothing of value and ends with this run, one password is enough.
  const password = cluster.superuserPassword
  await withClient(clusterUrl(cluster, 'postgres'), async (client) => {
    await client.query(`create role ${user} login password ${client.escapeLiteral(password)}`)
    await client.query(`create database ${templateDatabase} owner ${user}`)
  })
  const access = { ...cluster, user, password, templateDatabase }
  await prepareTemplate(clusterUrl(cluster, templateDatabase, access))
  return access
}

/** What every test's database holds before the test begins: the schema as the migrations make it. */
async function prepareTemplate(url: string): Promise<void> {
  if (!existsSync(migrateModule)) return
  const { migrate } = (await import(migrateModule.href)) as { migrate?: (url: string) => Promise<unknown> }
  await migrate?.(url)
}
