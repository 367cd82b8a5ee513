/**
 * Signed notes (C2SP signed-note): a text, and lines that say who signed it.
 *
 * Promise: the text is to be believed only when at least one known key signed it and no known key's signature fails.
 * Signatures by unknown keys are ignored, so that keys can be rotated and witnesses added.
 * Limit: Ed25519 (type 0x01) keys are read here; other types come in as a `NoteVerifier` of their own.
 */
import { MayflyError } from '../problem.ts'
import { concatBytes, decodeBase64, decodeUtf8, encodeBase64, encodeHex, encodeUtf8 } from './bytes.ts'
import type { Sha256 } from './merkle.ts'

/** A key by its name and short number; the two together name it (the number alone is easy to forge). */
export interface NoteKey {
  readonly name: string
  /** Eight hexadecimal digits. */
  readonly keyId: string
}

export interface NoteVerifier extends NoteKey {
  /** Says whether the signature is over this note text. */
  verify(text: Uint8Array, signature: Uint8Array): boolean
}

export interface NoteSigner extends NoteKey {
  sign(text: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export interface VerifierKey extends NoteKey {
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array
}

export interface NoteSignature extends NoteKey {
  readonly signature: Uint8Array
}

export interface Note {
  /** Ends in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const ed25519Type = 0x01
const maxSignatures = 100
const maxNoteSizeBytes = 1_000_000
const nameShape = /^[^\s+\p{White_Space}\p{Cc}\p{Surrogate}]+$/u
const signatureLine = /^— ([^ ]+) ([^ ]+)$/
// Control characters other than newline; also what is not a whole character, which UTF-8 cannot carry.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u

export function noteKeyId(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): string {
  return encodeHex(sha256(concatBytes(encodeUtf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4))
}

/** The key of an Ed25519 public key under a name. */
export function verifierKey(sha256: Sha256, name: string, publicKey: Uint8Array): VerifierKey {
  if (!nameShape.test(name)) throw refuse('a key name is empty or holds a space or `+`')
  if (publicKey.length !== 32) throw refuse('an Ed25519 public key is not 32 bytes long')
  return { name, keyId: noteKeyId(sha256, name, ed25519Type, publicKey), publicKey }
}

/** A vkey: `name+keyid+base64(type, public key)`. */
export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${key.keyId}+${encodeBase64(concatBytes(Uint8Array.of(ed25519Type), key.publicKey))}`
}

/** @throws MayflyError `audit_verification_failed`: not a vkey, not Ed25519, or its number does not fit its key */
export function parseVerifierKey(sha256: Sha256, vkey: string): VerifierKey {
  // A name has no `+`, but the key that follows may have several: base64 uses it.
  const [, name, keyId, encoded] = /^([^+]+)\+([^+]{8})\+(.+)$/s.exec(vkey) ?? []
  if (name === undefined || keyId === undefined || encoded === undefined) {
    throw refuse('a verifier key is not of the form `name+keyid+key`')
  }
  const bytes = decodeBase64(encoded)
  if (bytes[0] !== ed25519Type) throw refuse(`the verifier key of \`${name}\` is not an Ed25519 key`)
  const key = verifierKey(sha256, name, bytes.subarray(1))
  if (key.keyId !== keyId) throw refuse(`the verifier key of \`${name}\` does not fit its key id`)
  return key
}

export function noteVerifier(key: VerifierKey, verifyEd25519: VerifyEd25519): NoteVerifier {
  return {
    name: key.name,
    keyId: key.keyId,
    verify: (text, signature) => signature.length === 64 && verifyEd25519(key.publicKey, text, signature),
  }
}

export function formatNote(note: Note): string {
  requireText(note.text)
  const lines = note.signatures.map(({ name, keyId, signature }) => {
    if (!nameShape.test(name)) throw refuse('a key name is empty or holds a space or `+`')
    return `— ${name} ${encodeBase64(concatBytes(hexBytes(keyId), signature))}\n`
  })
  return `${note.text}\n${lines.join('')}`
}

export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<string> {
  requireText(text)
  const message = encodeUtf8(text)
  const signatures = await Promise.all(
    signers.map(async (signer) => ({
      name: signer.name,
      keyId: signer.keyId,
      signature: await signer.sign(message),
    })),
  )
  return formatNote({ text, signatures })
}

/**
 * Takes a note apart. Does NOT check any signature: use `openNote` before believing the text.
 *
 * @throws MayflyError `audit_verification_failed`
 */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > maxNoteSizeBytes) throw refuse('a signed note is larger than 1,000,000 bytes')
  const whole = decodeUtf8(bytes)
  const split = whole.lastIndexOf('\n\n')
  if (split < 0 || !whole.endsWith('\n')) throw refuse('a signed note has no signatures')
  const text = whole.slice(0, split + 1)
  requireText(text)
  const lines = whole.slice(split + 2, -1).split('\n')
  if (lines.length > maxSignatures) throw refuse(`a signed note has more than ${maxSignatures} signatures`)
  return { text, signatures: lines.map(parseSignature) }
}

/**
 * Takes a note apart and checks it.
 *
 * @returns the note with only those signatures that were checked, at least one
 * @throws MayflyError `audit_verification_failed`: no known key signed it, or a known key's signature fails
 */
export function openNote(bytes: Uint8Array, verifiers: readonly NoteVerifier[]): Note {
  const note = parseNote(bytes)
  const message = encodeUtf8(note.text)
  const verified = note.signatures.filter(({ name, keyId, signature }) => {
    const known = verifiers.filter((verifier) => verifier.name === name && verifier.keyId === keyId)
    if (known.length > 1) throw new MayflyError('internal', { log: `two verifiers are called ${name}+${keyId}` })
    if (known[0] && !known[0].verify(message, signature)) throw refuse(`the signature of \`${name}\` does not verify`)
    return known.length === 1
  })
  if (verified.length === 0) throw refuse('no known key signed the note')
  return { text: note.text, signatures: verified }
}

function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = signatureLine.exec(line) ?? []
  if (name === undefined || encoded === undefined || !nameShape.test(name))
    throw refuse('a signature line is malformed')
  const bytes = decodeBase64(encoded)
  if (bytes.length < 5) throw refuse('a signature line is too short')
  return { name, keyId: encodeHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) }
}

function requireText(text: string): void {
  if (!text.endsWith('\n')) throw refuse('the text of a note does not end in a newline')
  if (forbidden.test(text)) throw refuse('the text of a note holds a control character')
}

function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function refuse(publicDetail: string): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail })
}
