/**
 * A SPIFFE trust domain: its X509-SVIDs over mutual TLS, and its JWT-SVIDs.
 *
 * Promise: only the bundle of the SVID's own trust domain counts, whatever other bundles are known; a bundle without keys
 * says that everything is revoked. What comes of an X509-SVID never outlives it.
 * Limit: the trust domain's word is all there is. Of another domain's revocations nothing is heard but its bundle.
 * Not here: where bundles come from (`bundle-source.ts`), and what an SVID that this server made itself rests on, which
 * holds whichever trust provider believes it (`application/proof/rest-on-svid.ts`).
 */
import { createHash, randomUUID } from 'node:crypto'
import { isSpiffeIdFault, isTrustDomain, parseSpiffeId } from '@mayfly/domain'
import { z } from 'zod'
import { verifyX509Svid } from '../../x509/verify-x509-svid.ts'
import { isBundleFault, readBundle } from '../../spiffe/read-bundle.ts'
import { exactText, parseClaims, refuse, refuseKey } from '../exact-claims.ts'
import type { Jwt } from '../jwt.ts'
import { boundByAge, getOfflineMaterial } from '../offline-material.ts'
import { checkTimes } from '../proof-times.ts'
import { caPem, httpsUrl } from '../setting-fields.ts'
import {
  type BindingInput,
  type BindingRule,
  type ProofExpectations,
  type ProofVerdict,
  type ReadProof,
  rejected,
  type TrustProvider,
} from '../trust-provider.ts'
import { type JwsAlgorithm, keyFits, verifyJws } from '../verify-jws.ts'
import { earliestEnd } from '../x509/x509-trust-provider.ts'
import { type BundleSource, openBundleSource } from './bundle-source.ts'
import { carriedBundleSource } from './carried-bundle-source.ts'

/** JWT-SVID section 3.1: nothing else, whatever keys the bundle holds. */
const svidAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'] as const

const bundleText = z
  .string()
  .max(1_048_576)
  .superRefine((text, ctx) => {
    const read = readBundle(text)
    if (isBundleFault(read)) ctx.addIssue({ code: 'custom', message: `is no bundle: ${read.fault}` })
  })

const settings = z.strictObject({
  trust_domain: z
    .string()
    .refine(isTrustDomain, 'must be lower-case letters, digits, dots, dashes and underscores')
    .describe('whose SVIDs are believed'),
  bundle: z
    .discriminatedUnion('from', [
      z.strictObject({ from: z.literal('static'), bundle: bundleText.describe('a SPIFFE bundle, JSON as text') }),
      z.strictObject({
        from: z.literal('https_web'),
        url: httpsUrl.describe('bundle endpoint, profile `https_web`'),
        ca_pem: caPem.optional(),
        max_stale_seconds: z.int().min(0).max(604_800).default(3600),
      }),
      z.strictObject({ from: z.literal('federation') }),
      z.strictObject({ from: z.literal('own') }),
      z.strictObject({
        from: z.literal('offline_site'),
        site: z.string().min(1).max(63).describe('name of the offline site whose imported bundle carries it'),
      }),
    ])
    .default({ from: 'federation' })
    .describe(
      'where its bundle comes from: given here, an endpoint, the federation with it, this server itself (its own SVIDs are proofs too), or an offline bundle',
    ),
  audiences: z
    .array(z.string().min(1).max(1000))
    .max(10)
    .default([])
    .describe('what a JWT-SVID must be for; empty: the issuer of this server, or its token endpoint'),
  max_life_seconds: z.int().min(30).max(86_400).default(3600).describe('how far away `exp` of a JWT-SVID may be'),
  clock_tolerance_seconds: z.int().min(0).max(60).default(5).describe('how far clocks may differ, for JWT-SVIDs'),
})
export type SpiffeSettings = z.output<typeof settings>

