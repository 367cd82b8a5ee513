import { createHash, createHmac } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { makeScramVerifier } from './scram-verifier.ts'

/** The exchange of RFC 7677 section 3: user `user`, password `pencil`. */
const authMessage =
  'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const clientProof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')
const serverSignature = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

test('with the verifier, both sides of the exchange in RFC 7677 can be checked', () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const verifier = makeScramVerifier(new Secret('pencil'), { salt, iterations: 4096 })
  const [head, count, keys] = verifier.split('$')
  expect([head, count]).toEqual(['SCRAM-SHA-256', '4096:W22ZaJ0SNY7soEsUEjb6gQ=='])
  const [storedKey, serverKey] = (keys ?? '').split(':').map((key) => Buffer.from(key, 'base64'))
  if (storedKey === undefined || serverKey === undefined) throw new Error('the verifier lacks a key')
  const sign = (key: Uint8Array): Buffer => createHmac('sha256', key).update(authMessage).digest()
  expect(sign(serverKey).toString('base64')).toBe(serverSignature)
  const clientKey = sign(storedKey).map((byte, index) => byte ^ (clientProof[index] ?? 0))
  expect(createHash('sha256').update(clientKey).digest()).toEqual(storedKey)
})

test('the same password never gives the same verifier twice', () => {
  const password = new Secret('pencil')
  expect(makeScramVerifier(password)).not.toBe(makeScramVerifier(password))
})

test.for(['', 'a'.repeat(129), 'naïve', 'two\nlines'])('the password %j is refused, and not shown', (text) => {
  expect(() => makeScramVerifier(new Secret(text))).toThrow(
    new RangeError('a password must be 1 to 128 printable ASCII characters'),
  )
})
