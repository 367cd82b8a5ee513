/** The audit log of a server or of an export, and what to hold it against. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { answerOf, type MayflyClient, problemOf, sendRequest } from '@mayfly/client'
import {
  type Checkpoint,
  type LogReader,
  type LogWriter,
  noteVerifier,
  type NoteVerifier,
  openCheckpoint,
  parseVerifierKey,
  type Sha256,
  type VerifyEd25519,
} from '@mayfly/domain'
import type { Cli } from './cli.ts'
import type { Connection } from './connect.ts'
import { findRememberedLog, type RememberedLog, rememberLog } from './profile.ts'
import { UsageError } from './usage-error.ts'

export const sha256: Sha256 = (data) => createHash('sha256').update(data).digest()

export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  const x = Buffer.from(publicKey).toString('base64url')
  return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature)
}

/** How a log is known: the name that its checkpoints carry, and the keys that sign them. */
export interface KnownLog {
  readonly origin: string
  readonly verifiers: readonly NoteVerifier[]
  readonly remembered?: Checkpoint
}

/** Asks the server for each resource of C2SP tlog-tiles. */
export function serverReader({ url, client }: Connection, signal: AbortSignal): LogReader {
  return async (path) => {
    const answer = await sendRequest(client, new Request(`${url}/v1/log/${path}`, { redirect: 'error' }), signal)
    if (answer.status === 404) return undefined
    if (!answer.ok) throw await problemOf(answer)
    return new Uint8Array(await answer.arrayBuffer())
  }
}

/** The paths are made by `verifyLog` and `copyLog`, never taken from a server. */
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
  return async (path, bytes) => {
    const file = join(directory, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(`${file}.part`, bytes)
    await rename(`${file}.part`, file)
  }
}

/** Reads the names of the log and its keys from the server, unless they are remembered: then those count. */
export async function knowLog(cli: Cli, { url, api }: Connection): Promise<RememberedLog> {
  const told = await readKeys(api)
  const remembered = await findRememberedLog(cli.env, url)
  if (remembered === undefined) {
    cli.out.say(`the log is \`${told.origin}\`; its keys are taken from the server this once and remembered`)
    return told
  }
  if (remembered.origin !== told.origin) {
    throw new UsageError(
      `the server's log calls itself \`${told.origin}\`, remembered is \`${remembered.origin}\``,
      'is it another server? Then give `--forget`',
    )
  }
  const added = told.keys.filter((key) => !remembered.keys.includes(key))
  if (added.length > 0) {
    cli.out.say(
      `the server names ${added.length} keys of the log that are not remembered; believed once the log continues`,
    )
  }
  return { ...remembered, keys: [...remembered.keys, ...added] }
}

export async function saveLog(
  cli: Cli,
  { url }: Connection,
  log: RememberedLog,
  checkpoint: Uint8Array,
): Promise<void> {
  await rememberLog(cli.env, url, { ...log, checkpoint: Buffer.from(checkpoint).toString('utf8') })
}

/** @throws MayflyError `audit_verification_failed`: a key or the remembered checkpoint cannot be read */
export function openKnownLog({ origin, keys, checkpoint }: RememberedLog): KnownLog {
  const verifiers = keys.map((key) => noteVerifier(parseVerifierKey(sha256, key), verifyEd25519))
  if (checkpoint === undefined) return { origin, verifiers }
  return { origin, verifiers, remembered: openCheckpoint(Buffer.from(checkpoint), origin, verifiers) }
}

async function readKeys(api: MayflyClient): Promise<RememberedLog> {
  const { origin, checkpoint_keys: keys } = await answerOf(api.GET('/v1/log/keys'))
  return { origin, keys }
}
