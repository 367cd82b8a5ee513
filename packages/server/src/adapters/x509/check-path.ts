/** The checks of RFC 5280 section 6.1 on one path whose signatures have been checked, from the anchor down to the leaf. */
import { type Certificate, equalBytes, findNameViolation, oid, type ReadNameConstraints } from '@mayfly/domain'
import { nameOf, type PathRejection, rejected } from './path-rejection.ts'
import { isAlgorithmAllowed, isKeyAllowed } from '@mayfly/provider-kit'

export type Purpose = 'serverAuth' | 'clientAuth'

export interface PathRules {
  /** When the certificates must be valid; no tolerance. */
  readonly at: Date
  /** What the leaf's key must be meant for. */
  readonly purposes: readonly Purpose[]
  /** `if_present`: a leaf without extended key usage is fit for every purpose (RFC 5280 section 4.2.1.12). */
  readonly extendedKeyUsage: 'required' | 'if_present'
}

/** @param path the leaf first, the anchor last */
export function checkPath(path: readonly Certificate[], rules: PathRules): PathRejection | undefined {
  const constraints: ReadNameConstraints[] = []
  let authoritiesLeft = Infinity
  for (const [at, certificate] of path.toReversed().entries()) {
    const isAnchor = at === 0
    const isLeaf = at === path.length - 1
    const isSelfIssued = equalBytes(certificate.subject.der, certificate.issuer.der)
    const fault =
      checkItself(certificate, rules.at) ??
      (isLeaf ? checkLeaf(certificate, rules) : checkAuthority(certificate, rules, isAnchor)) ??
      // RFC 5280 section 6.1.3 b: an authority that renews itself does not answer to its own constraints.
      (isAnchor || (isSelfIssued && !isLeaf) ? undefined : checkNames(certificate, constraints))
    if (fault !== undefined) return fault
    if (isLeaf) return undefined
    if (!isAnchor && !isSelfIssued) {
      if (authoritiesLeft === 0) {
        return rejected('path_length_exceeded', `${nameOf(certificate)} is one authority more than an issuer allows`)
      }
      authoritiesLeft -= 1
    }
    authoritiesLeft = Math.min(authoritiesLeft, certificate.basicConstraints?.maxPathLength ?? Infinity)
    if (certificate.nameConstraints !== undefined) constraints.push(certificate.nameConstraints)
  }
  return undefined
}

function checkItself(certificate: Certificate, at: Date): PathRejection | undefined {
  const name = nameOf(certificate)
  if (at < certificate.notBefore) {
    return rejected('not_yet_valid', `${name} is not valid before ${certificate.notBefore.toISOString()}`)
  }
  if (at > certificate.notAfter) return rejected('expired', `${name} ended at ${certificate.notAfter.toISOString()}`)
  if (!isKeyAllowed(certificate.publicKey)) {
    return rejected('key_not_allowed', `the key of ${name} is of a kind or size that is not allowed`)
  }
  const [unknown] = certificate.unknownCriticalExtensions
  if (unknown !== undefined) {
    return rejected('critical_extension_unknown', `${name} has the unknown critical extension ${unknown}`)
  }
  if (certificate.hasPolicyConstraints) {
    return rejected('policy_constraints_unsupported', `${name} constrains certificate policies`)
  }
  const { permitted, excluded } = certificate.nameConstraints ?? {}
  const [form] = [...(permitted?.otherForms ?? []), ...(excluded?.otherForms ?? [])]
  return form && rejected('name_constraints_unsupported', `${name} constrains names of the form \`${form}\``)
}

/** An anchor need not say what its key is for; an authority that was presented must (RFC 5280 section 4.2.1.3). */
function checkAuthority(certificate: Certificate, rules: PathRules, isAnchor: boolean): PathRejection | undefined {
  const name = nameOf(certificate)
  const { basicConstraints, keyUsage, extendedKeyUsage } = certificate
  if (basicConstraints?.isCa !== true) return rejected('not_an_authority', `${name} is not an authority`)
  if (keyUsage === undefined ? !isAnchor : !keyUsage.has('keyCertSign')) {
    return rejected('key_usage_wrong', `the key of ${name} is not meant to sign certificates`)
  }
  if (!isAnchor && !isAlgorithmAllowed(certificate.signatureAlgorithm)) {
    return rejected('algorithm_not_allowed', `${name} is signed with \`${certificate.signatureAlgorithm}\``)
  }
  const missing = missingPurpose(extendedKeyUsage, rules.purposes, 'any_allowed')
  return missing && rejected('purpose_not_allowed', `${name} may not issue for the purpose ${missing}`)
}

function checkLeaf(certificate: Certificate, rules: PathRules): PathRejection | undefined {
  const name = nameOf(certificate)
  const { basicConstraints, keyUsage, extendedKeyUsage } = certificate
  if (basicConstraints?.isCa === true) return rejected('leaf_is_authority', `${name} is an authority`)
  if (keyUsage?.has('keyCertSign') || keyUsage?.has('cRLSign')) {
    return rejected('key_usage_wrong', `the key of ${name} is meant to sign certificates or CRLs`)
  }
  if (rules.purposes.length > 0 && keyUsage !== undefined && !keyUsage.has('digitalSignature')) {
    return rejected('key_usage_wrong', `the key of ${name} is not meant for digital signatures`)
  }
  if (extendedKeyUsage === undefined && rules.extendedKeyUsage === 'required' && rules.purposes.length > 0) {
    return rejected('purpose_not_allowed', `${name} has no extended key usage`)
  }
  const missing = missingPurpose(extendedKeyUsage, rules.purposes, 'any_refused')
  return missing && rejected('purpose_not_allowed', `${name} is not meant for the purpose ${missing}`)
}

function missingPurpose(
  extendedKeyUsage: readonly string[] | undefined,
  purposes: readonly Purpose[],
  any: 'any_allowed' | 'any_refused',
): Purpose | undefined {
  if (extendedKeyUsage === undefined) return undefined
  if (any === 'any_allowed' && extendedKeyUsage.includes(oid.anyExtendedKeyUsage)) return undefined
  return purposes.find((purpose) => !extendedKeyUsage.includes(oid[purpose]))
}

function checkNames(certificate: Certificate, constraints: readonly ReadNameConstraints[]): PathRejection | undefined {
  for (const constraint of constraints) {
    const violation = findNameViolation(constraint, certificate)
    if (violation !== undefined) return rejected('name_not_permitted', `in ${nameOf(certificate)} ${violation}`)
  }
  return undefined
}
