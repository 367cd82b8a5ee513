import { chmod, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'

/**
 * A fresh folder that is removed at the end of the run. Other users may pass through it, so that a server that runs as
 * another user reaches what lies in it.
 *
 * @param where `memory` is fast; `disk` survives what memory does not
 */
export async function makeTempDir(label: string, where: 'memory' | 'disk' = 'memory'): Promise<string> {
  const dir = await mkdtemp(join(inject(where === 'memory' ? 'runDir' : 'diskDir'), `${label}-`))
  await chmod(dir, 0o711)
  return dir
}
