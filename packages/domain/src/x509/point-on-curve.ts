import { encodeHex } from '../log/bytes.ts'
import type { EllipticCurve, PublicKeyInfo } from './public-key.ts'

/** y² = x³ − 3x + b over the integers modulo p (NIST SP 800-186, section 3.2.1). */
interface Curve {
  readonly p: bigint
  readonly b: bigint
}

const curves: Readonly<Record<EllipticCurve, Curve>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

/**
 * Whether an uncompressed point, as `parsePublicKey` reads it, lies on its curve (NIST SP 800-56A, section 5.6.2.3.4;
 * decision 0038). These curves have no points of a small order, so that nothing else is to be asked of one.
 *
 * Instead of importing the key where it is used for nothing else: OpenSSL takes as long for that as for a signature. In the
 * clear, and in no constant time: what is judged is public.
 *
 * @returns undefined for a key that is none of an elliptic curve
 */
export function isPointOnCurve({ kind, keyBytes }: PublicKeyInfo): boolean | undefined {
  if (kind.keyType !== 'EC') return undefined
  const { p, b } = curves[kind.curve]
  const size = (keyBytes.length - 1) / 2
  const x = numberOf(keyBytes.subarray(1, 1 + size))
  const y = numberOf(keyBytes.subarray(1 + size))
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${encodeHex(bytes)}`)
}
