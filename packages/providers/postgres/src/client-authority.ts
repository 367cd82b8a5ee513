/**
 * The client CA of a resource: what signs the certificates of its logins, and what the target's `ssl_ca_file` holds.
 *
 * Promise: the key is made here and sealed with the resource's secret; only the certificate is ever shown. What was made or
 * entered before is kept whenever the login is entered anew, or its password changes: a target knows it by heart.
 */
import { createPublicKey } from 'node:crypto'
import { type CertificateTemplate, encodeName, encodePem, equalBytes, MayflyError, prepareIssuer } from '@mayfly/domain'
import {
  keyIdOf,
  makeAuthority,
  publicKeyInfoOf,
  readCertificatePem,
  readPrivateKeyPem,
  Secret,
  x509SignerOfKey,
} from '@mayfly/provider-kit'
import { type PostgresSecret, type PostgresSettings, secretText } from './postgres-settings.ts'

const authorityDays = 3_650

export interface ClientAuthority {
  readonly certificatePem: string
  readonly notAfter: Date
  /** Signs; the answer is DER. */
  encode(template: CertificateTemplate): Uint8Array
}

type AuthorityFields = Pick<PostgresSecret, 'client_ca_certificate_pem' | 'client_ca_private_key_pem'>

/**
 * What was entered, with a client CA where the resource needs one: the one that was entered, else the one that was there
 * before, else a new one.
 *
 * @throws MayflyError `settings_invalid`: what was entered is no CA and its key
 */
export async function completeSecret(
  { client_certificates: wanted }: PostgresSettings,
  entered: PostgresSecret,
  current: PostgresSecret | undefined,
): Promise<Secret> {
  const { username, password } = entered
  const given = authorityIn(entered)
  if (given !== undefined) readClientAuthority(given, new Date())
  const authority =
    given ?? (current && authorityIn(current)) ?? (wanted === undefined ? {} : makeClientAuthority(new Date()))
  return secretText({ username, password, ...authority })
}

function authorityIn({
  client_ca_certificate_pem: certificate,
  client_ca_private_key_pem: key,
}: PostgresSecret): Required<AuthorityFields> | undefined {
  if (certificate === undefined || key === undefined) return undefined
  return { client_ca_certificate_pem: certificate, client_ca_private_key_pem: key }
}

/**
 * @throws MayflyError `settings_invalid`: there is no CA in the secret; what is there is not one, or not its key; or it
 * has ended
 */
export function readClientAuthority(secret: AuthorityFields, now: Date): ClientAuthority {
  const refuse = (publicDetail: string, hint: string) => new MayflyError('settings_invalid', { publicDetail, hint })
  const { client_ca_certificate_pem: pem, client_ca_private_key_pem: keyPem } = secret
  if (pem === undefined || keyPem === undefined) {
    throw refuse(
      'the resource has no client CA yet: it is made when the login is entered with `client_certificates` set',
      "enter the resource's secret again, e.g. `mayfly resource update RESOURCE --secret username=… --secret password=…`",
    )
  }
  const certificate = readCertificatePem(pem)
  const key = readPrivateKeyPem(keyPem.reveal())
  const both = 'enter `client_ca_certificate_pem` and `client_ca_private_key_pem` of one CA, or neither'
  if (certificate === undefined) throw refuse('the client CA is not one certificate in PEM', both)
  if (key === undefined) {
    throw refuse(
      'the key of the client CA is not a private key in PEM: P-256, P-384, Ed25519 or RSA from 2048 bits',
      both,
    )
  }
  const own = publicKeyInfoOf(createPublicKey(key))
  if (!equalBytes(own.spki, certificate.publicKey.spki))
    throw refuse('the private key is not that of the client CA', both)
  if (certificate.basicConstraints?.isCa !== true || certificate.keyUsage?.has('keyCertSign') === false) {
    throw refuse('the client CA may not sign certificates', 'enter a certificate with `CA:TRUE` and keyCertSign')
  }
  if (certificate.notAfter <= now) throw refuse('the client CA of the resource has ended', both)
  return {
    certificatePem: encodePem('CERTIFICATE', certificate.der),
    notAfter: certificate.notAfter,
    encode: prepareIssuer({
      signer: x509SignerOfKey(key),
      name: certificate.subject.der,
      keyId: certificate.subjectKeyId ?? keyIdOf(certificate.publicKey),
    }),
  }
}

/** For client certificates and for nothing below them. Its name tells it from others in one `ssl_ca_file`. */
function makeClientAuthority(now: Date): Required<AuthorityFields> {
  const nameOf = (keyId: Uint8Array) => {
    const mark = Buffer.from(keyId).toString('hex').slice(0, 8)
    return encodeName([{ type: 'CN', value: `Mayfly client CA ${mark}` }])
  }
  const keyUsage = ['keyCertSign', 'cRLSign'] as const
  const made = makeAuthority({ nameOf, keyType: 'P-256', lifetimeDays: authorityDays, keyUsage }, now)
  return { client_ca_certificate_pem: made.certificatePem, client_ca_private_key_pem: new Secret(made.keyPem) }
}
