import { createPrivateKey, createPublicKey } from 'node:crypto'
import { parsePublicKey } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { makeKey } from './make-key.ts'

test('both halves are written as OpenSSL writes them, and belong together', () => {
  const made = Array.from({ length: 300 }, makeKey)
  for (const { publicKey, privateKeyPem } of made) {
    const key = createPrivateKey(privateKeyPem.reveal())
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect(key.export({ format: 'pem', type: 'pkcs8' })).toBe(privateKeyPem.reveal())
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
    expect(Buffer.from(publicKey.spki).equals(spki)).toBe(true)
    expect(publicKey, 'as one that was sent is read').toEqual(parsePublicKey(publicKey.spki))
  }
  expect(new Set(made.map(({ privateKeyPem }) => privateKeyPem.reveal())).size, 'none twice').toBe(made.length)
})
