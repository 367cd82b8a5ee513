import { Secret } from '@mayfly/provider-kit'
import type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
} from '../../../packages/server/src/adapters/embedded-postgres/embedded-postgres.ts'
import { startEmbeddedPostgres } from '../../../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { placeClusterFiles } from '../../support/test-cluster.ts'
import { makeTempDir, withClient } from '../../support/index.ts'

const runAs = process.env['MAYFLY_EMBEDDED_USER']

/** Who test servers run as, for the options of a start. */
export const asUser = runAs === undefined ? {} : { runAs }

export interface ClusterOnDisk {
  readonly dataDir: string
  readonly password: Secret
}

/** A data directory that holds a fresh cluster of release 18, without the second that initdb takes. */
export async function makeCluster(label: string): Promise<ClusterOnDisk> {
  const dataDir = await makeTempDir(label, 'disk')
  return { dataDir, password: new Secret(await placeClusterFiles(dataDir, 18)) }
}

export function start(
  { dataDir, password }: ClusterOnDisk,
  more: Partial<EmbeddedPostgresOptions> = {},
): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, superuserPassword: password, ...asUser, ...more })
}

/** A URL to a server known by its port only. */
export function loopbackUrl({ port }: { port: number }, password: Secret): string {
  return `postgres://postgres:${encodeURIComponent(password.reveal())}@127.0.0.1:${port}/postgres`
}

export function query(server: { port: number }, password: Secret, text: string): Promise<unknown[]> {
  return withClient(loopbackUrl(server, password), async (client) => (await client.query(text)).rows as unknown[])
}
