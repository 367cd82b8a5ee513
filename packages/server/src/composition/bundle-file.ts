/**
 * Writes the trust bundle of the default tenant to a file, at the start and with each change: what a client must have before
 * it can believe a server whose certificate is an SVID.
 */
import { rename, writeFile } from 'node:fs/promises'
import { defaultTenantId } from '@mayfly/domain'
import type { CoreDeps } from '../application/context.ts'
import { getBundleDocument } from '../application/spiffe/trust-bundle.ts'
import { hostChannel } from '../store/host-event-rows.ts'

/** @throws Error: the file cannot be written */
export async function keepBundleFile(
  { database, logger }: Pick<CoreDeps, 'database' | 'logger'>,
  file: string,
): Promise<{ close(): Promise<void> }> {
  let written = -1
  let last: Promise<void> = Promise.resolve()

  async function write(): Promise<void> {
    const { document } = await database.transaction(defaultTenantId, getBundleDocument)
    if (document.spiffe_sequence === written) return
    // Whole or not at all: a client may be reading.
    const beside = `${file}.${process.pid}.new`
    await writeFile(beside, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o644 })
    await rename(beside, file)
    written = document.spiffe_sequence
  }

  await write()
  const listening = await database.listen(hostChannel, () => {
    last = last.then(write).catch((error: unknown) => {
      logger.error({ err: error, file }, 'the trust bundle could not be written to its file')
    })
  })
  return {
    async close() {
      await listening.close()
      await last
    },
  }
}
