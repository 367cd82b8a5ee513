import { expect, test } from 'vitest'
import { decodeBase64, encodeUtf8 } from './bytes.ts'
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { formatLogProof, parseLogProof, verifyLogProof } from './log-proof.ts'
import { buildProof, inclusionRanges, leafHash, merkleRoot, type NodeId } from './merkle.ts'
import { noteVerifier, parseVerifierKey, signNote } from './note.ts'
import { sha256, signEd25519, verifyEd25519 } from './testdata/node-crypto.ts'

// Tessera's published test key and test log.
const origin = 'example.com/log/testdata'
const vkey = `${origin}+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx`
const seed = decodeBase64('AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg').subarray(1)
const verifiers = [noteVerifier(parseVerifierKey(sha256, vkey), verifyEd25519)]
const signer = { name: origin, keyId: '33d7b496', sign: (text: Uint8Array) => signEd25519(seed, text) }

const words = 'one two three four five six seven eit nain ten ileven twelf threeten fourten fivten'.split(' ')
const hashes = words.map((word) => leafHash(sha256, encodeUtf8(word)))
const root = merkleRoot(sha256, hashes)
const readNodes = async (nodes: readonly NodeId[]) =>
  nodes.map(({ level, index }) => merkleRoot(sha256, hashes.slice(index * 2 ** level, (index + 1) * 2 ** level)))

async function proofOf(index: number) {
  return {
    index,
    hashes: await buildProof(sha256, inclusionRanges(index, hashes.length), readNodes),
    checkpoint: await signNote(formatCheckpoint({ origin, size: hashes.length, root }), [signer]),
  }
}

test("a checkpoint signed with Tessera's test key is opened with its published key", async () => {
  const note = await signNote(formatCheckpoint({ origin, size: 15, root }), [signer])
  expect(note.split('\n').slice(0, 3)).toEqual([origin, '15', 'rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs='])
  expect(openCheckpoint(encodeUtf8(note), origin, verifiers)).toEqual({ origin, size: 15, root: new Uint8Array(root) })
})

test('a checkpoint of another log is refused though its signature is right', async () => {
  const note = await signNote(formatCheckpoint({ origin: 'example.com/other', size: 15, root }), [signer])
  expect(() => openCheckpoint(encodeUtf8(note), origin, verifiers)).toThrow(/of the log `example.com\/other`/)
  expect(() => openCheckpoint(encodeUtf8(note), 'example.com/other', verifiers)).toThrow(/not signed by its log/)
})

test('every entry has a proof that verifies, also after it went through its text form', async () => {
  for (const [index, hash] of hashes.entries()) {
    const proof = await proofOf(index)
    const read = parseLogProof(encodeUtf8(formatLogProof(proof)))
    expect(read.index).toBe(index)
    expect(verifyLogProof(sha256, read, { leafHash: hash, origin, verifiers }).size).toBe(15)
  }
})

test('a proof does not verify for another entry, log or key', async () => {
  const proof = await proofOf(4)
  const [first, , , , fifth] = hashes
  const right = { leafHash: fifth ?? root, origin, verifiers }
  expect(verifyLogProof(sha256, proof, right).size, 'control').toBe(15)
  expect(() => verifyLogProof(sha256, proof, { ...right, leafHash: first ?? root })).toThrow(/does not lead/)
  expect(() => verifyLogProof(sha256, proof, { ...right, origin: 'example.com/other' })).toThrow(/of the log/)
  expect(() => verifyLogProof(sha256, proof, { ...right, verifiers: [] })).toThrow(/no known key/)
})

test('extra data is carried through and stays outside the proof', async () => {
  const text = formatLogProof({ ...(await proofOf(0)), extra: encodeUtf8('hello') })
  expect(text.split('\n')[1]).toBe('extra aGVsbG8=')
  expect(parseLogProof(encodeUtf8(text)).extra).toEqual(encodeUtf8('hello'))
})

test('a proof in another shape is refused', async () => {
  const text = formatLogProof(await proofOf(4))
  expect(parseLogProof(encodeUtf8(text)).hashes, 'control').toHaveLength(4)
  for (const wrong of [
    text.replace('@v1', '@v2'),
    text.replace('index 4', 'index 04'),
    text.replace('index 4', 'index -1'),
    text.replace('index 4\n', ''),
    text.replace('index 4', 'index 99999999999999999'),
    text.replace('index 4\n', 'index 4\nAAAA\n'),
    text.replace('\n\n', '\n'),
    text.replace('index 4\n', `index 4\n${'47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'.repeat(60)}`),
  ]) {
    const check = () => {
      const proof = parseLogProof(encodeUtf8(wrong))
      verifyLogProof(sha256, proof, { leafHash: hashes[4] ?? root, origin, verifiers })
    }
    expect(check).toThrow(/audit_verification_failed/)
  }
})

test('a checkpoint in another shape is refused', () => {
  const text = formatCheckpoint({ origin, size: 15, root })
  expect(parseCheckpoint(`${text}extension\n`).size, 'control: extension lines are allowed').toBe(15)
  for (const wrong of [
    text.replace('15', '015'),
    text.replace('15', '-1'),
    text.replace('15', '9007199254740993'),
    text.replace('15', '1.5'),
    text.replace(origin, ''),
    text.slice(0, -1),
    `${text}\n`,
    `${text}\nextension\n`,
    text.replace('rKbD', ''),
  ]) {
    expect(() => parseCheckpoint(wrong)).toThrow(/audit_verification_failed/)
  }
})
