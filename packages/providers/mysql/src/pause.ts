import { setTimeout as delay } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'

/** @throws MayflyError `target_timeout` where the caller gives up meanwhile */
export async function pause(ms: number, doing: string, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
    throw new MayflyError('target_timeout', { log: `mysql: ${doing}: aborted by the caller` })
  }
}
