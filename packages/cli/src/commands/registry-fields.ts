/** Options of the registry's commands, and what they become in a request. */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { makeBoundKey, publicJwkOf, saveBoundKey } from '@mayfly/client/login'
import type { Cli } from '../cli.ts'
import { parseDuration, parseMoment } from '../parse-duration.ts'
import { collect, parsePairs, parseTextPairs } from '../parse-pairs.ts'
import { readSecretPairs } from '../read-secret.ts'
import { UsageError } from '../usage-error.ts'
import type { Field } from './registry-nouns.ts'

const repeatable: ReadonlySet<Field['as']> = new Set(['pairs', 'text_pairs', 'choices', 'list', 'secret'] as const)

export function addField(command: Command, field: Field, { required }: { readonly required: boolean }): void {
  const option = new Option(field.flags, field.help)
  if (field.choices !== undefined) option.choices(field.choices)
  if (repeatable.has(field.as)) {
    const { choices } = field
    option.argParser((value: string, before: readonly string[] | undefined) => {
      if (choices !== undefined && !choices.includes(value)) {
        throw new UsageError(`\`${value}\` is not one of ${choices.join(', ')} (${option.long ?? ''})`)
      }
      return collect(value, before)
    })
  }
  if (required) option.makeOptionMandatory()
  command.addOption(option)
}

/** For a command that has two ways to be called: what is required in this one. @throws UsageError naming all that is missing */
export function requireFields(fields: readonly Field[], options: Readonly<Record<string, unknown>>): void {
  const missing = fields
    .filter(({ flags, required }) => required === true && options[new Option(flags).attributeName()] === undefined)
    .map(({ flags }) => `\`${flags}\``)
  if (missing.length > 0) throw new UsageError(`missing: ${missing.join(', ')}`)
}

/** The members of the request body: only what was given. */
export async function readFields(
  cli: Cli,
  fields: readonly Field[],
  options: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = {}
  for (const field of fields) {
    const value = options[new Option(field.flags).attributeName()]
    if (value !== undefined) body[field.member] = await readField(cli, field, value as string & readonly string[])
  }
  return body
}

async function readField(cli: Cli, field: Field, value: string & readonly string[]): Promise<unknown> {
  const long = new Option(field.flags).long ?? ''
  switch (field.as ?? 'text') {
    case 'text':
    case 'list':
    case 'flag':
      return value
    case 'yes_or_no':
      if (value !== 'yes' && value !== 'no')
        throw new UsageError(`\`${value}\` is neither \`yes\` nor \`no\` (${long})`)
      return value === 'yes'
    case 'whole':
      if (!/^\d{1,9}$/.test(value)) throw new UsageError(`\`${value}\` is not a whole number (${long})`)
      return Number(value)
    case 'span':
      return parseDuration(value)
    case 'moment':
      return parseMoment(value, cli.now())
    case 'pairs':
      return parsePairs(value, long)
    case 'text_pairs':
      return parseTextPairs(value, long)
    case 'choices':
      return Object.fromEntries(
        Object.entries(parseTextPairs(value, long)).map(([name, list]) => [name, { one_of: list.split(',') }]),
      )
    case 'secret':
      return readSecretPairs(cli, value)
    case 'public_key':
      return readPublicKey(value)
    case 'new_key':
      return makeKeyFile(value)
  }
}

async function readPublicKey(path: string): Promise<JsonWebKey> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`the key file \`${path}\` cannot be read (${cause.code ?? cause.message})`)
  })
  try {
    const key = text.trimStart().startsWith('{')
      ? createPublicKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' })
      : createPublicKey(text)
    // Of a private key too only the public half leaves this machine.
    return key.export({ format: 'jwk' })
  } catch {
    throw new UsageError(`the file \`${path}\` holds no key`, 'give a JWK or PEM')
  }
}

async function makeKeyFile(path: string): Promise<JsonWebKey> {
  const present = await readFile(path).then(
    () => true,
    () => false,
  )
  if (present)
    throw new UsageError(`\`${path}\` is there already`, 'name a file that is not, or bind its key with `--public-key`')
  const key = makeBoundKey()
  await saveBoundKey(path, key)
  return publicJwkOf(key)
}