export const spiffeTrustProvider: TrustProvider<SpiffeSettings> = {
  kind: 'spiffe',
  title: 'a SPIFFE trust domain (X509-SVID, JWT-SVID)',
  forms: ['jwt', 'certificate'],
  settings,
  maxStrength: 'platform',
  renewal: 'new_proof',
  issuerOf: ({ trust_domain: trustDomain }) => `spiffe://${trustDomain}`,
  parseBinding,
  open(config, deps) {
    const { bundle: from, trust_domain: trustDomain } = config
    if (from.from === 'offline_site') {
      return {
        async verify(proof, expected) {
          const material = await getOfflineMaterial(deps, from.site, 'trust_bundles', expected.now)
          const source = carriedBundleSource(material, trustDomain, expected.now)
          const verdict = await verifySvid(config, source, proof, expected)
          return verdict.outcome === 'accepted'
            ? boundByAge(verdict, source.usedMadeAt(), material.maxAgeSeconds)
            : verdict
        },
      }
    }
    const source = openBundleSource(config, deps)
    return { verify: (proof, expected) => verifySvid(config, source, proof, expected) }
  },
}

async function verifySvid(
  config: SpiffeSettings,
  source: BundleSource,
  proof: ReadProof,
  expected: ProofExpectations,
): Promise<ProofVerdict> {
  switch (proof.form) {
    case 'jwt':
      return verifyJwtSvid(config, source, proof.jwt, expected)
    case 'certificate':
      return verifyCertificate(config, source, proof.chain, expected)
    case 'process':
      throw new Error('a process came where an SVID is believed')
  }
}

function parseBinding(input: BindingInput, config: SpiffeSettings): BindingRule {
  refuseKey(input, 'spiffe')
  const subject = exactText('/subject', input.subject)
  const id = parseSpiffeId(subject)
  if (isSpiffeIdFault(id)) throw refuse('/subject', `\`${subject}\` is no SPIFFE ID: ${id.fault}`, 'write it in full')
  if (id.path === '')
    throw refuse('/subject', 'is a trust domain, and no workload of it', 'write the ID of one workload')
  if (id.trustDomain !== config.trust_domain) {
    throw refuse(
      '/subject',
      `is of another trust domain than \`${config.trust_domain}\``,
      'bind it at its own trust provider',
    )
  }
  const claims = parseClaims(input.claims)
  if (Object.keys(claims).length > 0) {
    throw refuse('/claims', 'an SVID says its ID and nothing that all of them say', 'leave `claims` out')
  }
  return { subject, claims, publicJwk: null }
}

