/** Where secrets come from: never from an argument, which every process of the machine can read. */
import { readFileSync } from 'node:fs'
import type { SecretSource } from '@mayfly/domain'
import type { Cli } from './cli.ts'
import { UsageError } from './usage-error.ts'

/** @returns undefined where there is none */
export function readSecretSource(cli: Pick<Cli, 'env'>, source: SecretSource): string | undefined {
  if ('env' in source) return cli.env[source.env]
  try {
    return readFileSync(source.file, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

/**
 * `password=env:NAME`, `password=file:PATH`, `password=stdin`; only `username` may be written out.
 *
 * @throws UsageError
 */
export async function readSecretPairs(
  cli: Pick<Cli, 'env' | 'readStdin'>,
  pairs: readonly string[],
): Promise<Record<string, string>> {
  const secret: Record<string, string> = {}
  for (const pair of pairs) {
    const [, name = '', source = ''] = /^([A-Za-z0-9_]+)=(.*)$/s.exec(pair) ?? []
    const [, kind, where = ''] = /^(env|file):(.+)$/s.exec(source) ?? []
    if (name === '' || source === '') throw refuse(name)
    else if (source === 'stdin') secret[name] = (await cli.readStdin()).replace(/\r?\n$/, '')
    else if (kind !== undefined) {
      const value = readSecretSource(cli, kind === 'env' ? { env: where } : { file: where })
      if (value === undefined || value === '')
        throw new UsageError(`\`${kind}:${where}\` for \`${name}\` is missing or empty`)
      secret[name] = value
    } else if (name === 'username') secret[name] = source
    else throw refuse(name)
  }
  return secret
}

/** Does not repeat what was typed: it may be the secret. */
function refuse(name: string): UsageError {
  return new UsageError(
    `\`--secret ${name || 'NAME'}\` does not say where the secret is`,
    'write `NAME=env:VARIABLE`, `NAME=file:PATH` or `NAME=stdin`: arguments are seen by everyone on this machine',
  )
}
