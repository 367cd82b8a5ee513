/**
 * The limit of issuing a user of NATS: a fresh Ed25519 key, the claims, and a signature, with node:crypto and nothing checked.
 * Keys are taken over as the encoder of NATS writes them; what is left out is all that Mayfly does beside.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** @returns users a second */
export function measureRawUsers(accountKey: KeyObject, issuer: string, account: string, count: number): number {
  const header = Buffer.from('{"typ":"JWT","alg":"ed25519-nkey"}').toString('base64url')
  const startMs = performance.now()
  let bytes = 0
  for (let made = 0; made < count; made += 1) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
      publicKeyEncoding: { format: 'der', type: 'spki' },
    })
    const seed = base32(privateKey.subarray(-32))
    const iat = Math.floor(Date.now() / 1000)
    const claims = {
      iat,
      exp: iat + 300,
      name: 'mf_01kb00000000000000000000',
      sub: base32(publicKey.subarray(-32)),
      nats: {
        issuer_account: account,
        pub: { allow: ['orders.>'] },
        sub: { allow: ['orders.>'] },
        subs: -1,
        data: -1,
        payload: -1,
        type: 'user',
        version: 2,
      },
      iss: issuer,
      jti: '',
    }
    const jti = base32(createHash('sha512-256').update(JSON.stringify(claims)).digest())
    const signed = `${header}.${Buffer.from(JSON.stringify({ ...claims, jti })).toString('base64url')}`
    const token = `${signed}.${sign(null, Buffer.from(signed), accountKey).toString('base64url')}`
    bytes += token.length + seed.length
  }
  if (bytes === 0) throw new Error('nothing was made')
  return (count * 1_000) / (performance.now() - startMs)
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function base32(bytes: Uint8Array): string {
  let text = ''
  let value = 0
  let bits = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((value >>> (bits - 5)) & 31)
  }
  return text + alphabet.charAt((value << (5 - bits)) & 31)
}
