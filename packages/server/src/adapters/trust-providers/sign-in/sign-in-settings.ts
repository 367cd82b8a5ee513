/** What is configured of an OpenID provider at which people sign in. Everything is pinned; nothing is learnt from a token. */
import { namePattern, personRoles } from '@mayfly/domain'
import { z } from 'zod'
import { isFetchableUrl } from '@mayfly/provider-kit'
import { jwsAlgorithms } from '../verify-jws.ts'

const fetchable = z
  .string()
  .max(2000)
  .refine(isFetchableUrl, 'must be an https:// address without user, password or fragment (http:// on loopback only)')

/** Printable ASCII without blanks, quotes and backslashes (RFC 6749 appendix A.4). */
const scope = z.string().regex(/^[!#-[\]-~]{1,100}$/, 'is not a scope')

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'holds control characters')

const rule = z
  .strictObject({
    group: text(300).describe('the group, exactly as the provider writes it; no patterns'),
    roles: z.array(z.enum(personRoles)).max(personRoles.length).optional().describe('roles that its people have'),
    owner: z
      .string()
      .regex(namePattern, 'is not the name of an owner')
      .optional()
      .describe('the owner that its people are in'),
  })
  .refine(({ roles = [], owner }) => roles.length > 0 || owner !== undefined, 'gives nothing: name `roles` or `owner`')
  .refine(({ group }) => !group.includes('*'), 'has a wildcard, and groups are compared exactly')

export const signInSettings = z.strictObject({
  issuer: fetchable.describe('the provider, exactly as its ID tokens say in `iss`; fixed once it is registered'),
  client_id: text(300).describe('what the provider calls this server; ID tokens must be for it'),
  client_authentication: z
    .enum(['none', 'private_key_jwt', 'client_secret_basic', 'client_secret_post'])
    .default('none')
    .describe(
      'how the server proves itself at the provider: by PKCE alone, by its own key (`/v1/sign-in-keys`), or by a secret that is set apart',
    ),
  assertion_audience: z
    .enum(['issuer', 'token_endpoint'])
    .default('issuer')
    .describe('with `private_key_jwt`: whom the assertion names as its audience'),
  flows: z
    .array(z.enum(['device', 'code']))
    .min(1)
    .max(2)
    .default(['device', 'code'])
    .describe('how people may sign in: with a code on another device, or in a browser that comes back'),
  scopes: z
    .array(scope)
    .min(1)
    .max(20)
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid'), 'must hold `openid`')
    .describe('what is asked for; some providers give groups for a scope of their own'),
  redirect_uris: z
    .array(fetchable)
    .max(20)
    .default(['http://127.0.0.1/callback'])
    .describe(
      'where the provider may send the browser back to, exactly; on a loopback address any port fits (RFC 8252)',
    ),
  groups_claim: text(200).default('groups').describe('the claim with the groups, by name or by JSON pointer'),
  rules: z.array(rule).max(500).default([]).describe('what the people of a group get'),
  userinfo: z
    .boolean()
    .default(false)
    .describe('ask the UserInfo endpoint too, for claims that the ID token leaves out'),
  require_verified_email: z
    .boolean()
    .default(true)
    .describe('refuse people whose email the provider has not verified; else they get none here'),
  acr_values: z.array(text(200)).max(10).default([]).describe('the ID token must name one of these as `acr`'),
  amr: z.array(text(100)).max(10).default([]).describe('methods of authentication that must all be among its `amr`'),
  max_authentication_age_seconds: z
    .int()
    .min(0)
    .max(2_592_000)
    .optional()
    .describe('how long ago the person may have authenticated at the provider'),
  ca_pem: z
    .string()
    .max(65_536)
    .startsWith('-----BEGIN CERTIFICATE-----')
    .optional()
    .describe("the authority of the provider's TLS certificate, where it is not a public one"),
  algorithms: z
    .array(z.enum(jwsAlgorithms))
    .min(1)
    .default(['RS256', 'ES256', 'PS256', 'EdDSA'])
    .describe('the signature algorithms believed'),
  clock_tolerance_seconds: z.int().min(0).max(60).default(5).describe('how far clocks may differ'),
})
export type SignInSettings = z.infer<typeof signInSettings>
export type SignInFlow = SignInSettings['flows'][number]

/** Exact; but on a loopback address the port is the client's to choose (RFC 8252 section 7.3). */
export function allowsRedirect({ redirect_uris: allowed }: SignInSettings, uri: string): boolean {
  if (uri.length > 2000 || !isFetchableUrl(uri)) return false
  if (allowed.includes(uri)) return true
  const url = new URL(uri)
  if (url.protocol !== 'http:' || !['127.0.0.1', '[::1]'].includes(url.hostname)) return false
  url.port = ''
  return allowed.includes(url.href)
}
