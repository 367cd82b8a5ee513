/**
 * Join tokens: how a machine that has no proof yet gets one. The rule under which they are made; what one of them becomes
 * is a bound key.
 *
 * Promise: a token is for one identity that the rule names, lives minutes, and counts once. It proves nothing by itself:
 * it is taken at `POST /v1/join` alone, together with a key, and gives no access token.
 * Limit: whoever gets the token first is the machine.
 * Not here: making tokens and using them up (application/proof/make-join-token.ts, use-join-token.ts).
 */
import { environments } from '@mayfly/domain'
import { z } from 'zod'
import { refuse } from '../exact-claims.ts'
import { rejected, type TrustProvider } from '../trust-provider.ts'

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be a name as the registry has them')

const settings = z
  .strictObject({
    becomes: name.describe('name of the trust provider of kind `bound_key` that the key proves itself to from then on'),
    identities: z
      .array(name)
      .max(1_000)
      .default([])
      .describe('names of the identities that machines may join as; empty: every one of `environments`'),
    environments: z
      .array(z.enum(environments))
      .max(environments.length)
      .default([])
      .describe(
        'the environments whose identities machines may join as; empty: any. At least one of the two says something',
      ),
    max_ttl_seconds: z.int().min(30).max(3_600).default(600).describe('how long a token may live'),
  })
  .superRefine(({ identities, environments: within }, ctx) => {
    if (identities.length + within.length > 0) return
    ctx.addIssue({
      code: 'custom',
      path: ['identities'],
      message: 'must name identities, or `environments` must say which; a rule for all there are is none',
    })
  })
export type JoinTokenSettings = z.output<typeof settings>

export const joinTokenTrustProvider: TrustProvider<JoinTokenSettings> = {
  kind: 'join_token',
  title: 'tokens with which a machine registers its key, once',
  forms: [],
  settings,
  maxStrength: 'bootstrap',
  renewal: 'new_proof',
  // The key proves itself within this time, or nothing goes on.
  maxFreshForSeconds: 3_600,
  issuerOf: () => null,
  parseBinding() {
    throw refuse(
      '/trust_provider',
      'a join token is made, and not bound',
      'run `mayfly join-token create --trust-provider NAME`: the key that it becomes gets its binding then',
    )
  },
  open: () => ({
    verify: () => rejected('form_not_allowed', 'a join token is no proof of its own', 'run `mayfly join`'),
  }),
}

/** @returns why no token is made for this identity under the rule, or undefined */
export function findJoinFault(
  { identities, environments: within }: JoinTokenSettings,
  identity: { readonly name: string; readonly environment: string },
): string | undefined {
  if (identities.length > 0 && !identities.includes(identity.name)) {
    return `\`${identity.name}\` is none of the identities that the trust provider names`
  }
  if (within.length > 0 && !(within as readonly string[]).includes(identity.environment)) {
    return `\`${identity.name}\` belongs to ${identity.environment}, and the trust provider is for ${within.join(' and ')}`
  }
  return undefined
}
