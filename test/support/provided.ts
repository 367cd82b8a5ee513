import type { EmbeddedVersion } from '../../packages/server/src/adapters/embedded-postgres/embedded-postgres.ts'

/** A running cluster as told to the test processes: plain data, so a password is text here. It opens nothing else. */
export interface ClusterAccess {
  readonly version: EmbeddedVersion
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly superuserPassword: string
}

/** An ordinary login that owns the store's databases: what Mayfly has in production. */
export interface StoreAccess extends ClusterAccess {
  readonly user: string
  readonly password: string
  readonly templateDatabase: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    storeCluster: StoreAccess
    targetClusters: Readonly<Record<EmbeddedVersion, ClusterAccess>>
    /** The socket of the keeper of shared servers (`servers/use-server.ts`). */
    serverKeeper: string
    /** A folder of this run in memory (where the system has such); removed at its end. */
    runDir: string
    /** The same on disk, for what must survive a kill. */
    diskDir: string
  }
}
