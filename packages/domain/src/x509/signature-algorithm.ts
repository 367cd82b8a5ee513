/** Signature algorithms of certificates, requests and CRLs (RFC 4055, RFC 5758, RFC 8410). */
import { DerFault, type DerNode } from './der-read.ts'
import { readOid, readSequenceFields } from './der-values.ts'
import { derNull, derOid, derSequence, derTag } from './der-write.ts'

/** Those that Mayfly signs with. */
export const signatureAlgorithms = [
  'ecdsa-with-SHA256',
  'ecdsa-with-SHA384',
  'Ed25519',
  'sha256WithRSAEncryption',
] as const
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

interface AlgorithmForm {
  readonly oid: string
  /** RSA names carry NULL (RFC 4055 section 5), the others nothing (RFC 5758 section 3.2, RFC 8410 section 3). */
  readonly parameters: 'absent' | 'null'
}

const forms: Readonly<Record<SignatureAlgorithm, AlgorithmForm>> = {
  'ecdsa-with-SHA256': { oid: '1.2.840.10045.4.3.2', parameters: 'absent' },
  'ecdsa-with-SHA384': { oid: '1.2.840.10045.4.3.3', parameters: 'absent' },
  Ed25519: { oid: '1.3.101.112', parameters: 'absent' },
  sha256WithRSAEncryption: { oid: '1.2.840.113549.1.1.11', parameters: 'null' },
}

/** Those that are read too: the first to be verified, the last to be refused by name. */
const furtherForms: Readonly<Record<string, AlgorithmForm>> = {
  'ecdsa-with-SHA512': { oid: '1.2.840.10045.4.3.4', parameters: 'absent' },
  sha384WithRSAEncryption: { oid: '1.2.840.113549.1.1.12', parameters: 'null' },
  sha512WithRSAEncryption: { oid: '1.2.840.113549.1.1.13', parameters: 'null' },
  'ecdsa-with-SHA1': { oid: '1.2.840.10045.4.1', parameters: 'absent' },
  sha1WithRSAEncryption: { oid: '1.2.840.113549.1.1.5', parameters: 'null' },
  md5WithRSAEncryption: { oid: '1.2.840.113549.1.1.4', parameters: 'null' },
}

const byOid = new Map(
  Object.entries({ ...forms, ...furtherForms }).map(([name, form]) => [form.oid, { name, form }] as const),
)

const encoded = new Map<SignatureAlgorithm, Uint8Array>(
  signatureAlgorithms.map((name) => [
    name,
    derSequence(derOid(forms[name].oid), ...(forms[name].parameters === 'null' ? [derNull()] : [])),
  ]),
)

/** AlgorithmIdentifier. */
export function encodeSignatureAlgorithm(name: SignatureAlgorithm): Uint8Array {
  return encoded.get(name) ?? derSequence(derOid(forms[name].oid))
}

/** @returns its name, or its object identifier where it is not known here. @throws DerFault */
export function readSignatureAlgorithm(node: DerNode): string {
  const fields = readSequenceFields(node, 'its signature algorithm')
  const identifier = readOid(fields.take('an identifier'), 'its signature algorithm')
  const known = byOid.get(identifier)
  if (known === undefined) return identifier
  const hasNull = fields.takeIf(derTag.null)?.content.length === 0
  fields.end()
  if (hasNull !== (known.form.parameters === 'null')) {
    throw new DerFault('the parameters of its signature algorithm are not those of the standard')
  }
  return known.name
}
