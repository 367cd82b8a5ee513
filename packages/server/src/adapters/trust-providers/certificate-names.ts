/** What a certificate calls its holder. Reading is not believing: the trust provider checks the path. */
import { type Certificate, isX509Fault, parseCertificate } from '@mayfly/domain'

export interface CertificateNames {
  /** URI names (SAN), e.g. a SPIFFE ID. */
  readonly uris: readonly string[]
  /** What a binding's `subject` may be: `uri:…`, `dns:…`, `email:…`; a SPIFFE ID stands as it is. */
  readonly subjects: readonly string[]
  /** Hexadecimal, as in the certificate; not a name, but what tells it from others of the same names. */
  readonly serialNumber: string
}

const maxNames = 50

/** @returns `undefined` where the first of the chain is no certificate, or has too many names */
export function parseCertificateNames(chain: readonly Uint8Array[]): CertificateNames | undefined {
  const [leaf] = chain
  const certificate = leaf === undefined ? undefined : parseCertificate(leaf)
  return certificate === undefined || isX509Fault(certificate) ? undefined : namesOf(certificate)
}

/** DNS names in lower case, in which they are equal (RFC 4343); all else as it stands. */
export function namesOf({ subjectAltName, serialNumber }: Certificate): CertificateNames | undefined {
  const { uri = [], dns = [], email = [] } = subjectAltName ?? {}
  if (uri.length + dns.length + email.length > maxNames) return undefined
  return {
    uris: uri,
    subjects: [
      ...uri.map((one) => (one.startsWith('spiffe://') ? one : `uri:${one}`)),
      ...dns.map((one) => `dns:${one.toLowerCase()}`),
      ...email.map((one) => `email:${one}`),
    ],
    serialNumber,
  }
}
