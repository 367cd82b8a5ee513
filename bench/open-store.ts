import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@mayfly/provider-kit'
import { startEmbeddedPostgres } from '../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { migrate } from '../packages/server/src/store/migrate.ts'

export interface BenchStore extends AsyncDisposable {
  readonly url: string
  readonly superuserUrl: string
  readonly kek: string
}

/** A durable store of its own, gone at the end. */
export async function openStore(): Promise<BenchStore> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
  // Open to the user that PostgreSQL runs as where this runs as root; its data directory is closed in itself.
  await chmod(directory, 0o711)
  const password = new Secret(randomBytes(24).toString('base64url'))
  const server = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), superuserPassword: password })
  const superuserUrl = server.connectionUrl(server.superuser, password, 'postgres')
  const { url } = await migrate(superuserUrl)
  return {
    url,
    superuserUrl,
    kek: randomBytes(32).toString('base64url'),
    async [Symbol.asyncDispose]() {
      await server.stop('fast')
      await rm(directory, { recursive: true })
    },
  }
}
