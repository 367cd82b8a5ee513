/** Authorities of test's own: of another trust domain, or above ours. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  type CertificateTemplate,
  encodeCertificate,
  encodeName,
  prepareSvidIssuer,
  svidAuthorityName,
  svidAuthorityTemplate,
} from '@mayfly/domain'
import {
  keyIdOf,
  makeSerialNumber,
  publicKeyInfoOf,
  x509SignerOfKey,
} from '../../../packages/server/src/adapters/x509/sign-certificate.ts'

export interface TestAuthority {
  readonly privateKey: KeyObject
  readonly der: Uint8Array
  readonly name: Uint8Array
  readonly keyId: Uint8Array
  readonly notAfter: Date
}

const year = 365 * 86_400_000

/** A root, or one that `above` signed. */
export function makeAuthority(options: {
  readonly trustDomain?: string
  readonly commonName?: string
  readonly above?: TestAuthority
  readonly change?: (template: CertificateTemplate) => CertificateTemplate
  readonly key?: KeyObject
}): TestAuthority {
  const privateKey = options.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const publicKey = publicKeyInfoOf(createPublicKey(privateKey))
  const keyId = keyIdOf(publicKey)
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000)
  const notAfter = new Date(notBefore.getTime() + year)
  const trustDomain = options.trustDomain ?? 'example.org'
  const name =
    options.commonName === undefined
      ? svidAuthorityName(trustDomain, keyId)
      : encodeName([{ type: 'CN', value: options.commonName }])
  const common = { publicKey, subjectKeyId: keyId, serialNumber: makeSerialNumber(), notBefore, notAfter }
  const template: CertificateTemplate =
    options.commonName === undefined
      ? svidAuthorityTemplate({ trustDomain, ...common })
      : { ...common, subject: name, basicConstraints: { isCa: true }, keyUsage: ['keyCertSign', 'cRLSign'] }
  const signing = options.above ?? { privateKey, name, keyId }
  const issuer = { signer: x509SignerOfKey(signing.privateKey), name: signing.name, keyId: signing.keyId }
  const der = encodeCertificate(issuer, options.change?.(template) ?? template)
  return { privateKey, der, name, keyId, notAfter }
}

/** An X509-SVID with its key. */
export function makeLeaf(
  authority: TestAuthority,
  spiffeId: string,
  more: { readonly dnsNames?: readonly string[] } = {},
): { readonly privateKey: KeyObject; readonly der: Uint8Array; readonly serialNumber: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const info = publicKeyInfoOf(publicKey)
  const serialNumber = makeSerialNumber()
  const encode = prepareSvidIssuer({
    signer: x509SignerOfKey(authority.privateKey),
    name: authority.name,
    keyId: authority.keyId,
    notAfter: authority.notAfter,
  })
  const { der } = encode({
    spiffeId,
    publicKey: info,
    subjectKeyId: keyIdOf(info),
    serialNumber,
    now: new Date(),
    ttlSeconds: 3_600,
    ...more,
  })
  return { privateKey, der, serialNumber }
}
