/**
 * Certificates of a private authority, shown over mutual TLS.
 *
 * Promise: a path to one of the configured authorities (RFC 5280), meant for client authentication, in force now; where
 * lists of revoked certificates are configured, one for each issuer of the path, young enough, or it is refused. What
 * comes of it never outlives the certificate, nor, where the lists were carried here, the age that their site allows.
 * Limit: whoever has the authority's key, or can have it sign, is everybody. Without lists a revoked certificate counts
 * until its end: make them short.
 * Not here: that the client holds the key, which the handshake has proven.
 */
import { randomUUID } from 'node:crypto'
import { type Certificate, isX509Fault, parseCertificate, parsePemOf } from '@mayfly/domain'
import { z } from 'zod'
import { verifyPath } from '../../x509/verify-path.ts'
import { namesOf } from '../certificate-names.ts'
import { exactText, parseClaims, refuse, refuseKey } from '../exact-claims.ts'
import { boundByAge } from '../offline-material.ts'
import { policyClaimsOf } from '../policy-claims.ts'
import { fetchable } from '../setting-fields.ts'
import {
  type AcceptedProof,
  type BindingInput,
  type BindingRule,
  type ProofExpectations,
  proofIn,
  type ProofVerdict,
  rejected,
  type TrustProvider,
} from '../trust-provider.ts'
import { type CrlSource, openCrlSource } from './crl-source.ts'

const maxPemSize = 262_144

const authoritiesPem = z
  .string()
  .max(maxPemSize)
  .superRefine((pem, ctx) => {
    const read = readAuthorities(pem)
    if (typeof read === 'string') ctx.addIssue({ code: 'custom', message: read })
  })

// Without a default: what is stored from before must not read as changed.
const carry = z.boolean().optional()

const settings = z.strictObject({
  authorities_pem: authoritiesPem.describe('certificates of the authorities that are believed, PEM; at most 20'),
  issuers: z
    .array(z.string().min(1).max(1000))
    .max(20)
    .default([])
    .describe(
      'names of issuers (`CN=workloads,O=Acme`) of which one must have issued the certificate itself; empty: any',
    ),
  extended_key_usage: z
    .enum(['required', 'if_present'])
    .default('required')
    .describe('whether a certificate must say that it is for client authentication, or only must not say otherwise'),
  crl: z
    .discriminatedUnion('from', [
      z.strictObject({ from: z.literal('none') }),
      z.strictObject({
        from: z.literal('static'),
        crls: z.array(z.string().max(2_000_000)).min(1).max(20).describe('lists as PEM, or base64 of DER'),
        max_age_seconds: z.int().min(60).max(2_678_400).default(86_400),
        carry,
      }),
      z.strictObject({
        from: z.literal('url'),
        urls: z.array(fetchable).min(1).max(10).describe('where the lists are, DER or PEM'),
        max_age_seconds: z.int().min(60).max(2_678_400).default(86_400),
        carry,
      }),
      z.strictObject({
        from: z.literal('offline_site'),
        site: z.string().min(1).max(63).describe('name of the offline site whose imported bundle carries them'),
      }),
    ])
    .default({ from: 'none' })
    .describe(
      'lists of revoked certificates; one that is older than `max_age_seconds`, or than its offline site allows, refuses. `carry`: our own offline bundles take them along',
    ),
})
export type X509Settings = z.output<typeof settings>

/** What a certificate says beside its names. */
export const x509Claims = ['subject', 'issuer', 'serial_number'] as const

export const x509TrustProvider: TrustProvider<X509Settings> = {
  kind: 'x509',
  title: 'certificates of a private authority (mutual TLS)',
  forms: ['certificate'],
  settings,
  maxStrength: 'hardware',
  // A key in a file, unless somebody says that it cannot leave its device.
  defaultStrength: 'bound_key',
  renewal: 'new_proof',
  issuerOf: () => null,
  parseBinding,
  open(config, deps) {
    const anchors = readAuthorities(config.authorities_pem)
    if (typeof anchors === 'string') throw new Error(anchors)
    const crls = openCrlSource(config.crl, deps)
    return {
      verify: (proof, expected) =>
        verifyCertificate(config, anchors, crls, proofIn('certificate', proof).chain, expected),
      ...('carry' in config.crl && config.crl.carry === true ? { listsToCarry: () => crls.lists() } : {}),
    }
  },
}

