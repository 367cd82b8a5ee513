/** Certificates put together by hand, also such as no encoder of ours would write. Only for tests: the key is made anew. */
import { generateKeyPairSync, sign } from 'node:crypto'
import {
  derBitString,
  derContext,
  derInteger,
  derSequence,
  derTime,
  encodeName,
  encodeSignatureAlgorithm,
  isX509Fault,
  parsePublicKey,
  type PublicKeyInfo,
  type X509Signer,
} from '../index.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

export const testSigner: X509Signer = {
  algorithm: 'ecdsa-with-SHA256',
  sign: (signedBytes) => sign('sha256', signedBytes, privateKey),
}

export const testPublicKey: PublicKeyInfo = readKey(publicKey.export({ format: 'der', type: 'spki' }))

export function readKey(spki: Uint8Array): PublicKeyInfo {
  const key = parsePublicKey(Uint8Array.from(spki))
  if (isX509Fault(key)) throw new Error(key.fault)
  return key
}

/** The fields of a certificate in their order, each DER; what is given replaces what would be there. */
export interface RawFields {
  readonly version?: Uint8Array
  readonly serialNumber?: Uint8Array
  readonly algorithm?: Uint8Array
  readonly outerAlgorithm?: Uint8Array
  readonly issuer?: Uint8Array
  readonly validity?: Uint8Array
  readonly subject?: Uint8Array
  readonly spki?: Uint8Array
  /** Whole Extension elements. */
  readonly extensions?: readonly Uint8Array[]
  readonly after?: Uint8Array
}

export function rawCertificate(fields: RawFields = {}): Uint8Array {
  const algorithm = fields.algorithm ?? encodeSignatureAlgorithm('ecdsa-with-SHA256')
  const name = encodeName([{ type: 'CN', value: 'raw' }])
  const tbs = derSequence(
    fields.version ?? derContext(0, derInteger(2)),
    fields.serialNumber ?? derInteger(7),
    algorithm,
    fields.issuer ?? name,
    fields.validity ??
      derSequence(derTime(new Date('2026-01-01T00:00:00Z')), derTime(new Date('2027-01-01T00:00:00Z'))),
    fields.subject ?? name,
    fields.spki ?? testPublicKey.spki,
    ...(fields.extensions === undefined ? [] : [derContext(3, derSequence(...fields.extensions))]),
    ...(fields.after === undefined ? [] : [fields.after]),
  )
  return derSequence(tbs, fields.outerAlgorithm ?? algorithm, derBitString(testSigner.sign(tbs)))
}
