/** What a certificate calls its holder. Reading is not believing: the trust provider checks the path. */
import { X509Certificate } from 'node:crypto'

export interface CertificateNames {
  /** URI names (SAN), e.g. a SPIFFE ID. */
  readonly uris: readonly string[]
  /** What a binding's `subject` may be: `uri:…`, `dns:…`, `email:…`; a SPIFFE ID stands as it is. */
  readonly subjects: readonly string[]
}

const maxNames = 50

/** @returns `undefined` where the first of the chain is no certificate, or has too many names */
export function parseCertificateNames(chain: readonly Uint8Array[]): CertificateNames | undefined {
  const [leaf] = chain
  if (leaf === undefined) return undefined
  let names: readonly string[]
  try {
    names = splitNames(new X509Certificate(leaf).subjectAltName ?? '')
  } catch {
    return undefined
  }
  if (names.length > maxNames) return undefined
  const uris = names.flatMap((name) => (name.startsWith('URI:') ? [name.slice(4)] : []))
  const others = names.flatMap((name) => {
    if (name.startsWith('DNS:')) return [`dns:${name.slice(4)}`]
    return name.startsWith('email:') ? [name] : []
  })
  return { uris, subjects: [...uris.map((uri) => (uri.startsWith('spiffe://') ? uri : `uri:${uri}`)), ...others] }
}

// Node quotes a name that holds a comma or a quote as a JSON string. Such a name is nobody's here.
function splitNames(text: string): readonly string[] {
  return text === '' || text.includes('"') ? [] : text.split(', ')
}
