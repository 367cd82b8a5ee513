/** How a machine that has no proof yet gets one. */
import type { AttestationId, BindingId, IdentityId, JoinTokenId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { tenantOfJoinToken } from '../../application/proof/join-token-text.ts'
import {
  cancelJoinToken,
  defaultJoinTtlSeconds,
  makeJoinToken,
  maxJoinTtlSeconds,
} from '../../application/proof/make-join-token.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import { useJoinToken } from '../../application/proof/use-join-token.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { getJoinToken, type JoinTokenWithNames, listJoinTokens } from '../../store/join-token-rows.ts'
import { definePublicRoute, defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import * as fields from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

type Deps = ProofDeps & HttpDeps

const joinToken = z
  .object({
    join_token_id: id<JoinTokenId>(),
    identity_id: id<IdentityId>(),
    identity: z.string().meta({ description: "The identity's name" }),
    trust_provider: z
      .string()
      .nullable()
      .meta({ description: 'The trust provider of kind `join_token` under which it was made; null: under none' }),
    becomes: z.string().meta({ description: 'The trust provider of the key that it becomes' }),
    state: z.enum(['active', 'used', 'cancelled']),
    created_at: timestamp,
    expires_at: timestamp,
    used_at: timestamp.nullable(),
    binding_id: id<BindingId>().nullable().meta({ description: 'What it became' }),
    attestation_id: id<AttestationId>()
      .nullable()
      .meta({ description: 'What its use was recorded as; null before, and for one that was made under no rule' }),
  })
  .meta({ id: 'JoinToken', description: 'Single use, short: registers one key for one identity' })

const madeJoinToken = joinToken
  .extend({ token: z.string().meta({ description: 'Shown once, and kept nowhere' }) })
  .meta({ id: 'MadeJoinToken' })

const joined = z
  .object({
    client_id: z
      .string()
      .meta({ description: '`iss` and `sub` of the assertions that the key will sign: the identity' }),
    identity_id: z.string(),
    kid: z.string().meta({ description: "The key's thumbprint (RFC 7638)" }),
    binding_id: z.string(),
    attestation_id: z.string().nullable().meta({ description: 'What joining was recorded as, where a rule says so' }),
    issuer: z.string().meta({ description: '`aud` of these assertions' }),
    login: z.enum(['assertion', 'challenge']).meta({ description: 'How the key logs in' }),
  })
  .meta({ id: 'Joined' })

export const joinRoutes: readonly Route<Deps>[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/join-tokens',
    name: 'makeJoinToken',
    summary: 'make a token with which one machine joins as an identity',
    description: 'As powerful as writing a binding of that identity, and judged as that.',
    action: 'binding.write',
    body: z.strictObject({
      identity: ref,
      trust_provider: ref.optional().meta({
        description:
          'Name of a trust provider of kind `join_token`: the rule under which it is made. This or `becomes`',
      }),
      becomes: ref.optional().meta({
        description: 'Name of a trust provider of kind `bound_key`: under no rule, and joining is recorded as no proof',
      }),
      ttl_seconds: z
        .int()
        .min(30)
        .max(maxJoinTtlSeconds)
        .optional()
        .meta({ description: `Default ${defaultJoinTtlSeconds}, or what the rule allows` }),
    }),
    resource: ({ body }) => ({ type: 'Identity', id: body.identity }),
    changes: true,
    status: 201,
    response: madeJoinToken,
    problems: ['resource_not_found', 'state_not_allowed', 'version_conflict'],
    handle: async (deps: Deps, ctx, { body }, tx, decision) => {
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { row, token, receipt } = await makeJoinToken(deps, change, {
        identity: body.identity,
        trustProvider: body.trust_provider,
        becomes: body.becomes,
        ttlSeconds: body.ttl_seconds,
      })
      return { ...joinTokenWire(row), token: token.reveal(), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/join-tokens',
    name: 'listJoinTokens',
    summary: 'list join tokens, never their text',
    action: 'registry.read',
    query: pageQuery.extend({ identity: ref.optional(), state: z.enum(['active', 'used', 'cancelled']).optional() }),
    resource: () => ({ type: 'Tenant' }),
    response: page(joinToken),
    problems: ['cursor_invalid', 'resource_not_found'],
    handle: async (_deps: Deps, _ctx, { query }, tx) => {
      const { identity, state } = query
      const identityId = identity === undefined ? undefined : (await getIdentity(tx, identity)).identity_id
      return readPage(
        'join-tokens',
        query,
        (rows) => listJoinTokens(tx, { identityId, state }, rows),
        (row) => row.join_token_id,
        joinTokenWire,
      )
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/join-tokens/{id}/cancel',
    name: 'cancelJoinToken',
    summary: 'take back a join token that was not used',
    action: 'binding.write',
    params: z.strictObject({ id: id<JoinTokenId>() }),
    body: z.strictObject({}).default({}),
    changes: true,
    response: joinToken,
    problems: ['resource_not_found', 'state_not_allowed'],
    handle: async (deps: Deps, ctx, { params }) => {
      const current = await deps.database.transaction(ctx.tenantId, (tx) => getJoinToken(tx, params.id))
      const on = { type: 'Identity', id: current.identity_id } as const
      return deps.gate(ctx, { action: 'binding.write', resource: on }, async (tx, decision) => {
        const { row, receipt } = await cancelJoinToken(fields.changeOf(deps, ctx, tx, decision), params.id)
        return { ...joinTokenWire(row), entry: receipt }
      })
    },
  }),
  definePublicRoute({
    method: 'POST',
    path: '/v1/join',
    name: 'join',
    summary: 'register a key with a join token',
    why: 'it takes a join token, which counts once and for minutes, and a proof that the key is held',
    body: z.strictObject({
      token: z.string().min(20).max(200),
      public_jwk: z.record(z.string(), z.unknown()).meta({ description: 'A public key (RFC 7517)' }),
      proof: z.string().max(8_192).meta({
        description:
          'A JWT that the key signed: `typ` `mayfly-join+jwt`, `aud` the issuer, `token_digest` (SHA-256 of the token, base64url), `iat`, `exp`',
      }),
    }),
    tenantOf: ({ body }) => tenantOfJoinToken(body.token),
    status: 201,
    changes: true,
    response: joined,
    problems: ['proof_rejected', 'policy_denied'],
    handle: async (deps: Deps, ctx, { body }) => {
      const done = await useJoinToken(
        deps,
        { token: new Secret(body.token), publicJwk: body.public_jwk, proof: new Secret(body.proof) },
        { requestId: ctx.requestId, sourceAddress: ctx.sourceAddress },
      )
      return {
        client_id: done.identityName,
        identity_id: done.identityId,
        kid: done.keyId,
        binding_id: done.bindingId,
        attestation_id: done.attestationId,
        issuer: done.issuer,
        login: done.login,
        entry: done.receipt,
      }
    },
  }),
]

function joinTokenWire(row: JoinTokenWithNames): z.output<typeof joinToken> {
  return {
    join_token_id: row.join_token_id,
    identity_id: row.identity_id,
    identity: row.identity_name,
    trust_provider: row.rule_name,
    becomes: row.trust_provider_name,
    state: row.state as 'active' | 'used' | 'cancelled',
    created_at: row.created_at,
    expires_at: row.expires_at,
    used_at: row.used_at,
    binding_id: row.binding_id,
    attestation_id: row.attestation_id,
  }
}