async function verifyJwtSvid(
  config: SpiffeSettings,
  source: BundleSource,
  jwt: Jwt,
  expected: ProofExpectations,
): Promise<ProofVerdict> {
  const { header, claims, headerNames } = jwt
  // JWT-SVID section 2: any other header must not be there.
  const strange = headerNames.find((name) => !['alg', 'kid', 'typ'].includes(name))
  if (strange !== undefined) {
    return rejected('proof_malformed', `the header of a JWT-SVID has no \`${strange.slice(0, 100)}\``)
  }
  const { alg, kid, typ } = header
  if (typ !== undefined && typ !== 'JWT' && typ !== 'JOSE') {
    return rejected('type_not_allowed', '`typ` of a JWT-SVID must be absent, `JWT` or `JOSE`')
  }
  if (!isSvidAlgorithm(alg)) {
    return rejected('algorithm_not_allowed', `\`alg\` must be one of ${svidAlgorithms.join(', ')}`)
  }
  if (kid === undefined) return rejected('key_unknown', '`kid` is missing: the keys of a bundle are named')
  const { sub, aud, exp, iat, jti } = claims
  const id = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
  if (typeof sub !== 'string' || id === undefined || isSpiffeIdFault(id) || id.path === '') {
    return rejected('claim_wrong', '`sub` is not the SPIFFE ID of a workload')
  }
  if (id.trustDomain !== config.trust_domain) {
    return rejected('issuer_unknown', `the SVID is of the trust domain \`${id.trustDomain}\``)
  }
  if (jti !== undefined && (typeof jti !== 'string' || jti === '' || jti.length > 500)) {
    return rejected('claim_wrong', '`jti` is not a text')
  }
  const wanted = config.audiences.length === 0 ? expected.ownAudiences : config.audiences
  if (!isFor(aud, wanted)) {
    return rejected('audience_wrong', `\`aud\` must hold \`${wanted[0] ?? ''}\``, 'ask for an SVID with that audience')
  }
  const ends = checkTimes(
    // Section 4: `iat` need not be there; then its end alone bounds its age.
    iat === undefined && typeof exp === 'number' ? { ...claims, iat: exp - config.max_life_seconds } : claims,
    {
      now: expected.now,
      clockToleranceSeconds: config.clock_tolerance_seconds,
      maxAgeSeconds: config.max_life_seconds,
      maxLifeSeconds: config.max_life_seconds,
    },
  )
  if ('outcome' in ends) return ends
  const { jwtKeys } = await source.bundle()
  const key = jwtKeys.get(kid)
  if (key === undefined || !keyFits(alg, key)) {
    return rejected('key_unknown', 'the bundle of the trust domain has no such key for JWT-SVIDs')
  }
  if (!verifyJws(alg, key, jwt)) return rejected('signature_invalid', 'the signature does not fit the key')
  if (await source.isRevoked({ isOwnAndLive: expected.isOwnLiveSvid })) {
    return rejected('proof_revoked', 'the SVID has been revoked', 'prove anew how the workload got it')
  }
  return {
    outcome: 'accepted',
    subjects: [sub],
    claims: {},
    policyClaims: { spiffe_id: sub, svid: 'jwt' },
    instance: '',
    uniqueId: `svid:${createHash('sha256').update(jwt.signedText).digest('base64url')}`,
    expiresAt: ends,
    recorded: { subject: sub, svid: 'jwt', kid, alg },
  }
}

async function verifyCertificate(
  config: SpiffeSettings,
  source: BundleSource,
  chain: readonly Uint8Array[],
  { now, isOwnLiveSvid }: ProofExpectations,
): Promise<ProofVerdict> {
  const { authorities } = await source.bundle()
  const verified = verifyX509Svid({
    certificates: chain,
    bundleOf: (trustDomain) => (trustDomain === config.trust_domain ? authorities : undefined),
    at: now,
    purpose: 'clientAuth',
  })
  if (verified.outcome === 'rejected') return rejected('certificate_invalid', verified.detail)
  const [leaf] = verified.path
  const subject = `spiffe://${verified.spiffeId.trustDomain}${verified.spiffeId.path}`
  if (await source.isRevoked({ isOwnAndLive: isOwnLiveSvid, path: verified.path })) {
    return rejected('proof_revoked', 'the SVID has been revoked', 'prove anew how the workload got it')
  }
  return {
    outcome: 'accepted',
    subjects: [subject],
    claims: {},
    policyClaims: { spiffe_id: subject, svid: 'x509', serial_number: leaf.serialNumber },
    instance: '',
    // The handshake of this very connection has proven the key: nothing is shown that could be shown again.
    uniqueId: `tls:${randomUUID()}`,
    expiresAt: new Date(now.getTime() + 60_000),
    recorded: { subject, svid: 'x509', serial_number: leaf.serialNumber },
    freshUntil: earliestEnd(verified.path),
  }
}

function isSvidAlgorithm(alg: string): alg is JwsAlgorithm & (typeof svidAlgorithms)[number] {
  return (svidAlgorithms as readonly string[]).includes(alg)
}

// Section 3.2: one is recommended, several are allowed.
function isFor(aud: unknown, wanted: readonly string[]): boolean {
  if (typeof aud === 'string') return wanted.includes(aud)
  return Array.isArray(aud) && aud.length <= 20 && aud.some((one) => typeof one === 'string' && wanted.includes(one))
}
