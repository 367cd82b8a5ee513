import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Cli } from './cli.ts'
import { UsageError } from './usage-error.ts'

/** A file, or standard input as `-`. @throws UsageError it cannot be read */
export async function readText(cli: Pick<Cli, 'cwd' | 'readStdin'>, file: string): Promise<string> {
  if (file === '-') return cli.readStdin()
  return readFile(resolve(cli.cwd, file), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : (cause.code ?? cause.message)
    throw new UsageError(`\`${file}\` cannot be read: ${reason}`)
  })
}
