import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import type { EmbeddedVersion } from '../../packages/server/src/adapters/embedded-postgres/embedded-postgres.ts'
import { clusterUrl, withClient } from './cluster-access.ts'

export interface TargetLogin {
  readonly user: string
  readonly password: string
  readonly url: string
}

export interface TargetDatabase extends AsyncDisposable {
  readonly version: EmbeddedVersion
  readonly host: string
  readonly port: number
  readonly database: string
  /** CREATEROLE, owns the database, no superuser. */
  readonly admin: TargetLogin
  /** For setting up and for looking from outside. */
  readonly superuser: TargetLogin
  /** A URL to this database for any login. */
  url(user: string, password: string): string
  /** A role name that no other test has: roles belong to the whole cluster. */
  roleName(label: string): string
  /** Ends what sessions are left, drops the database and its admin. Roles that a test made itself stay. */
  drop(): Promise<void>
}

/** A fresh database on a shared target, with an admin login of its own. The target runs as long as the suites do. */
export async function createTargetDatabase(version: EmbeddedVersion = 18): Promise<TargetDatabase> {
  const cluster = inject('targetClusters')[version]
  const mark = randomBytes(6).toString('hex')
  const database = `target_${mark}`
  const adminUser = `admin_${mark}`
  const adminPassword = randomBytes(18).toString('base64url')
  await withClient(clusterUrl(cluster, 'postgres'), async (client) => {
    await client.query(`create role ${adminUser} login createrole password '${adminPassword}'`)
    await client.query(`create database ${database} strategy file_copy owner ${adminUser}`)
  })
  const login = (user: string, password: string): TargetLogin => ({
    user,
    password,
    url: clusterUrl(cluster, database, { user, password }),
  })
  const drop = async (): Promise<void> => {
    await withClient(clusterUrl(cluster, 'postgres'), async (client) => {
      await client.query(`drop database if exists ${database} with (force)`)
      await client.query(`drop role if exists ${adminUser}`)
    })
  }
  return {
    version,
    host: cluster.host,
    port: cluster.port,
    database,
    admin: login(adminUser, adminPassword),
    superuser: login(cluster.superuser, cluster.superuserPassword),
    url: (user, password) => clusterUrl(cluster, database, { user, password }),
    roleName: (label) => `${label}_${mark}`,
    drop,
    [Symbol.asyncDispose]: drop,
  }
}
