/**
 * The certificate of one login: for a key that the workload keeps, in the login's own name.
 *
 * The target lets the login in only with its password and with a certificate whose common name is the login, which is
 * what `clientcert=verify-full` in pg_hba.conf means. A login is never made twice, so nothing has to be said of a
 * certificate when its login has ended: it names nobody any more.
 */
import { type CredentialId, encodeName, encodePem, MayflyError, oid } from '@mayfly/domain'
import {
  type AccountHandle,
  authorityBackdateMs,
  keyIdOf,
  readPemHolderKey,
  serialNumberOf,
} from '@mayfly/provider-kit'
import { type ClientAuthority, readClientAuthority } from './client-authority.ts'
import type { PostgresSecret, PostgresSettings } from './postgres-settings.ts'

const dayMs = 86_400_000

/** How a resource with `client_certificates` binds its logins. */
export interface CertificateRule {
  /** By which pg_hba.conf of the target knows them. */
  readonly group: string
  /** When the certificate of a credential ends, whole seconds. Moves with nothing: a renewal can ask again. */
  endOf(credentialId: CredentialId): Date
  /** @throws MayflyError `settings_invalid`: there is no usable CA, which must not stand in the way of a removal */
  authority(): ClientAuthority
}

/** @returns undefined where the resource asks for no certificates */
export function certificateRuleOf(
  { client_certificates: wanted }: Pick<PostgresSettings, 'client_certificates'>,
  secret: PostgresSecret,
): CertificateRule | undefined {
  if (wanted === undefined) return undefined
  let read: ClientAuthority | undefined
  return {
    group: wanted.group,
    // From the time in the credential's id (RFC 9562 section 5.7), which its row begins with: kept nowhere else.
    endOf: (credentialId) =>
      new Date(Math.floor((startedAtMs(credentialId) + wanted.lifetime_days * dayMs) / 1_000) * 1_000),
    authority: () => (read ??= readClientAuthority(secret, new Date())),
  }
}

function startedAtMs(credentialId: CredentialId): number {
  return Number.parseInt(credentialId.replaceAll('-', '').slice(0, 12), 16)
}

export interface ClientCertificate {
  readonly certificatePem: string
  /** Whole seconds. */
  readonly notAfter: Date
}

/**
 * Signs. The subject is the login and nothing else; names that a request asks for are left out.
 *
 * @throws MayflyError `request_invalid` at `/public_key`; `settings_invalid`; `target_refused`: it would have ended already
 */
export function signClientCertificate(
  rule: CertificateRule,
  { credentialId, accountName }: AccountHandle,
  sentKey: string | undefined,
  now: Date,
): ClientCertificate {
  if (sentKey === undefined)
    throw invalid('logins of this resource need a client certificate, so a public key is wanted')
  const { publicKey } = readPemHolderKey(sentKey)
  const authority = rule.authority()
  const notAfter = new Date(Math.min(rule.endOf(credentialId).getTime(), authority.notAfter.getTime()))
  if (notAfter <= now) {
    throw new MayflyError('target_refused', {
      publicDetail: 'the client CA of the resource has ended',
      hint: 'enter a new `client_ca_certificate_pem` and its key, and put it into `ssl_ca_file` of the target',
    })
  }
  const der = authority.encode({
    serialNumber: serialNumberOf(credentialId),
    subject: encodeName([{ type: 'CN', value: accountName }]),
    notBefore: new Date(now.getTime() - authorityBackdateMs),
    notAfter,
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    basicConstraints: { isCa: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [oid.clientAuth],
  })
  return { certificatePem: encodePem('CERTIFICATE', der), notAfter }
}

function invalid(detail: string): MayflyError {
  return new MayflyError('request_invalid', {
    publicDetail: detail,
    hint: 'send the PEM `PUBLIC KEY` of a key that the workload keeps, or a `CERTIFICATE REQUEST` made with it',
    fields: [{ pointer: '/public_key', detail }],
  })
}
