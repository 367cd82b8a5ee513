/** The latest checkpoint of the tenant's audit log: whoever keeps it can show later that the log was rewritten. */
import type { Tx } from '../../store/database.ts'
import { findLatestCheckpoint } from '../../store/log-rows.ts'
import type { OfflineSectionSource } from './offline-section.ts'

export function checkpointSection(keysOf: (tx: Tx) => Promise<readonly string[]>): OfflineSectionSource {
  return {
    name: 'checkpoint',
    async collect(tx) {
      const checkpoint = await findLatestCheckpoint(tx)
      if (checkpoint === undefined) return undefined
      return { contents: { note: checkpoint.note, keys: (await keysOf(tx)).slice(0, 50) } }
    },
  }
}
