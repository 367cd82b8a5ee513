/** Sessions: who has signed in, from where, and until when. They end as everything does: `POST /v1/revocations`. */
import { type AttestationId, MayflyError, type PersonId } from '@mayfly/domain'
import { z } from 'zod'
import { getPerson } from '../../store/person-rows.ts'
import { listSessions, type SessionRow } from '../../store/session-rows.ts'
import { defineSelfGatedRoute, type Route, type RouteContext } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

const session = z
  .object({
    session_id: id<AttestationId>().meta({ description: 'The attestation: what a revocation names to end it' }),
    person_id: id<PersonId>(),
    name: z.string(),
    email: z.string().nullable(),
    provider: z.string().meta({ description: 'Where the person signed in' }),
    bound_to: z.enum(['key', 'none']).meta({ description: 'Beside possession of the token' }),
    source_address: z.string().nullable(),
    signed_in_at: timestamp,
    expires_at: timestamp,
    state: z.enum(['live', 'ended']),
    own: z.boolean().meta({ description: 'Under which this very request is made' }),
  })
  .meta({ id: 'Session', description: 'A person who has signed in' })

export const sessionRoutes: readonly Route<HttpDeps>[] = [
  defineSelfGatedRoute({
    method: 'GET',
    path: '/v1/sessions',
    name: 'listSessions',
    summary: 'list who has signed in',
    action: 'session.read',
    query: pageQuery.extend({
      person: ref.optional().meta({ description: 'Id or email; `me`: whoever asks. Default: everybody' }),
      state: z.enum(['live', 'all']).default('live'),
    }),
    response: page(session),
    problems: ['cursor_invalid', 'resource_not_found'],
    handle: async (deps: HttpDeps, ctx, { query }) => {
      const personId = await personOf(deps, ctx, query.person)
      const resource =
        personId === undefined ? ({ type: 'Tenant' } as const) : ({ type: 'Person', id: personId } as const)
      const now = deps.clock.now()
      return deps.gate(ctx, { action: 'session.read', resource, readOnly: true }, (tx) =>
        readPage(
          'sessions',
          query,
          (rows) => listSessions(tx, { personId, ...(query.state === 'live' ? { liveAt: now } : {}) }, rows),
          (row) => row.attestation_id,
          (row) => sessionWire(row, ctx, now),
        ),
      )
    },
  }),
]

async function personOf(deps: HttpDeps, ctx: RouteContext, who: string | undefined): Promise<PersonId | undefined> {
  if (who === undefined) return undefined
  if (who === 'me') {
    if (ctx.actor.kind === 'person') return ctx.actor.personId
    throw new MayflyError('request_invalid', {
      fields: [{ in: 'query', pointer: '/person', detail: '`me` is for people: only they sign in' }],
    })
  }
  const found = await deps.database.transaction(ctx.tenantId, (tx) =>
    getPerson(tx, who.includes('@') ? who.trim().toLowerCase() : who),
  )
  return found.person_id
}

function sessionWire(row: SessionRow, { actor }: RouteContext, now: Date): z.output<typeof session> {
  const live =
    (row.state === 'fresh' || row.state === 'succeeded') && row.token_revoked_at === null && row.token_expires_at > now
  return {
    session_id: row.attestation_id,
    person_id: row.person_id,
    name: row.person_name,
    email: row.person_email,
    provider: row.trust_provider_name,
    bound_to: row.token_binding === null ? 'none' : 'key',
    source_address: row.source_address,
    signed_in_at: row.accepted_at,
    expires_at: row.token_expires_at,
    state: live ? 'live' : 'ended',
    own: actor.kind === 'person' && actor.attestationId === row.attestation_id,
  }
}
