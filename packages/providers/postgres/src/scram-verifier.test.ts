import { createHmac } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { newPassword, scramVerifier } from './scram-verifier.ts'

test('the server key is that of the example in RFC 7677 section 3', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const verifier = await scramVerifier(new Secret('pencil'), 4096, salt)
  expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$[\w+/]{43}=:[\w+/]{43}=$/)
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const authMessage = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`
  const serverKey = Buffer.from(verifier.slice(verifier.lastIndexOf(':') + 1), 'base64')
  expect(createHmac('sha256', serverKey).update(authMessage).digest('base64')).toBe(
    '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  )
})

test('a password has 256 random bits and fits a URL as it is', () => {
  const passwords = Array.from({ length: 100 }, () => newPassword().reveal())
  for (const password of passwords) {
    expect(password).toMatch(/^[\w-]{43}$/)
    expect(encodeURIComponent(password)).toBe(password)
  }
  expect(new Set(passwords).size).toBe(100)
})

test('a verifier does not hold the password', async () => {
  const password = newPassword()
  expect(await scramVerifier(password, 16)).not.toContain(password.reveal())
})
