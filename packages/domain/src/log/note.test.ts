import { expect, test } from 'vitest'
import { decodeBase64, encodeUtf8 } from './bytes.ts'
import {
  formatVerifierKey,
  noteVerifier,
  openNote,
  parseNote,
  parseVerifierKey,
  signNote,
  verifierKey,
} from './note.ts'
import { sha256, signEd25519, verifyEd25519 } from './testdata/node-crypto.ts'

// The example of C2SP signed-note.
const exampleKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const exampleNote = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`
const example = noteVerifier(parseVerifierKey(sha256, exampleKey), verifyEd25519)
const open = (note: string) => openNote(encodeUtf8(note), [example])

test('the example of the specification verifies', () => {
  const note = open(exampleNote)
  expect(note.text).toBe('This is an example message.\n')
  expect(note.signatures.map(({ name, keyId }) => `${name}+${keyId}`)).toEqual(['example.com/foo+530d903a'])
  expect(formatVerifierKey(parseVerifierKey(sha256, exampleKey))).toBe(exampleKey)
})

test('a verifier key is read although its base64 looks like the start of another', () => {
  const keys = Array.from({ length: 2_000 }, (_, seed) =>
    verifierKey(sha256, 'example.com/plus', sha256(encodeUtf8(String(seed)))),
  )
  const misleading = keys.filter((key) => /\+.{8}\+/.test(formatVerifierKey(key).slice('example.com/plus+'.length + 9)))
  expect(misleading.length, 'control: there are such keys').toBeGreaterThan(0)
  const texts = misleading.map(formatVerifierKey)
  expect(texts.map((vkey) => formatVerifierKey(parseVerifierKey(sha256, vkey)))).toEqual(texts)
})

test('another text under the same signature is refused', () => {
  expect(() => open(exampleNote.replace('example message', 'exanple message'))).toThrow(/does not verify/)
})

test('signatures by unknown keys are ignored, even under the known name or the known number', () => {
  const strangers = [
    `— example.com/bar Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n`,
    `— example.com/foo AAAAAEn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n`,
  ]
  expect(open(exampleNote + strangers.join('').repeat(10)).signatures).toHaveLength(1)
  expect(() => open(`This is an example message.\n\n${strangers.join('')}`)).toThrow(/no known key/)
})

test('a failing signature by a known key rejects the note though another verifies', async () => {
  const seed = new Uint8Array(32).fill(7)
  const own = await ownSigner(seed, 'example.com/own')
  const both = await signNote('text\n', [own.signer])
  const [, line = ''] = both.split('\n\n')
  const forged = line.replace(/.{8}\n$/, 'AAAAAA==\n')
  expect(openNote(encodeUtf8(`text\n\n${line}`), [own.verifier]).signatures, 'control').toHaveLength(1)
  expect(() => openNote(encodeUtf8(`text\n\n${line}${forged}`), [own.verifier])).toThrow(/does not verify/)
})

test('sixteen signatures and more are accepted', async () => {
  const keys = await Promise.all(
    Array.from({ length: 16 }, (_, at) => ownSigner(new Uint8Array(32).fill(at + 1), `example.com/key${at}`)),
  )
  const note = await signNote(
    'text\n',
    keys.map(({ signer }) => signer),
  )
  const opened = openNote(
    encodeUtf8(note),
    keys.map(({ verifier }) => verifier),
  )
  expect(opened.signatures).toHaveLength(16)
})

test('the text may hold empty lines: the last one parts it from the signatures', async () => {
  const { signer, verifier } = await ownSigner(new Uint8Array(32).fill(3), 'example.com/own')
  const note = await signNote('one\n\ntwo\n', [signer])
  expect(openNote(encodeUtf8(note), [verifier]).text).toBe('one\n\ntwo\n')
})

test.each([
  ['no signature', 'text\n\n'],
  ['no empty line', 'text\n— example.com/foo Uw2QOkn8\n'],
  ['no newline at the end', exampleNote.slice(0, -1)],
  ['a control character', exampleNote.replace('an', 'a\u0001')],
  ['a carriage return', exampleNote.replace('message.', 'message.\r')],
  ['a hyphen for the dash', exampleNote.replace('—', '-')],
  ['a name with a plus', exampleNote.replace('example.com/foo', 'example.com/f+o')],
  ['a name with a no-break space', exampleNote.replace('example.com/foo', 'example.com/f\u00a0o')],
  ['a third word', exampleNote.replace('M=\n', 'M= x\n')],
  ['base64 without padding', exampleNote.replace('M=\n', 'M\n')],
  ['a signature of four bytes', 'text\n\n— example.com/foo Uw2QOg==\n'],
  ['101 signatures', `text\n\n${'— example.com/foo Uw2QOkn8\n'.repeat(101)}`],
  ['a million bytes', `${'x'.repeat(1_000_000)}${exampleNote}`],
])('a note with %s is refused', (_, note) => {
  expect(() => parseNote(encodeUtf8(note))).toThrow(/audit_verification_failed/)
})

test.each([
  ['another number', exampleKey.replace('530d903a', '530d903b')],
  ['another type', exampleKey.replace('+Aeky', '+Auky')],
  ['a cut key', 'example.com/foo+530d903a+AekyeRrm'],
  ['no name', exampleKey.replace('example.com/foo', '')],
  ['no number', 'example.com/foo'],
])('a verifier key with %s is refused', (_, vkey) => {
  expect(() => parseVerifierKey(sha256, vkey)).toThrow(/audit_verification_failed/)
})

async function ownSigner(seed: Uint8Array, name: string) {
  const key = verifierKey(sha256, name, await publicKeyOf(seed))
  return {
    signer: { name, keyId: key.keyId, sign: (text: Uint8Array) => signEd25519(seed, text) },
    verifier: noteVerifier(key, verifyEd25519),
  }
}

async function publicKeyOf(seed: Uint8Array): Promise<Uint8Array> {
  const { createPrivateKey, createPublicKey } = await import('node:crypto')
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const jwk = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' })
  return decodeBase64(Buffer.from(String(jwk.x), 'base64url').toString('base64'))
}
