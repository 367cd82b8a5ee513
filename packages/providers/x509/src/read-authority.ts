/** From PEM to an authority that can sign, and from nothing to a new one. */
import { createPublicKey } from 'node:crypto'
import { type Certificate, encodeName, encodePem, equalBytes, MayflyError, type X509Signer } from '@mayfly/domain'
import {
  keyIdOf,
  makeAuthority,
  publicKeyInfoOf,
  readCertificatePem,
  readPrivateKeyPem,
  x509SignerOfKey,
} from '@mayfly/provider-kit'
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
  const key = readPrivateKeyPem(text)
  return key !== undefined && key.asymmetricKeyType !== 'ed25519'
}

/** @throws MayflyError `settings_invalid`: what was entered is no authority, or the key is another one's */
export function readAuthority(certificatePem: string, keyPem: string, now: Date): Authority {
  const refuse = (publicDetail: string, hint?: string) =>
    new MayflyError('settings_invalid', { publicDetail, ...(hint === undefined ? {} : { hint }) })
  const certificate = readCertificatePem(certificatePem)
  const key = readPrivateKeyPem(keyPem)
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

/** A new authority in the words of the settings. */
export function makeNamedAuthority(
  { organization, common_name: commonName, key_type: keyType, authority_days: lifetimeDays }: X509Settings,
  now: Date,
) {
  const name = encodeName([
    ...(organization === undefined ? [] : [{ type: 'O', value: organization } as const]),
    { type: 'CN', value: commonName },
  ])
  const keyUsage = ['keyCertSign', 'cRLSign', 'digitalSignature'] as const
  return makeAuthority({ nameOf: () => name, keyType, lifetimeDays, keyUsage }, now)
}