function parseBinding(input: BindingInput): BindingRule {
  refuseKey(input, 'x509')
  const subject = exactText('/subject', input.subject)
  const [, form, name = ''] = /^(dns|uri|email):(.+)$/.exec(subject) ?? []
  if (form === undefined) {
    throw refuse(
      '/subject',
      `\`${subject}\` is no alternative name`,
      'write `dns:…`, `uri:…` or `email:…`; a common name is for people and is not compared',
    )
  }
  if (form === 'dns' && name !== name.toLowerCase()) {
    throw refuse('/subject', 'a DNS name is compared in lower case', `write \`dns:${name.toLowerCase()}\``)
  }
  if (form === 'uri' && name.startsWith('spiffe:')) {
    throw refuse('/subject', 'a SPIFFE ID is judged by its own rules', 'register a trust provider of kind `spiffe`')
  }
  const claims = parseClaims(input.claims)
  for (const name of Object.keys(claims)) {
    if ((x509Claims as readonly string[]).includes(name)) continue
    throw refuse(`/claims/${name}`, 'a certificate does not tell it', `it tells ${x509Claims.join(', ')}`)
  }
  return { subject, claims, publicJwk: null }
}

async function verifyCertificate(
  config: X509Settings,
  anchors: readonly Certificate[],
  crls: CrlSource,
  chain: readonly Uint8Array[],
  { now }: ProofExpectations,
): Promise<ProofVerdict> {
  const verified = verifyPath({
    certificates: chain,
    anchors,
    at: now,
    purposes: ['clientAuth'],
    extendedKeyUsage: config.extended_key_usage,
  })
  if (verified.outcome === 'rejected') return rejected('certificate_invalid', verified.detail)
  const [leaf] = verified.path
  if (config.issuers.length > 0 && !config.issuers.includes(leaf.issuer.text)) {
    return rejected(
      'certificate_invalid',
      `\`${leaf.issuer.text.slice(0, 200)}\` is none of the issuers that are asked for`,
    )
  }
  const checked = await crls.check(verified.path, now)
  if ('outcome' in checked) return checked
  const names = namesOf(leaf)
  if (names === undefined) return rejected('certificate_invalid', 'the certificate has too many names')
  const claims = { subject: leaf.subject.text, issuer: leaf.issuer.text, serial_number: leaf.serialNumber }
  const accepted: AcceptedProof = {
    outcome: 'accepted',
    subjects: names.subjects,
    claims,
    policyClaims: policyClaimsOf(claims, x509Claims),
    instance: '',
    // The handshake of this very connection has proven the key: nothing is shown that could be shown again.
    uniqueId: `tls:${randomUUID()}`,
    expiresAt: new Date(now.getTime() + 60_000),
    recorded: { ...claims, subjects: [...names.subjects] },
    freshUntil: earliestEnd(verified.path),
  }
  const { carried } = checked
  if (carried === undefined) return accepted
  // Each certificate of the path is kept: a later bundle may list any of them.
  const certificates = verified.path
    .slice(0, -1)
    .map(({ issuer, serialNumber }) => ({ issuer: issuer.text, serial_number: serialNumber }))
  const bounded = boundByAge(accepted, carried.madeAt, carried.maxAgeSeconds)
  return { ...bounded, recorded: { ...bounded.recorded, certificates } }
}

export function earliestEnd(path: readonly Certificate[]): Date {
  return new Date(Math.min(...path.map(({ notAfter }) => notAfter.getTime())))
}

/** @returns what is wrong, as a text */
function readAuthorities(pem: string): readonly Certificate[] | string {
  const read = parsePemOf('CERTIFICATE', pem)
  if (isX509Fault(read)) return `cannot be read: ${read.fault}`
  if (read.ders.length === 0 || read.ders.length > 20) return 'must hold 1 to 20 certificates'
  const anchors: Certificate[] = []
  for (const [at, der] of read.ders.entries()) {
    const certificate = parseCertificate(der)
    if (isX509Fault(certificate)) return `certificate ${at + 1} cannot be read: ${certificate.fault}`
    if (certificate.basicConstraints?.isCa !== true) return `certificate ${at + 1} is no authority`
    anchors.push(certificate)
  }
  return anchors
}
