/** A target for the benchmarks: a nats-server of its own with one account, and Mayfly's rights by the guide. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PreparedNats, prepareNats } from '../test/integration/provider-nats/nats-fixture.ts'
import { startNats } from '../test/support/servers/start-nats.ts'

export interface NatsBench {
  readonly prepared: PreparedNats
  close(): Promise<void>
}

export async function startNatsBench(): Promise<NatsBench> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
  // Open to the user that the server runs as where this runs as root.
  await chmod(directory, 0o711)
  const servers = await startNats(directory)
  const prepared = await prepareNats(servers.access)
  return {
    prepared,
    async close() {
      await prepared[Symbol.asyncDispose]()
      await servers.stop()
      await rm(directory, { recursive: true })
    },
  }
}
