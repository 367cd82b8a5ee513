/**
 * The key-encryption key (KEK): the one key that is not in the database nor beside its files (decision 0013).
 *
 * Promise: a key is taken only from a file that nobody but its owner can read, or from the environment; its bytes leave
 * this module only as keys derived from it.
 * Limit: an administrator of the machine, who may read the memory of the process, can have it. For more, its custody
 * belongs in a hardware module or a cloud's key service: another implementation of `KeyEncryptionKey`.
 */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MayflyError } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { openBytes, sealBytes } from './envelope.ts'

export interface KeyEncryptionKey {
  /** Names the key without telling it: 16 hexadecimal digits. */
  readonly keyId: string
  /** Derived one way from the key; kept in the database to tell a wrong key from the right one. */
  readonly checkValue: Buffer
  wrap(plaintext: Uint8Array, place: string): Buffer
  /** `undefined` when this key did not wrap it, or not for this place. */
  unwrap(wrapped: Uint8Array, place: string): Buffer | undefined
  /** A secret of its own for each label (HKDF, RFC 5869): base64url of 32 bytes. */
  derive(label: string): Secret
}

export interface KeyEncryptionKeys {
  readonly current: KeyEncryptionKey
  /** During a rotation: still opens what is not yet wrapped again. */
  readonly previous?: KeyEncryptionKey
}

export interface KeyEncryptionKeySource {
  /** Path of a file with 32 bytes in base64url, mode 0600 or 0400 (`MAYFLY_KEK_FILE`). */
  readonly file?: string | undefined
  /** The same text itself (`MAYFLY_KEK`). A file is better: an environment is copied to children and crash reports. */
  readonly text?: Secret | undefined
  readonly previousFile?: string | undefined
}

/** @throws MayflyError `key_unusable`: none or two were given, the file is readable by others, or is no key */
export async function loadKeyEncryptionKeys(source: KeyEncryptionKeySource): Promise<KeyEncryptionKeys> {
  if ((source.file === undefined) === (source.text === undefined)) {
    throw unusable(
      source.file === undefined
        ? 'no key-encryption key is given'
        : '`MAYFLY_KEK_FILE` and `MAYFLY_KEK` are both given',
      'set `MAYFLY_KEK_FILE` to a file that holds 32 random bytes in base64url, readable by its owner only',
    )
  }
  const current =
    source.file === undefined
      ? parseKeyEncryptionKey(source.text ?? new Secret(''), '`MAYFLY_KEK`')
      : await readKeyFile(source.file, 'MAYFLY_KEK_FILE')
  if (source.previousFile === undefined) return { current }
  return { current, previous: await readKeyFile(source.previousFile, 'MAYFLY_KEK_PREVIOUS_FILE') }
}

/**
 * Makes a key file where there is none, for development and first starts. An existing file is left as it is, also when
 * two processes start at once. Must not lie inside the database's directory: a backup of it would hold both.
 */
export async function makeKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  let file
  try {
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw unusable(`the key file \`${path}\` cannot be made`, 'check that its directory can be written to', error)
  }
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** @param named how messages call its origin, e.g. `` `MAYFLY_KEK` `` */
export function parseKeyEncryptionKey(text: Secret, named: string): KeyEncryptionKey {
  const encoded = text.reveal().trim()
  const bytes = Buffer.from(encoded, 'base64url')
  if (!/^[A-Za-z0-9_-]{43}$/.test(encoded) || bytes.length !== 32) {
    throw unusable(
      `${named} is not 32 bytes in base64url (43 characters)`,
      'make one with `openssl rand -base64 32 | tr +/ -_ | tr -d =`',
    )
  }
  // A key that someone typed, or a file of zeros: no honest random key looks like this.
  if (new Set(bytes).size < 8) throw unusable(`${named} is not random`, 'use 32 bytes of a random generator')
  return keyEncryptionKey(createSecretKey(bytes))
}

function keyEncryptionKey(root: KeyObject): KeyEncryptionKey {
  // The root itself encrypts nothing: each use has a key of its own, so that none can be turned against another.
  const wrapping = createSecretKey(derived(root, 'mayfly wrapping key'))
  return {
    keyId: derived(root, 'mayfly key id').toString('hex', 0, 8),
    checkValue: derived(root, 'mayfly check value'),
    wrap: (plaintext, place) => sealBytes(wrapping, plaintext, place),
    unwrap: (wrapped, place) => openBytes(wrapping, wrapped, place),
    derive: (label) => new Secret(derived(root, `mayfly secret: ${label}`).toString('base64url')),
  }
}

function derived(root: KeyObject, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), label, 32))
}

async function readKeyFile(path: string, setting: string): Promise<KeyEncryptionKey> {
  let file
  try {
    file = await open(path, constants.O_RDONLY)
  } catch (error) {
    throw unusable(
      `\`${setting}\`: \`${path}\` cannot be read`,
      'check the path and that this user owns the file',
      error,
    )
  }
  try {
    // Asked of the open file, not of the path: nobody can swap it between the question and the reading.
    const { mode, size } = await file.stat()
    if ((mode & 0o077) !== 0) {
      throw unusable(`\`${setting}\`: \`${path}\` can be read or written by others`, `run \`chmod 600 ${path}\``)
    }
    if (size > 1024) throw unusable(`\`${setting}\`: \`${path}\` is not a key file`, 'it must hold 43 characters')
    return parseKeyEncryptionKey(new Secret(await file.readFile('utf8')), `\`${setting}\`: \`${path}\``)
  } finally {
    await file.close()
  }
}

function unusable(publicDetail: string, hint: string, cause?: unknown): MayflyError {
  return new MayflyError('key_unusable', { publicDetail, hint, cause })
}
