/**
 * A fresh key on P-256 for a certificate: its public half as certificates hold it, its private half as PEM (PKCS #8).
 *
 * Taken out as numbers and written here, in the one form that both have: OpenSSL's encoders cost twice what making the key
 * and signing for it do.
 */
import { generateKeyPairSync } from 'node:crypto'
import { encodePem, MayflyError, type PublicKeyInfo } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'

/** SubjectPublicKeyInfo (RFC 5480 section 2) up to the two coordinates. */
const publicPrefix = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')
/** Where the point begins: with the mark of one that is not compressed. */
const pointAt = publicPrefix.length - 1
/** PrivateKeyInfo (RFC 5958) with an ECPrivateKey (RFC 5915) up to its number, and from there to the coordinates. */
const privatePrefix = Buffer.from('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420', 'hex')
const privateMiddle = Buffer.from('a14403420004', 'hex')
const numberBytes = 32

export interface MadeKey {
  readonly publicKey: PublicKeyInfo
  readonly privateKeyPem: Secret
}

export function makeKey(): MadeKey {
  const {
    x = '',
    y = '',
    d = '',
  } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'jwk',
  })
  const [left, right, number] = [x, y, d].map((text) => Buffer.from(text, 'base64url'))
  if (left?.length !== numberBytes || right?.length !== numberBytes || number?.length !== numberBytes) {
    throw new MayflyError('internal', { log: 'x509: a key was made whose numbers are of another size' })
  }
  const spki = Buffer.concat([publicPrefix, left, right])
  const der = Buffer.concat([privatePrefix, number, privateMiddle, left, right])
  return {
    publicKey: { kind: { keyType: 'EC', curve: 'P-256' }, spki, keyBytes: spki.subarray(pointAt) },
    privateKeyPem: new Secret(encodePem('PRIVATE KEY', der)),
  }
}
