/**
 * A cluster, asked itself: a service account's token is sent to its API server, which says whose it is (TokenReview,
 * authentication.k8s.io/v1).
 *
 * Promise: a token dies with its pod, since the API server is asked each time and nothing is cached; the audience is
 * bound on both sides; no redirect is followed, TLS is verified, and an API server that does not answer denies.
 * Limit: whoever can create pods in the namespace can be its service accounts. The cluster's word is all there is.
 */
import { createHash } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { exactText, parseClaims, refuseKey } from '../exact-claims.ts'
import type { Jwt } from '../jwt.ts'
import { requireServiceAccount } from '../oidc/presets/kubernetes.ts'
import { policyClaimsOf } from '../policy-claims.ts'
import { checkTimes } from '../proof-times.ts'
import { caPem, fetchable, httpsUrl } from '../setting-fields.ts'
import {
  type BindingInput,
  type BindingRule,
  type ProofExpectations,
  proofIn,
  type ProofVerdict,
  rejected,
  type TrustProvider,
} from '../trust-provider.ts'
import { reviewToken, type Reviewed } from './review-token.ts'

const settings = z.strictObject({
  issuer: fetchable.describe("`iss` of the cluster's tokens, exactly (`--service-account-issuer`); never fetched"),
  api_server: httpsUrl.describe('where TokenReview is asked'),
  ca_pem: caPem
    .optional()
    .describe(
      "for reviewer `self`: the authority of the API server's certificate; for `server` it is `MAYFLY_KUBERNETES_CA_FILE`",
    ),
  audiences: z
    .array(z.string().min(1).max(1000))
    .min(1)
    .max(10)
    .describe('a token must be for one of these; choose one that is used for Mayfly alone'),
  reviewer: z
    .enum(['server', 'self'])
    .default('server')
    .describe(
      '`server`: asked with the token that this server is configured with (`MAYFLY_KUBERNETES_TOKEN_FILE`), and only at `MAYFLY_KUBERNETES_API_URL`; `self`: asked with the very token that is reviewed, which then must be good at the API server too',
    ),
  max_age_seconds: z.int().min(10).max(86_400).default(3600).describe('the oldest `iat` believed'),
  clock_tolerance_seconds: z.int().min(0).max(60).default(5).describe('how far clocks may differ'),
})
export type KubernetesSettings = z.output<typeof settings>

/** What a review says, under these names for bindings and policies. */
export const kubernetesClaims = [
  'namespace',
  'service_account',
  'service_account_uid',
  'pod',
  'pod_uid',
  'node',
  'node_uid',
] as const

/** Of service account tokens (`--service-account-signing-key-file`). */
const clusterAlgorithms: readonly string[] = ['RS256', 'ES256', 'ES384', 'ES512']

export const kubernetesTrustProvider: TrustProvider<KubernetesSettings> = {
  kind: 'kubernetes',
  title: 'a Kubernetes cluster, asked about each token (TokenReview)',
  forms: ['jwt'],
  settings,
  maxStrength: 'platform',
  renewal: 'new_proof',
  issuerOf: ({ issuer }) => issuer,
  parseBinding,
  open: (config, deps) => ({
    async verify(proof, expected) {
      const { jwt, token } = proofIn('jwt', proof)
      const ends = checkBefore(config, jwt, expected)
      if ('outcome' in ends) return ends
      const reviewed = await reviewToken(config, deps.clusterReviewer, token)
      return 'outcome' in reviewed ? reviewed : accept(jwt, reviewed, ends)
    },
  }),
}

function parseBinding(input: BindingInput): BindingRule {
  refuseKey(input, 'kubernetes')
  const subject = exactText('/subject', input.subject)
  requireServiceAccount(subject)
  const claims = parseClaims(input.claims)
  const unknown = Object.keys(claims).find((name) => !(kubernetesClaims as readonly string[]).includes(name))
  if (unknown === undefined) return { subject, claims, publicJwk: null }
  const detail = `\`claims/${unknown}\`: a review does not tell it`
  throw new MayflyError('request_invalid', {
    publicDetail: detail,
    hint: `it tells ${kubernetesClaims.join(', ')}`,
    fields: [{ pointer: `/claims/${unknown}`, detail: 'a review does not tell it' }],
  })
}

/** What can be refused without asking: nothing of a stranger's is sent to the cluster without need. */
function checkBefore(config: KubernetesSettings, { header, claims }: Jwt, expected: ProofExpectations) {
  const { alg, typ } = header
  if (typ !== undefined && !['jwt', 'jose'].includes(typ.toLowerCase())) {
    return rejected('type_not_allowed', '`typ` must be absent or JWT')
  }
  // The cluster checks the signature. What its keys cannot have made is not even shown to it.
  if (!clusterAlgorithms.includes(alg)) {
    return rejected('algorithm_not_allowed', `\`alg\` must be one of ${clusterAlgorithms.join(', ')}`)
  }
  if (claims['iss'] !== config.issuer) return rejected('issuer_unknown', '`iss` is not a known issuer')
  const { aud, sub } = claims
  if (typeof sub !== 'string' || sub.trim() === '') return rejected('claim_missing', '`sub` is missing or empty')
  const named = Array.isArray(aud) ? aud.slice(0, 20) : [aud]
  if (!named.some((one) => typeof one === 'string' && config.audiences.includes(one))) {
    return rejected(
      'audience_wrong',
      '`aud` is not an audience of this trust provider',
      'project a service account token with the audience that is configured',
    )
  }
  return checkTimes(claims, {
    now: expected.now,
    clockToleranceSeconds: config.clock_tolerance_seconds,
    maxAgeSeconds: config.max_age_seconds,
  })
}

function accept(jwt: Jwt, reviewed: Reviewed, ends: Date): ProofVerdict {
  // The API server reads the token as we do, or one of us is being fooled.
  if (reviewed.username !== jwt.claims['sub']) {
    return rejected('claim_wrong', 'the cluster names another subject than the token does')
  }
  const [, , namespace, name] = reviewed.username.split(':')
  const claims: Record<string, string> = {}
  const told = [namespace, name, reviewed.uid, reviewed.pod, reviewed.podUid, reviewed.node, reviewed.nodeUid]
  kubernetesClaims.forEach((claim, at) => {
    const value = told[at]
    if (value !== undefined && value !== '') claims[claim] = value
  })
  return {
    outcome: 'accepted',
    subjects: [reviewed.username],
    claims,
    policyClaims: policyClaimsOf(claims, kubernetesClaims),
    instance: reviewed.podUid ?? '',
    uniqueId: `token:${createHash('sha256').update(jwt.signedText).digest('base64url')}`,
    expiresAt: ends,
    recorded: { subject: reviewed.username, ...claims },
  }
}
