/** A target for the benchmarks: an sshd of its own, set up as the guide does. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PreparedSsh, prepareSsh } from '../test/integration/provider-ssh/ssh-fixture.ts'

export interface SshBench {
  readonly prepared: PreparedSsh
  close(): Promise<void>
}

export async function startSshBench(): Promise<SshBench> {
  const dir = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
  const prepared = await prepareSsh({ dir })
  return {
    prepared,
    async close() {
      await prepared[Symbol.asyncDispose]()
      await rm(dir, { recursive: true })
    },
  }
}
