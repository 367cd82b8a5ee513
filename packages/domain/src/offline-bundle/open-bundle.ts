/** Takes the file of an offline bundle apart and checks who signed it. Nothing of the body is read before that. */
import { decodeUtf8, encodeBase64, encodeUtf8 } from '../log/bytes.ts'
import { type JsonValue, parseCanonicalJson } from '../log/canonical-json.ts'
import type { Sha256 } from '../log/merkle.ts'
import {
  type Note,
  type NoteKey,
  noteVerifier,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
  type VerifyEd25519,
} from '../log/note.ts'
import { MayflyError } from '../problem.ts'
import { maxBundleSizeBytes, type OfflineBundle, offlineBundleFormat } from './offline-bundle.ts'
import { readBundleBody } from './read-body.ts'

export interface BundleCrypto {
  readonly sha256: Sha256
  readonly verifyEd25519: VerifyEd25519
}

export interface OpenedBundle {
  readonly bundle: OfflineBundle
  /** Of the keys that are believed, those that signed it; at least one. */
  readonly signedBy: readonly NoteKey[]
}

interface BundleFile {
  readonly note: Note
  readonly origin: string
  readonly digest: string
  readonly body: Uint8Array
}

const maxHeadSizeBytes = 65_536
const newline = 0x0a

/**
 * Checks that a believed key signed the file and that the file is what was signed, and reads it.
 *
 * Promise: a key whose name is not the origin of the file never counts, a believed key whose signature fails refuses
 * the whole, and the file lists at least one of the keys that signed it, so that whoever takes over its list can
 * open the next.
 * Does NOT judge its age, nor whether a newer one was seen: `requireBundleAge`, and the caller who remembers.
 *
 * @param keys believed from before: pinned by a person, or listed by the bundle before
 * @throws MayflyError `bundle_malformed`: not such a file; `bundle_untrusted`: not signed by a key that is believed, or
 *   changed since
 */
export function openOfflineBundle(crypto: BundleCrypto, bytes: Uint8Array, keys: readonly VerifierKey[]): OpenedBundle {
  const file = splitBundleFile(bytes)
  const signedBy = verifySignatures(crypto, file, keys)
  if (encodeBase64(crypto.sha256(file.body)) !== file.digest) {
    throw new MayflyError('bundle_untrusted', {
      publicDetail: 'the offline bundle was changed after it was signed: its digest is another',
      hint: 'fetch it anew from the site that made it',
    })
  }
  const bundle = readBundleBody(parseBody(file), file)
  const listed = bundle.keys.map((key) => parseListedKey(crypto.sha256, key, bundle.origin))
  if (!signedBy.some((signer) => listed.some((key) => key.keyId === signer.keyId))) {
    throw malformed('lists none of the keys that signed it, so no later one could be opened')
  }
  return { bundle, signedBy }
}

/**
 * Reads a file without knowing who may sign it, only to show it. Believe nothing of it.
 *
 * @throws MayflyError `bundle_malformed`; `bundle_untrusted`: not even its own digest fits
 */
export function readUnverifiedBundle(
  sha256: Sha256,
  bytes: Uint8Array,
): { readonly bundle: OfflineBundle; readonly signatures: readonly NoteKey[] } {
  const file = splitBundleFile(bytes)
  if (encodeBase64(sha256(file.body)) !== file.digest) {
    throw new MayflyError('bundle_untrusted', { publicDetail: 'the offline bundle does not fit its own digest' })
  }
  const signatures = file.note.signatures.map(({ name, keyId }) => ({ name, keyId }))
  return { bundle: readBundleBody(parseBody(file), file), signatures }
}

/** Which site the file says that it is of. Believe nothing of it. @throws MayflyError `bundle_malformed` */
export function findBundleOrigin(bytes: Uint8Array): string {
  return splitBundleFile(bytes).origin
}

function splitBundleFile(bytes: Uint8Array): BundleFile {
  if (bytes.length > maxBundleSizeBytes) throw malformed(`is larger than ${maxBundleSizeBytes} bytes`)
  const endOfText = findBlankLine(bytes, 0)
  const endOfNote = endOfText === undefined ? undefined : findBlankLine(bytes, endOfText + 1)
  if (endOfNote === undefined) throw malformed('has no signed head')
  const note = asMalformed(() => parseNote(bytes.subarray(0, endOfNote + 1)))
  const [format, origin, digest, end, ...rest] = note.text.split('\n')
  if (format !== offlineBundleFormat) throw malformed(`does not begin with \`${offlineBundleFormat}\``)
  if (!origin || !digest || end !== '' || rest.length > 0) throw malformed('has a head of another form')
  return { note, origin, digest, body: bytes.subarray(endOfNote + 2) }
}

/** The place of the first of two newlines in a row. */
function findBlankLine(bytes: Uint8Array, from: number): number | undefined {
  const end = Math.min(bytes.length - 1, maxHeadSizeBytes)
  for (let at = from; at < end; at += 1) if (bytes[at] === newline && bytes[at + 1] === newline) return at
  return undefined
}

function verifySignatures(crypto: BundleCrypto, file: BundleFile, keys: readonly VerifierKey[]): readonly NoteKey[] {
  const text = encodeUtf8(file.note.text)
  const verified = file.note.signatures.filter(({ name, keyId, signature }) => {
    const key = keys.find((known) => known.name === name && known.keyId === keyId)
    if (key === undefined || name !== file.origin) return false
    if (noteVerifier(key, crypto.verifyEd25519).verify(text, signature)) return true
    throw new MayflyError('bundle_untrusted', {
      publicDetail: `the signature of \`${name}+${keyId}\` does not fit: the offline bundle was changed, or is forged`,
      hint: 'fetch it anew from the site that made it',
    })
  })
  if (verified.length > 0) return verified.map(({ name, keyId }) => ({ name, keyId }))
  const signers = file.note.signatures.slice(0, 5).map(({ name, keyId }) => `\`${name}+${keyId}\``)
  throw new MayflyError('bundle_untrusted', {
    publicDetail: `no key that is believed for \`${file.origin}\` signed the offline bundle; it is signed by ${signers.join(', ')}`,
    hint: 'compare with what `mayfly bundle key` shows at the site that made it',
  })
}

function parseBody({ body }: BundleFile): JsonValue {
  return asMalformed(() => {
    decodeUtf8(body)
    return parseCanonicalJson(body)
  })
}

function parseListedKey(sha256: Sha256, vkey: string, origin: string): VerifierKey {
  const key = asMalformed(() => parseVerifierKey(sha256, vkey))
  if (key.name !== origin) throw malformed(`lists the key of \`${key.name}\``)
  return key
}

/** The log's formats have a code of their own, which would speak of the audit log here. */
function asMalformed<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof MayflyError)) throw cause
    throw malformed(`cannot be read: ${cause.options.publicDetail ?? cause.code}`, cause)
  }
}

function malformed(what: string, cause?: unknown): MayflyError {
  return new MayflyError('bundle_malformed', { publicDetail: `the offline bundle ${what}`, cause })
}
