import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  type CertificationRequest,
  isX509Fault,
  MayflyError,
  parseCertificationRequest,
  parsePem,
} from '@mayfly/domain'
import type { Holder } from '@mayfly/provider-kit'
import type { MysqlSettings } from './mysql-settings.ts'

/** What a login's certificate must be: the target compares both as text, in OpenSSL's one-line form. */
export interface RequiredCertificate {
  readonly issuer: string
  readonly subject: string
}

/**
 * The certificate that logins of this holder must be made with; undefined where the resource asks for none.
 *
 * Checks that a request is signed with the key that it names. Does NOT see the certificate itself: that only a holder of
 * the key gets one with this subject is the word of the CA that the settings name.
 *
 * @throws MayflyError `request_invalid` at `/public_key`
 */
export function requiredCertificateOf(
  { client_certificates: wanted }: Pick<MysqlSettings, 'client_certificates'>,
  holder: Holder | undefined,
): RequiredCertificate | undefined {
  if (wanted === undefined) return undefined
  const sent = holder?.publicKey
  if (sent === undefined) throw invalid('logins of this resource need a client certificate, so a public key is wanted')
  const { spki, commonName } = readKey(sent)
  if (commonName === undefined && wanted.subject_template.includes('{common_name}')) {
    throw invalid('it must be a certificate request with one common name, of at most 64 characters `[A-Za-z0-9._:-]`')
  }
  return {
    issuer: wanted.issuer,
    subject: wanted.subject_template
      .replaceAll('{common_name}', commonName ?? '')
      .replaceAll('{key_sha256}', createHash('sha256').update(spki).digest('hex')),
  }
}

interface HolderKey {
  readonly spki: Uint8Array
  readonly commonName: string | undefined
}

function readKey(text: string): HolderKey {
  const pem = parsePem(text, ['PUBLIC KEY', 'CERTIFICATE REQUEST'], { maxSizeBytes: 16_384, maxBlocks: 1 })
  if (isX509Fault(pem)) throw invalid(pem.fault)
  const [block] = pem.blocks
  if (block === undefined) throw invalid('it holds neither a public key nor a certificate request')
  if (block.label === 'PUBLIC KEY') {
    return { spki: importKey(block.der).export({ format: 'der', type: 'spki' }), commonName: undefined }
  }
  const request = parseCertificationRequest(block.der)
  if (isX509Fault(request)) throw invalid(request.fault)
  if (!isSignedBy(request, importKey(request.publicKey.spki))) {
    throw invalid('it is not signed with the key that it names, or not with SHA-256 or better')
  }
  return { spki: request.publicKey.spki, commonName: commonNameOf(request) }
}

/** Of characters that cannot begin another part of a one-line name. */
function commonNameOf({ subject }: CertificationRequest): string | undefined {
  const names = subject.attributes.filter(({ type }) => type === 'CN')
  const value = names[0]?.value
  return names.length === 1 && value !== undefined && /^[A-Za-z0-9._:-]{1,64}$/.test(value) ? value : undefined
}

/** RFC 2986 section 4.2. */
function isSignedBy(request: CertificationRequest, key: KeyObject): boolean {
  const hash = /SHA(256|384|512)/i.exec(request.signatureAlgorithm)?.[1]
  if (hash === undefined && request.signatureAlgorithm !== 'Ed25519') return false
  return verify(hash === undefined ? null : `sha${hash}`, request.signedBytes, key, request.signature)
}

function importKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    throw invalid('its key cannot be read')
  }
}

function invalid(detail: string): MayflyError {
  return new MayflyError('request_invalid', {
    publicDetail: detail,
    hint: 'send a PEM `CERTIFICATE REQUEST` made with the key of the client certificate, or its `PUBLIC KEY`',
    fields: [{ pointer: '/public_key', detail }],
  })
}
