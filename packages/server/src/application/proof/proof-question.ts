/** How a proof asks for its trust providers and bindings. Nothing of the proof is believed yet. */
import { parseCertificateNames } from '../../adapters/trust-providers/certificate-names.ts'
import { type ReadProof, type Rejection, rejected } from '../../adapters/trust-providers/trust-provider.ts'
import type { ProofQuestion } from '../../store/proof-rows.ts'
import type { ShownSvid } from '../../store/shown-svid-rows.ts'
import type { ShownProof } from './accept-proof.ts'

/** A proof that is shown; what a host agent saw is asked about by `vouch-for-process.ts`. */
export type ReadShownProof = Exclude<ReadProof, { form: 'process' }>

/** @returns a rejection where the proof does not say whose it is */
export function questionOf(form: ShownProof['form'], proof: ReadShownProof): ProofQuestion | Rejection {
  switch (proof.form) {
    case 'jwt': {
      const { iss, sub } = proof.jwt.claims
      if (!isShortText(sub)) return rejected('claim_missing', '`sub` is missing, empty or too long')
      if (form === 'client_assertion') return { by: 'client', client: sub, thumbprint: proof.jwt.header.kid }
      const issuers = [...(isShortText(iss) ? [iss] : []), ...trustDomainOf(sub)]
      return issuers.length === 0
        ? rejected('claim_missing', '`iss` or `sub` is missing, empty or too long')
        : { by: 'issuer', issuers, subject: sub, ...svidOf(proof.jwt.claims['jti'], [sub]) }
    }
    case 'certificate': {
      const names = parseCertificateNames(proof.chain)
      if (names === undefined) return rejected('proof_malformed', 'the client certificate cannot be read')
      const issuers = names.uris.flatMap(trustDomainOf)
      const svid = svidOf(names.serialNumber, names.uris)
      return { by: 'kind', issuers, kind: 'x509', subjects: names.subjects, ...svid }
    }
  }
}

/** A JWT-SVID need not name an issuer: its trust domain is that of its subject (SPIFFE JWT-SVID section 3.1). */
function trustDomainOf(subject: string): readonly string[] {
  const domain = /^spiffe:\/\/([a-z0-9._-]{1,255})\//.exec(subject)?.[1]
  return domain === undefined ? [] : [`spiffe://${domain}`]
}

/**
 * What may be an SVID of our own, by its serial number: whichever trust provider believes it, it is worth no more than the
 * proof that it came of.
 */
function svidOf(serialNumber: unknown, names: readonly string[]): { readonly svid?: ShownSvid } {
  const spiffeIds = names.filter((name) => name.startsWith('spiffe://'))
  const isOurForm = typeof serialNumber === 'string' && /^[0-9a-f]{32}$/.test(serialNumber)
  return isOurForm && spiffeIds.length > 0 ? { svid: { serialNumber, spiffeIds } } : {}
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 2000
}
