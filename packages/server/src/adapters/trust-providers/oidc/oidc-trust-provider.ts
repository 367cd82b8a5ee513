/**
 * OIDC issuer: a platform (a cluster, a build service, a cloud) signs a token that says which workload runs.
 *
 * Promise: issuer and audience are pinned; the algorithm is one of the list and fits the key; keys come from the
 * configured set only; the token is young and used once.
 * Limit: whoever can make the platform sign for a subject is that subject. Bindings with further claims narrow it.
 * Not here: whose token it is (bindings), and that it is used once (`accept-proof.ts`).
 */
import { createHash } from 'node:crypto'
import type { JsonObject } from '@mayfly/domain'
import type { Jwt } from '../jwt.ts'
import { exactText, findClaim, parseClaims, refuseKey } from '../exact-claims.ts'
import { policyClaimsOf } from '../policy-claims.ts'
import { checkTimes } from '../proof-times.ts'
import {
  type BindingInput,
  type BindingRule,
  type ProofExpectations,
  proofIn,
  type ProofVerdict,
  rejected,
  type TrustProvider,
} from '../trust-provider.ts'
import { isJwsAlgorithm, verifyJws } from '../verify-jws.ts'
import { getOfflineMaterial, judgeCarriedStatus } from '../offline-material.ts'
import { carriedKeySource } from './carried-key-source.ts'
import { type KeySource, openKeySource } from './key-source.ts'
import { presets } from './oidc-presets.ts'
import { oidcSettings, type OidcSettings } from './oidc-settings.ts'

const maxInstanceLength = 500

export const oidcTrustProvider: TrustProvider<OidcSettings> = {
  kind: 'oidc',
  title: 'an issuer of OIDC or other JWT identity tokens',
  forms: ['jwt'],
  settings: oidcSettings,
  maxStrength: 'platform',
  renewal: 'new_proof',
  issuerOf: (settings) => settings.issuer,
  parseBinding,
  open(settings, deps) {
    const { clock } = deps
    if (settings.keys.from === 'offline_site') {
      const { site } = settings.keys
      return {
        async verify(proof, expected) {
          const { jwt } = proofIn('jwt', proof)
          const material = await getOfflineMaterial(deps, site, 'jwks', expected.now)
          const verdict = await verifyToken(settings, carriedKeySource(material, settings.issuer), jwt, expected)
          return verdict.outcome === 'accepted' ? judgeCarriedStatus(material, verdict, expected.now) : verdict
        },
      }
    }
    const keys = openKeySource(settings, clock)
    return { verify: (proof, expected) => verifyToken(settings, keys, proofIn('jwt', proof).jwt, expected) }
  },
}

function parseBinding(input: BindingInput, settings: OidcSettings): BindingRule {
  refuseKey(input, 'oidc')
  const binding = { subject: exactText('/subject', input.subject), claims: parseClaims(input.claims) }
  presets[settings.preset].judgeBinding(binding)
  return { ...binding, publicJwk: null }
}

async function verifyToken(
  settings: OidcSettings,
  keySource: KeySource,
  jwt: Jwt,
  expected: ProofExpectations,
): Promise<ProofVerdict> {
  const { header, claims } = jwt
  const { alg, kid, typ } = header
  if (typ !== undefined && !settings.types.some((allowed) => allowed.toLowerCase() === typ.toLowerCase())) {
    return rejected('type_not_allowed', `\`typ\` must be one of ${settings.types.join(', ')}`)
  }
  if (!isJwsAlgorithm(alg) || !settings.algorithms.includes(alg)) {
    return rejected('algorithm_not_allowed', `\`alg\` must be one of ${settings.algorithms.join(', ')}`)
  }
  if (claims['iss'] !== settings.issuer) return rejected('issuer_unknown', '`iss` is not a known issuer')
  const { sub, jti } = claims
  if (typeof sub !== 'string' || sub.trim() === '') return rejected('claim_missing', '`sub` is missing or empty')
  if (jti !== undefined && (typeof jti !== 'string' || jti === ''))
    return rejected('claim_wrong', '`jti` is not a text')
  // Whoever acts for another (RFC 8693 section 4.1) must not become the other by showing it here.
  if (Object.hasOwn(claims, 'act')) {
    return rejected(
      'claim_wrong',
      '`act`: a token for acting on behalf of another proves nobody',
      'show one of its own',
    )
  }
  // RFC 7800: shown as it is, it would be worth more to a thief than its issuer meant.
  if (Object.hasOwn(claims, 'cnf')) {
    return rejected(
      'claim_wrong',
      '`cnf`: the token is bound to a key, which is not shown here',
      'get one that is not bound',
    )
  }
  if (!isForUs(claims['aud'], settings.audiences)) {
    return rejected(
      'audience_wrong',
      '`aud` is not an audience of this trust provider',
      'ask the platform for a token with the audience that is configured',
    )
  }
  const ends = checkTimes(claims, {
    now: expected.now,
    clockToleranceSeconds: settings.clock_tolerance_seconds,
    maxAgeSeconds: settings.max_age_seconds,
  })
  if ('outcome' in ends) return ends
  const keys = await keySource.keysFor(kid, alg)
  if (keys.length === 0) return rejected('key_unknown', 'the issuer has no such key: `kid` is unknown')
  const key = keys.find((candidate) => verifyJws(alg, candidate, jwt))
  if (key === undefined) return rejected('signature_invalid', 'the signature does not fit the key of the issuer')
  const instance = settings.instance_claims.map((name) => findClaim(claims, name))
  if (instance.includes(undefined)) {
    return rejected(
      'claim_missing',
      `the token lacks a claim that tells instances apart: ${settings.instance_claims.join(', ')}`,
    )
  }
  const instanceText = instance.length === 0 ? '' : JSON.stringify(instance)
  if (instanceText.length > maxInstanceLength)
    return rejected('claim_wrong', 'the claims that tell instances apart are too long')
  return {
    outcome: 'accepted',
    subjects: [sub],
    claims,
    policyClaims: policyClaimsOf(claims, settings.policy_claims),
    instance: instanceText,
    uniqueId:
      jti === undefined ? `token:${createHash('sha256').update(jwt.signedText).digest('base64url')}` : `jti:${jti}`,
    expiresAt: ends,
    recorded: recordedOf(settings, sub, alg, key.thumbprint),
  }
}

// All of several audiences would be told the token; it must at least be meant for us.
function isForUs(aud: unknown, audiences: readonly string[]): boolean {
  if (typeof aud === 'string') return audiences.includes(aud)
  return Array.isArray(aud) && aud.length <= 20 && aud.some((one) => typeof one === 'string' && audiences.includes(one))
}

function recordedOf(settings: OidcSettings, subject: string, alg: string, key: string): JsonObject {
  return { issuer: settings.issuer, subject, alg, key }
}
