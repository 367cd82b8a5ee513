/**
 * Certification path validation (RFC 5280 section 6) for end-entity certificates.
 *
 * Checks signatures, times, basic constraints with path lengths, key usage, name constraints, extended key usage along
 * the path, unknown critical extensions, algorithms and key sizes. Does NOT check revocation (`check-crl.ts`), nor whether
 * the names are those of whom one wants to talk to. Does NOT process certificate policies: a path that constrains them is refused.
 */
import { type Certificate, encodeHex, equalBytes, isX509Fault, parseCertificate } from '@mayfly/domain'
import { checkPath, type PathRules } from './check-path.ts'
import { nameOf, type PathRejection, rejected } from './path-rejection.ts'
import { type SignatureVerdict, verifySignature } from '@mayfly/provider-kit'

export interface ValidPath {
  readonly outcome: 'valid'
  /** The leaf first, the trust anchor last. */
  readonly path: readonly [Certificate, ...Certificate[]]
}

export interface VerifyPathInput extends PathRules {
  /** DER, the leaf first, further ones in any order: what a peer presented. At most 10. */
  readonly certificates: readonly Uint8Array[]
  /** Authorities that are trusted as they are: their own signatures are not checked, their dates and constraints are. */
  readonly anchors: readonly Certificate[]
}

/** What a TLS stack takes, and more than honest paths need. */
export const maxPresentedCertificates = 10
/** Leaf and anchor included. */
export const maxPathLength = 6
/** Certificates looked at while searching: cross-signed authorities make several paths, hostile ones make many. */
const maxSteps = 200

export function verifyPath(input: VerifyPathInput): ValidPath | PathRejection {
  if (input.certificates.length > maxPresentedCertificates) {
    return rejected('too_many_certificates', `more than ${maxPresentedCertificates} certificates were presented`)
  }
  const presented: Certificate[] = []
  for (const [at, der] of input.certificates.entries()) {
    const certificate = parseCertificate(der)
    if (isX509Fault(certificate)) {
      return rejected('certificate_malformed', `certificate ${at + 1} cannot be read: ${certificate.fault}`)
    }
    presented.push(certificate)
  }
  const [leaf, ...others] = presented
  if (leaf === undefined) return rejected('certificate_malformed', 'no certificate was presented')
  return findPath(leaf, others, input)
}

/** As `verifyPath`, with certificates that were read before. */
export function findPath(
  leaf: Certificate,
  presented: readonly Certificate[],
  input: Omit<VerifyPathInput, 'certificates'>,
): ValidPath | PathRejection {
  const { anchors } = input
  const intermediates = withoutDuplicates(presented, [leaf, ...anchors])
  const verdicts = new Map<string, SignatureVerdict>()
  const signatureOf = (subject: Certificate, issuer: Certificate): SignatureVerdict => {
    const key = `${ids.of(subject)} ${ids.of(issuer)}`
    const verdict = verdicts.get(key) ?? verifySignature(subject, issuer.publicKey)
    verdicts.set(key, verdict)
    return verdict
  }
  const ids = numbering()
  let steps = 0
  let reason: PathRejection = rejected('issuer_unknown', `no trusted authority issued ${nameOf(leaf)}`)
  let rank = 0
  const note = (rejection: PathRejection, itsRank: number): void => {
    if (itsRank > rank) [reason, rank] = [rejection, itsRank]
  }

  const search = (path: readonly [Certificate, ...Certificate[]]): ValidPath | undefined => {
    const subject = path.at(-1) ?? leaf
    for (const [isAnchor, candidates] of [
      [true, anchors],
      [false, intermediates],
    ] as const) {
      for (const issuer of candidates) {
        if (!isIssuer(issuer, subject) || (!isAnchor && path.includes(issuer))) continue
        steps += 1
        if (steps > maxSteps) {
          note(rejected('path_too_complex', 'the certificates can be put together in too many ways'), 4)
          return undefined
        }
        if (path.length + 1 > maxPathLength) {
          note(rejected('path_too_long', `a path holds at most ${maxPathLength} certificates`), 2)
          continue
        }
        const verdict = signatureOf(subject, issuer)
        if (verdict !== 'valid') {
          note(refusedSignature(subject, issuer, verdict), 1)
          continue
        }
        const longer = [...path, issuer] as const
        if (!isAnchor) {
          const found = search([leaf, ...longer.slice(1)])
          if (found !== undefined) return found
          continue
        }
        const rejection = checkPath(longer, input)
        if (rejection === undefined) return { outcome: 'valid', path: [leaf, ...longer.slice(1)] }
        note(rejection, 3)
      }
    }
    return undefined
  }
  return search([leaf]) ?? reason
}

/** By name, and by key identifier where both have one (RFC 5280 section 4.2.1.1). */
function isIssuer(issuer: Certificate, subject: Certificate): boolean {
  if (!equalBytes(issuer.subject.der, subject.issuer.der)) return false
  const wanted = subject.authorityKeyId?.keyId
  return wanted === undefined || issuer.subjectKeyId === undefined || equalBytes(wanted, issuer.subjectKeyId)
}

function refusedSignature(
  subject: Certificate,
  issuer: Certificate,
  verdict: Exclude<SignatureVerdict, 'valid'>,
): PathRejection {
  switch (verdict) {
    case 'invalid':
      return rejected('signature_invalid', `${nameOf(issuer)} did not sign ${nameOf(subject)}`)
    case 'algorithm_not_allowed':
      return rejected('algorithm_not_allowed', `${nameOf(subject)} is signed with \`${subject.signatureAlgorithm}\``)
    case 'key_not_allowed':
      return rejected('key_not_allowed', `the key of ${nameOf(issuer)} is of a kind or size that is not allowed`)
  }
}

function withoutDuplicates(certificates: readonly Certificate[], known: readonly Certificate[]): Certificate[] {
  const seen = new Set(known.map(({ der }) => encodeHex(der)))
  return certificates.filter(({ der }) => {
    const key = encodeHex(der)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function numbering(): { of(certificate: Certificate): number } {
  const numbers = new Map<Certificate, number>()
  return {
    of(certificate) {
      const number = numbers.get(certificate) ?? numbers.size
      numbers.set(certificate, number)
      return number
    },
  }
}
