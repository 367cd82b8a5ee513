/** The authorities that sign X509-SVIDs: which there are, their change, and those that are signed elsewhere. */
import type { X509AuthorityId } from '@mayfly/domain'
import { z } from 'zod'
import {
  abandonAuthorityRequest,
  importAuthority,
  requestAuthority,
} from '../../application/spiffe/request-authority.ts'
import { rotateAuthority } from '../../application/spiffe/rotate-authority.ts'
import type { SvidDeps } from '../../application/spiffe/spiffe-deps.ts'
import { svidKeyPublishAheadSeconds } from '../../application/spiffe/trust-bundle.ts'
import { type AuthorityRow, listAuthorities } from '../../store/authority-rows.ts'
import { defineRoute, type Route, type RouteContext } from './define-route.ts'
import { id, timestamp } from './wire.ts'

const authority = z
  .object({
    x509_authority_id: id<X509AuthorityId>(),
    key_id: z.string().meta({ description: 'The subject key identifier, hexadecimal; names its CRL' }),
    signed_by: z.enum(['itself', 'upstream_file', 'upstream_request']),
    certificate: z.string().nullable().meta({ description: 'DER, base64; null as long as it waits for it' }),
    root: z.string().nullable().meta({ description: 'What stands for it in the bundle: DER, base64' }),
    state: z
      .enum(['requested', 'prepared', 'active', 'retired'])
      .meta({ description: 'Requested: waits for its certificate. Prepared: published, and not yet signing' }),
    not_before: timestamp.nullable(),
    not_after: timestamp.nullable(),
    requested_at: timestamp,
    prepared_at: timestamp.nullable(),
    activated_at: timestamp.nullable(),
    retired_at: timestamp.nullable(),
    trusted_until: timestamp.nullable().meta({ description: 'It stands in the bundle until then' }),
  })
  .meta({ id: 'X509Authority' })

const tenant = () => ({ type: 'Tenant' }) as const

export const x509AuthorityRoutes: readonly Route<SvidDeps>[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/x509-authorities',
    name: 'listX509Authorities',
    summary: 'list the authorities that sign X509-SVIDs',
    action: 'key.read',
    resource: tenant,
    response: z.object({ items: z.array(authority) }),
    handle: async (_deps: SvidDeps, _ctx, _input, tx) => ({ items: (await listAuthorities(tx)).map(authorityWire) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/x509-authorities/rotate',
    name: 'rotateX509Authority',
    summary: 'take the next step in changing the X.509 authority',
    description: `Prepares and publishes a new one; after ${svidKeyPublishAheadSeconds} s it becomes active by itself, or by asking again. A compromised one is replaced at once, what it signed is revoked, and host agents are told to fetch anew.`,
    action: 'key.rotate',
    body: z.strictObject({
      compromised: z.boolean().default(false).meta({ description: 'The active one’s key is in wrong hands' }),
    }),
    resource: tenant,
    changes: true,
    response: z.object({ authority, retired: authority.nullable() }),
    handle: async (deps: SvidDeps, ctx, { body }, tx) => {
      const { authority, retired, receipt } = await rotateAuthority(deps, tx, {
        ...changeOf(deps, ctx),
        compromised: body.compromised,
      })
      return {
        authority: authorityWire(authority),
        retired: retired === undefined ? null : authorityWire(retired),
        entry: receipt,
      }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/x509-authorities/request',
    name: 'requestX509Authority',
    summary: 'make the key of an authority that is signed elsewhere, and the request for its certificate',
    action: 'key.rotate',
    resource: tenant,
    changes: true,
    status: 201,
    response: z.object({ authority, csr: z.string().meta({ description: 'PKCS #10, PEM' }) }),
    problems: ['state_not_allowed'],
    handle: async (deps: SvidDeps, ctx, _input, tx) => {
      const { authority, csr, receipt } = await requestAuthority(deps, tx, changeOf(deps, ctx))
      return { authority: authorityWire(authority), csr, entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/x509-authorities/import',
    name: 'importX509Authority',
    summary: 'take the certificate that the authority above has signed',
    description: 'From then on it is prepared, published, and becomes active as every other.',
    action: 'key.rotate',
    body: z.strictObject({
      certificates: z
        .string()
        .min(1)
        .max(65_536)
        .meta({ description: 'PEM: ours first, then the path down to the root' }),
    }),
    resource: tenant,
    changes: true,
    response: z.object({ authority }),
    problems: ['state_not_allowed'],
    handle: async (deps: SvidDeps, ctx, { body }, tx) => {
      const { authority, receipt } = await importAuthority(deps, tx, changeOf(deps, ctx), body.certificates)
      return { authority: authorityWire(authority), entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/x509-authorities/abandon-request',
    name: 'abandonX509AuthorityRequest',
    summary: 'give up the request for a certificate',
    action: 'key.rotate',
    resource: tenant,
    changes: true,
    response: z.object({ authority }),
    problems: ['state_not_allowed'],
    handle: async (deps: SvidDeps, ctx, _input, tx) => {
      const { authority, receipt } = await abandonAuthorityRequest(tx, changeOf(deps, ctx))
      return { authority: authorityWire(authority), entry: receipt }
    },
  }),
]

function changeOf(deps: SvidDeps, ctx: RouteContext) {
  return { now: deps.clock.now(), actor: ctx.actor, requestId: ctx.requestId }
}

function authorityWire(row: AuthorityRow): z.output<typeof authority> {
  return {
    x509_authority_id: row.x509_authority_id,
    key_id: row.key_id,
    signed_by: row.signed_by,
    certificate: row.certificate?.toString('base64') ?? null,
    root: row.root?.toString('base64') ?? null,
    state: row.state,
    not_before: row.not_before,
    not_after: row.not_after,
    requested_at: row.requested_at,
    prepared_at: row.prepared_at,
    activated_at: row.activated_at,
    retired_at: row.retired_at,
    trusted_until: row.trusted_until,
  }
}
