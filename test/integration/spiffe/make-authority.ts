/** Authorities of test's own: of another trust domain, or above ours. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  type CertificateTemplate,
  encodeCertificate,
  encodeName,
  encodePem,
  isX509Fault,
  parseCertificationRequest,
  parsePemOf,
  prepareSvidIssuer,
  svidAuthorityName,
  svidAuthorityTemplate,
} from '@mayfly/domain'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../../../packages/server/src/adapters/x509/sign-certificate.ts'

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

/** Signs our request for an authority, and gives it with the path down to the root, PEM. */
export function signAuthorityRequest(
  csr: string,
  ...[above, ...further]: readonly [TestAuthority, ...TestAuthority[]]
): string {
  return signRequestAs(csr, above, further, (template) => template)
}

export function signRequestAs(
  csr: string,
  above: TestAuthority,
  further: readonly TestAuthority[],
  change: (template: CertificateTemplate) => CertificateTemplate,
): string {
  const read = parsePemOf('CERTIFICATE REQUEST', csr)
  const request = isX509Fault(read) ? read : parseCertificationRequest(read.ders[0] ?? new Uint8Array())
  if (isX509Fault(request)) throw new Error(request.fault)
  const uri = request.subjectAltName?.uri[0] ?? ''
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000)
  const template = svidAuthorityTemplate({
    trustDomain: uri.replace('spiffe://', ''),
    publicKey: request.publicKey,
    subjectKeyId: keyIdOf(request.publicKey),
    serialNumber: makeSerialNumber(),
    notBefore,
    notAfter: new Date(notBefore.getTime() + 60 * 86_400_000),
    maxPathLength: 0,
  })
  const issuer = { signer: x509SignerOfKey(above.privateKey), name: above.name, keyId: above.keyId }
  const der = encodeCertificate(issuer, change(template))
  return [der, above.der, ...further.map((each) => each.der)].map((each) => encodePem('CERTIFICATE', each)).join('')
}
