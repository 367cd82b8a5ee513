import { migrate } from '../../packages/server/src/store/migrate.ts'
import { clusterUrl, withClient } from './cluster-access.ts'
import type { ClusterAccess, StoreAccess } from './provided.ts'

const templateDatabase = 'mayfly_template'
const user = 'mayfly_store'

/** Makes the store's login and the database that every test's database is a copy of. */
export async function makeTemplateDatabase(cluster: ClusterAccess): Promise<StoreAccess> {
  // On a cluster that holds nothing of value and ends with this run, one password is enough.
  const password = cluster.superuserPassword
  await withClient(clusterUrl(cluster, 'postgres'), async (client) => {
    await client.query(`create role ${user} login password ${client.escapeLiteral(password)}`)
    await client.query(`create database ${templateDatabase} owner ${user}`)
  })
  const access = { ...cluster, user, password, templateDatabase }
  await migrate(clusterUrl(cluster, templateDatabase, access))
  return access
}
