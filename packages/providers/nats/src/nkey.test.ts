import { createAccount, createOperator, createUser, fromPublic, fromSeed, type KeyPair } from '@nats-io/nkeys'
import { describe, expect, test } from 'vitest'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { isPublicNkey, makeNkey, type NkeyKind, readSeed, verifyByNkey } from './nkey.ts'

const theirs: Readonly<Record<NkeyKind, () => KeyPair>> = {
  operator: createOperator,
  account: createAccount,
  user: createUser,
}
const kinds = ['operator', 'account', 'user'] as const satisfies readonly NkeyKind[]
const data = Buffer.from('what is signed')

describe.each(kinds)('an nkey of kind %s', (kind) => {
  test('that we make, @nats-io/nkeys reads and believes', () => {
    const { key, seed } = makeNkey(kind)
    const read = fromSeed(Buffer.from(seed))
    expect(read.getPublicKey()).toBe(key.publicKey)
    expect(fromPublic(key.publicKey).verify(data, key.sign(data))).toBe(true)
    expect(fromPublic(key.publicKey).verify(Buffer.from('another'), key.sign(data)), 'control').toBe(false)
  })

  test('that they make, we read and believe, and only as what it is', () => {
    const pair = theirs[kind]()
    const seed = Buffer.from(pair.getSeed()).toString()
    const publicKey = pair.getPublicKey()
    expect(readSeed(kind, seed)?.publicKey).toBe(publicKey)
    expect(isPublicNkey(kind, publicKey)).toBe(true)
    expect(verifyByNkey(kind, publicKey, data, pair.sign(data))).toBe(true)
    expect(verifyByNkey(kind, publicKey, Buffer.from('another'), pair.sign(data)), 'control').toBe(false)
    for (const other of kinds.filter((one) => one !== kind)) {
      expect(readSeed(other, seed)).toBeUndefined()
      expect(isPublicNkey(other, publicKey)).toBe(false)
    }
    expect(readSeed(kind, publicKey), 'a public key is no seed').toBeUndefined()
    expect(isPublicNkey(kind, seed), 'a seed is no public key').toBe(false)
  })

  test('of which one letter was changed is none', () => {
    const { key, seed } = makeNkey(kind)
    for (const text of [key.publicKey, seed]) {
      for (let at = 0; at < text.length; at += 1) {
        const wrong = text.slice(0, at) + (text[at] === 'B' ? 'C' : 'B') + text.slice(at + 1)
        expect(readSeed(kind, wrong) ?? isPublicNkey(kind, wrong), wrong).toBe(false)
      }
    }
  })
})

test('never the same twice', () => {
  expect(new Set(Array.from({ length: 200 }, () => makeNkey('user').seed)).size).toBe(200)
})

test('base32 is as in RFC 4648 section 10, without padding, and one text for one value', () => {
  const examples = { f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' }
  for (const [plain, text] of Object.entries(examples)) {
    expect(encodeBase32(Buffer.from(plain))).toBe(text)
    expect(Buffer.from(decodeBase32(text) ?? []).toString()).toBe(plain)
  }
  for (const wrong of ['MZ', 'my', 'MZXW6=', 'M', '0', 'MZXW6YTBO1', 'MY ']) expect(decodeBase32(wrong)).toBeUndefined()
})
