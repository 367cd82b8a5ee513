/** An export directory (docs/formats/export.md): the log's resources as files under their own paths. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LogReader, LogWriter } from '@mayfly/domain'

/** The paths come from `verifyLog` and `copyLog`, which make them; never from a request. */
export function directoryReader(directory: string): LogReader {
  return async (path) => {
    try {
      return await readFile(join(directory, path))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }
}

/** Each file appears whole or not at all, so that a broken-off export can be run again over itself. */
export function directoryWriter(directory: string): LogWriter {
  const made = new Set<string>()
  return async (path, bytes) => {
    const file = join(directory, path)
    if (!made.has(dirname(file))) await mkdir(dirname(file), { recursive: true })
    made.add(dirname(file))
    await writeFile(`${file}.part`, bytes)
    await rename(`${file}.part`, file)
  }
}
