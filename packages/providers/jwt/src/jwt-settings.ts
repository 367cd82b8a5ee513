import { z } from 'zod'
import { isReservedClaim } from './claim-names.ts'

const maxClaims = 20

/** StringOrURI (RFC 7519 section 2): with a colon it is a URI; no fragment (RFC 8707 section 2). */
const audience = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x21-\x7e]+$/, { error: 'an audience is printable ASCII without spaces' })
  .refine((text) => !text.includes(':') || URL.canParse(text), { error: 'an audience with a colon is a URI' })
  .refine((text) => !text.includes('#'), { error: 'an audience has no fragment (RFC 8707 section 2)' })

const claimName = z
  .string()
  .regex(/^([A-Za-z][A-Za-z0-9_]{0,62}|https:\/\/[\x21-\x7e]{1,200})$/, {
    error: 'a claim is named like `department`, or by an https URI',
  })
  .refine((name) => !isReservedClaim(name), { error: 'this claim is the issuer’s own' })

const claimValue = z.union([z.string().max(500), z.number(), z.boolean(), z.array(z.string().max(500)).max(50)])

/** More claims, the same in each token. Closed: they cannot stand for what the issuer says itself. */
export const moreClaims = z
  .record(claimName, claimValue)
  .refine((claims) => Object.keys(claims).length <= maxClaims, { error: `at most ${maxClaims} claims` })

/** For whom tokens are, and their form. Times in seconds, as the names say. */
export const jwtSettings = z.strictObject({
  /** What stands in `aud`: the resource server, by the name that it knows itself by. */
  audience: z
    .array(audience)
    .min(1)
    .max(5)
    .refine((names) => new Set(names).size === names.length, { error: 'an audience is named twice' }),
  /** RS256 for verifiers that know nothing else, as most clouds; it costs thirty times as much. */
  algorithm: z.enum(['ES256', 'RS256']).default('ES256'),
  /** A verifier that asks nobody accepts a revoked token until its end: keep it short. */
  max_ttl_seconds: z.int().min(10).max(3_600).default(300),
  /** `at+jwt` (RFC 9068 section 2.1); `JWT` for a verifier that refuses it. */
  typ: z.enum(['at+jwt', 'JWT']).default('at+jwt'),
  claims: moreClaims.default({}),
})
export type JwtSettings = z.output<typeof jwtSettings>

/** Nothing is stored: the issuer's keys sign. */
export const jwtSecret = z.strictObject({})
export type JwtSecret = z.output<typeof jwtSecret>
