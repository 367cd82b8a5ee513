/** From PEM to an authority that can sign, and from nothing to a new one. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  type Certificate,
  emptyName,
  encodeCertificate,
  encodeName,
  encodePem,
  equalBytes,
  isX509Fault,
  MayflyError,
  parseCertificate,
  parsePemOf,
  type X509Signer,
} from '@mayfly/domain'
import { isKeyAllowed, keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeCaSerialNumber } from './serial-number.ts'
import type { X509Settings } from './x509-settings.ts'

export interface Authority {
  readonly certificate: Certificate
  readonly certificatePem: string
  readonly signer: X509Signer
  readonly keyId: Uint8Array
}

export function isCertificatePem(text: string): boolean {
  return readCertificatePem(text) !== undefined
}

export function isPrivateKeyPem(text: string): boolean {
  const key = readKeyPem(text)
  return key !== undefined && key.asymmetricKeyType !== 'ed25519'
}

function readCertificatePem(text: string): Certificate | undefined {
  const pem = parsePemOf('CERTIFICATE', text)
  if (isX509Fault(pem) || pem.ders.length !== 1) return undefined
  const certificate = parseCertificate(pem.ders[0] ?? emptyName)
  return isX509Fault(certificate) ? undefined : certificate
}

function readKeyPem(text: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(text)
    return isKeyAllowed(publicKeyInfoOf(createPublicKey(key))) ? key : undefined
  } catch {
    // What is no key has no better reason to give: OpenSSL's would quote what was entered.
    return undefined
  }
}

/** @throws MayflyError `settings_invalid`: what was entered is no authority, or the key is another one's */
export function readAuthority(certificatePem: string, keyPem: string, now: Date): Authority {
  const refuse = (publicDetail: string, hint?: string) =>
    new MayflyError('settings_invalid', { publicDetail, ...(hint === undefined ? {} : { hint }) })
  const certificate = readCertificatePem(certificatePem)
  const key = readKeyPem(keyPem)
  if (certificate === undefined || key === undefined) throw refuse('the authority is not a certificate and its key')
  const own = publicKeyInfoOf(createPublicKey(key))
  if (!equalBytes(own.spki, certificate.publicKey.spki)) throw refuse('the private key is not that of the certificate')
  if (certificate.basicConstraints?.isCa !== true) throw refuse('the certificate is not one of an authority')
  const usage = certificate.keyUsage
  if (usage !== undefined && !(usage.has('keyCertSign') && usage.has('cRLSign'))) {
    throw refuse(
      'the key of the authority may not sign both certificates and CRLs',
      'its key usage needs keyCertSign and cRLSign',
    )
  }
  if (certificate.notAfter <= now) throw refuse('the certificate of the authority has ended')
  return {
    certificate,
    certificatePem: encodePem('CERTIFICATE', certificate.der),
    signer: x509SignerOfKey(key),
    keyId: certificate.subjectKeyId ?? keyIdOf(certificate.publicKey),
  }
}

/** A self-signed authority with a fresh key. */
export function makeAuthority(settings: X509Settings, now: Date): { certificatePem: string; keyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: settings.key_type })
  const info = publicKeyInfoOf(publicKey)
  const keyId = keyIdOf(info)
  const name = encodeName([
    ...(settings.organization === undefined ? [] : [{ type: 'O', value: settings.organization } as const]),
    { type: 'CN', value: settings.common_name },
  ])
  const der = encodeCertificate(
    { signer: x509SignerOfKey(privateKey), name, keyId },
    {
      serialNumber: makeCaSerialNumber(),
      subject: name,
      notBefore: new Date(now.getTime() - 300_000),
      notAfter: new Date(now.getTime() + settings.authority_days * 86_400_000),
      publicKey: info,
      subjectKeyId: keyId,
      // Nothing stands below it but what it signs itself.
      basicConstraints: { isCa: true, maxPathLength: 0 },
      keyUsage: ['keyCertSign', 'cRLSign', 'digitalSignature'],
    },
  )
  return {
    certificatePem: encodePem('CERTIFICATE', der),
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}
