/** Accepted proofs, for those who ask who has been proving what. */
import {
  type AttestationId,
  attestationStates,
  type IdentityId,
  MayflyError,
  type PersonId,
  strengths,
  type SvidId,
  type TrustProviderId,
} from '@mayfly/domain'
import { z } from 'zod'
import type { CoreDeps } from '../../application/context.ts'
import { type AttestationRow, findAttestation, listAttestations } from '../../store/attestation-rows.ts'
import { defineRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import { id, page, pageQuery, timestamp } from './wire.ts'

const state = z.enum(attestationStates).meta({ description: 'Succeeded: a newer proof followed in time' })

const attestation = z
  .object({
    attestation_id: id<AttestationId>(),
    identity_id: id<IdentityId>().nullable(),
    person_id: id<PersonId>().nullable(),
    trust_provider_id: id<TrustProviderId>(),
    binding_id: z.string(),
    instance: z.string().meta({ description: 'Tells instances of one identity apart; empty where nothing does' }),
    claims: z.record(z.string(), z.unknown()).meta({ description: 'What of the proof was kept' }),
    strength: z.enum(strengths),
    token_binding: z.string().nullable().meta({
      description: 'What the access token is bound to: `jkt:` a key (RFC 9449), `x5t#S256:` a certificate (RFC 8705)',
    }),
    vouched_by_attestation_id: id<AttestationId>()
      .nullable()
      .meta({ description: 'The own proof of the host agent that vouched for this one' }),
    source_address: z.string().nullable(),
    accepted_at: timestamp,
    fresh_until: timestamp,
    state,
    host_identity_id: id<IdentityId>()
      .nullable()
      .meta({ description: 'The host agent that vouched for it, where one did' }),
    ended_at: timestamp.nullable().meta({ description: 'When it was fresh no more' }),
    token_expires_at: timestamp,
    token_revoked_at: timestamp.nullable(),
    decision_id: z.string(),
    trust_made_at: timestamp.nullable().meta({
      description: 'As of when the keys and lists were that it was judged with; null: asked for at that moment',
    }),
    proven_by_svid_id: id<SvidId>()
      .nullable()
      .meta({ description: 'The SVID of this server that it was proven with: it ends with that one' }),
    svid_chain_length: z
      .int()
      .nullable()
      .meta({ description: 'How many such SVIDs it rests on, one behind the other; null: on none' }),
  })
  .meta({ id: 'Attestation', description: 'One proof accepted once' })

export const attestationRoutes: readonly Route<CoreDeps>[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/attestations',
    name: 'listAttestations',
    summary: 'list accepted proofs',
    action: 'attestation.read',
    query: pageQuery.extend({ identity: id<IdentityId>().optional(), state: state.optional() }),
    resource: ({ query }) =>
      query.identity === undefined ? { type: 'Tenant' } : { type: 'Identity', id: query.identity },
    response: page(attestation),
    problems: ['cursor_invalid'],
    handle: (_deps: CoreDeps, _ctx, { query }, tx) =>
      readPage(
        'attestations',
        query,
        (rows) => listAttestations(tx, { identityId: query.identity, state: query.state }, rows),
        (row) => row.attestation_id,
        attestationWire,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/attestations/{id}',
    name: 'getAttestation',
    summary: 'show an accepted proof',
    action: 'attestation.read',
    params: z.strictObject({ id: id<AttestationId>() }),
    resource: () => ({ type: 'Tenant' }),
    response: attestation,
    handle: async (_deps: CoreDeps, _ctx, { params }, tx) => {
      const row = await findAttestation(tx, params.id)
      if (row === undefined) throw new MayflyError('resource_not_found')
      return attestationWire(row)
    },
  }),
]

function attestationWire(row: AttestationRow) {
  const { tenant_id: _tenant, version: _version, claims, ...shown } = row
  return { ...shown, claims: claims as Record<string, unknown> }
}
