/** What is configured of an OIDC issuer. Everything is pinned; nothing is learnt from a token. */
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { parsePublicJwk } from '../../keys/jwk.ts'
import { caPem, claimName, fetchable } from '../setting-fields.ts'
import { jwsAlgorithms } from '../verify-jws.ts'
import { presetNames, presetOfIssuer, presets } from './oidc-presets.ts'

const staticKeys = z.strictObject({
  from: z.literal('static'),
  keys: z
    .array(z.looseObject({ kid: z.string().min(1).max(300).optional() }))
    .min(1)
    .max(50)
    .superRefine((keys, ctx) => {
      keys.forEach((key, index) => {
        try {
          parsePublicJwk(key)
        } catch (error) {
          if (!(error instanceof MayflyError)) throw error
          ctx.addIssue({ code: 'custom', path: [index], message: error.options.publicDetail ?? 'not a usable key' })
        }
      })
    })
    .describe('public keys as JWKs'),
})

const offlineKeys = z.strictObject({
  from: z.literal('offline_site'),
  site: z.string().min(1).max(63).describe('name of the offline site whose imported bundle carries them'),
})

const given = z.strictObject({
  preset: z
    .enum(presetNames)
    .optional()
    .describe('whose tokens these are: fills what is left out below, and refuses bindings that are too wide'),
  issuer: fetchable.optional().describe('`iss` of the tokens, exactly; a preset may know it'),
  audiences: z
    .array(z.string().min(1).max(1000))
    .min(1)
    .max(10)
    .describe('a token must be for one of these; choose one that is used for Mayfly alone'),
  keys: z
    .discriminatedUnion('from', [
      z.strictObject({ from: z.literal('discovery') }),
      z.strictObject({ from: z.literal('url'), url: fetchable.describe('where the key set is (JWKS)') }),
      staticKeys,
      offlineKeys,
    ])
    .default({ from: 'discovery' })
    .describe('where the public keys come from: the issuer itself, an address, this list, or an offline bundle'),
  ca_pem: caPem.optional().describe("the authority of the issuer's TLS certificate, where it is not a public one"),
  algorithms: z
    .array(z.enum(jwsAlgorithms))
    .min(1)
    .optional()
    .describe('the signature algorithms believed; by the preset, else `RS256`, `ES256`, `PS256`, `EdDSA`'),
  types: z
    .array(z.string().min(1).max(100))
    .default(['JWT', 'JOSE'])
    .describe('the values of `typ` believed; an absent one is too'),
  max_age_seconds: z
    .int()
    .min(10)
    .max(86_400)
    .optional()
    .describe('the oldest `iat` believed; by the preset, else 3,600'),
  clock_tolerance_seconds: z.int().min(0).max(60).default(5).describe('how far clocks may differ'),
  keys_max_stale_seconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(3600)
    .describe('how long known keys are believed while the issuer cannot be reached'),
  instance_claims: z
    .array(claimName)
    .max(5)
    .optional()
    .describe('claims that tell instances of one workload apart, e.g. `/kubernetes.io/pod/uid`; by the preset'),
  policy_claims: z
    .array(claimName)
    .max(30)
    .optional()
    .describe('claims that policies may speak of, by name or JSON pointer; by the preset'),
})

/** What was left out, filled from the preset: the row says all of what is believed. */
export const oidcSettings = given.transform((settings, ctx) => {
  const fault = (field: string, message: string) => {
    ctx.addIssue({ code: 'custom', path: [field], message })
    return z.NEVER
  }
  const shared = settings.issuer === undefined ? undefined : presetOfIssuer(settings.issuer)
  const name = settings.preset ?? shared ?? 'generic'
  const preset = presets[name]
  if (shared !== undefined && name !== shared) {
    return fault(
      'preset',
      `must be \`${shared}\`: this issuer signs for everybody, and the preset refuses what is too wide`,
    )
  }
  const issuer = settings.issuer ?? preset.issuer
  if (issuer === undefined) return fault('issuer', `is required: each installation of ${preset.title} has its own`)
  const issuerFault = preset.issuerFault?.(issuer)
  if (issuerFault !== undefined) return fault('issuer', issuerFault)
  for (const audience of settings.audiences) {
    const audienceFault = preset.audienceFault?.(audience)
    if (audienceFault !== undefined) return fault('audiences', audienceFault)
  }
  return {
    ...settings,
    preset: name,
    issuer,
    algorithms: settings.algorithms ?? [...preset.algorithms],
    max_age_seconds: settings.max_age_seconds ?? preset.maxAgeSeconds,
    instance_claims: settings.instance_claims ?? [...preset.instanceClaims],
    policy_claims: settings.policy_claims ?? [...preset.policyClaims],
  }
})
export type OidcSettings = z.output<typeof oidcSettings>
