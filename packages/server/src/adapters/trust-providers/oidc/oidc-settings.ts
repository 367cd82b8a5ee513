/** What is configured of an OIDC issuer. Everything is pinned; nothing is learnt from a token. */
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { parsePublicJwk } from '../../keys/jwk.ts'
import { isFetchableUrl } from '../guarded-fetch.ts'
import { jwsAlgorithms } from '../verify-jws.ts'

const fetchable = z
  .string()
  .max(2000)
  .refine(isFetchableUrl, 'must be an https:// address without user, password or fragment (http:// on loopback only)')

const claimName = z.string().min(1).max(200)

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

export const oidcSettings = z.strictObject({
  issuer: fetchable.describe('`iss` of the tokens, exactly'),
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
  ca_pem: z
    .string()
    .max(65_536)
    .startsWith('-----BEGIN CERTIFICATE-----')
    .optional()
    .describe("the authority of the issuer's TLS certificate, where it is not a public one"),
  algorithms: z
    .array(z.enum(jwsAlgorithms))
    .min(1)
    .default(['RS256', 'ES256', 'PS256', 'EdDSA'])
    .describe('the signature algorithms believed'),
  types: z
    .array(z.string().min(1).max(100))
    .default(['JWT', 'JOSE'])
    .describe('the values of `typ` believed; an absent one is too'),
  max_age_seconds: z.int().min(10).max(86_400).default(3600).describe('the oldest `iat` believed'),
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
    .default([])
    .describe('claims that tell instances of one workload apart, e.g. `/kubernetes.io/pod/uid`'),
})
export type OidcSettings = z.infer<typeof oidcSettings>
