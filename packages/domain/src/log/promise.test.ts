import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { encodeBase64Url, encodeUtf8 } from './bytes.ts'
import { canonicalJson } from './canonical-json.ts'
import { encodePromise, openPromise } from './promise.ts'
import { verifyEd25519 } from './testdata/node-crypto.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const publicKey = Buffer.from(String(createPublicKey(privateKey).export({ format: 'jwk' }).x), 'base64url')
const keys = [{ keyId: 'p1', publicKey }]
const signer = { keyId: 'p1', sign: (message: Uint8Array) => sign(null, message, privateKey) }
const promise = {
  log: 'mayfly.example/log/default',
  entryId: '01970000-0000-7000-8000-000000000001',
  leafHash: new Uint8Array(32).fill(9),
  madeAt: new Date('2026-11-22T11:00:00.000Z'),
  mergeBy: new Date('2026-11-22T11:00:05.000Z'),
}
const open = (jws: string) => openPromise(verifyEd25519, keys, promise.log, jws)

/** A promise with another header or payload, properly signed. */
function forge(header: object, payload: object): string {
  const part = (value: object) => encodeBase64Url(encodeUtf8(canonicalJson(value as never)))
  const signed = `${part(header)}.${part(payload)}`
  return `${signed}.${encodeBase64Url(signer.sign(encodeUtf8(signed)))}`
}

const header = { alg: 'Ed25519', kid: 'p1', typ: 'mayfly-promise' }
const payload = {
  entry_id: promise.entryId,
  leaf_hash: encodeBase64Url(promise.leafHash),
  log: promise.log,
  made_at: '2026-11-22T11:00:00.000Z',
  merge_by: '2026-11-22T11:00:05.000Z',
}

test('a promise is read as it was made', () => {
  expect(open(encodePromise(promise, signer))).toEqual(promise)
  expect(encodePromise(promise, signer), 'control: the forge makes the same').toBe(forge(header, payload))
})

test.each([
  ['another type', forge({ ...header, typ: 'JWT' }, payload)],
  ['no algorithm', forge({ ...header, alg: 'none' }, payload)],
  ['another algorithm', forge({ ...header, alg: 'HS256' }, payload)],
  ['an unknown key', forge({ ...header, kid: 'p2' }, payload)],
  ['another log', forge(header, { ...payload, log: 'mayfly.example/log/other' })],
  ['a short hash', forge(header, { ...payload, leaf_hash: 'AAAA' })],
  ['a time that is none', forge(header, { ...payload, merge_by: 'soon' })],
  ['a missing member', forge(header, { log: promise.log })],
  ['a changed payload', forge(header, payload).replace(/\.[^.]+\./, `.${encodeBase64Url(encodeUtf8('{}'))}.`)],
  ['no signature', forge(header, payload).replace(/[^.]+$/, '')],
  ['a fourth part', `${forge(header, payload)}.AAAA`],
  ['endless length', `${forge(header, payload)}${'A'.repeat(5_000)}`],
])('a promise with %s is refused', (_, jws) => {
  expect(() => open(jws)).toThrow(/audit_verification_failed/)
})
