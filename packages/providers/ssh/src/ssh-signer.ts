/** From a private key to what signs for SSH: certificates, and the proof of possession at a login. */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { type SshPublicKey, sshPublicKeyOf } from './ssh-public-key.ts'
import { mpint, sshString } from './ssh-wire.ts'

export interface SshSigner {
  readonly publicKey: SshPublicKey
  /** Algorithm and signature (RFC 4253 section 6.6, RFC 5656 section 3.1.2, RFC 8332, RFC 8709). */
  sign(bytes: Uint8Array): Uint8Array
}

/** @returns undefined for a key that is none of Ed25519, P-256, P-384 and RSA of 2,048 bits or more */
export function sshSignerOf(key: KeyObject): SshSigner | undefined {
  const publicKey = key.type === 'private' ? sshPublicKeyOf(key) : undefined
  if (publicKey === undefined) return undefined
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'ed25519') return { publicKey, sign: (bytes) => signature('ssh-ed25519', sign(null, bytes, key)) }
  if (type === 'rsa') {
    if ((details?.modulusLength ?? 0) < 2_048) return undefined
    // Never the `ssh-rsa` of RFC 4253: that is SHA-1.
    return { publicKey, sign: (bytes) => signature('rsa-sha2-512', sign('sha512', bytes, key)) }
  }
  const hash = details?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256'
  return {
    publicKey,
    sign(bytes) {
      const pair = sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' })
      const half = pair.length / 2
      return signature(publicKey.type, Buffer.concat([mpint(pair.subarray(0, half)), mpint(pair.subarray(half))]))
    },
  }
}

/** @returns undefined for what is no private key in PEM (PKCS #8, or what node:crypto reads), or of another kind */
export function readSignerPem(pem: string): SshSigner | undefined {
  try {
    return sshSignerOf(createPrivateKey(pem))
  } catch {
    // OpenSSL's reason would quote what was entered.
    return undefined
  }
}

function signature(algorithm: string, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([sshString(algorithm), sshString(bytes)])
}
