import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { clusterUrl, withClient } from './cluster-access.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  /** As Mayfly's own login: it owns the database and is no superuser. */
  readonly url: string
  /** As superuser: for a test that plays the intruder. */
  readonly superuserUrl: string
  /** Ends what sessions are left and drops it. Not needed at the end of a run; `await using` does it too. */
  drop(): Promise<void>
}

/** A fresh database of the store, migrated, of the caller's own. Takes about 20 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const cluster = inject('storeCluster')
  const name = `store_${randomBytes(8).toString('hex')}`
  await withClient(clusterUrl(cluster, 'postgres'), (client) =>
    // file_copy: the default way writes every page to the log.
    client.query(
      `create database ${name} template ${cluster.templateDatabase} strategy file_copy owner ${cluster.user}`,
    ),
  )
  const drop = async (): Promise<void> => {
    await withClient(clusterUrl(cluster, 'postgres'), (client) =>
      client.query(`drop database if exists ${name} with (force)`),
    )
  }
  return {
    name,
    url: clusterUrl(cluster, name, cluster),
    superuserUrl: clusterUrl(cluster, name),
    drop,
    [Symbol.asyncDispose]: drop,
  }
}
