/** The SQL of sessions: proofs that people gave by signing in. */
import type { AttestationId, PersonId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { AttestationRow } from './attestation-rows.ts'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'

export type SessionRow = AttestationRow & {
  readonly person_id: PersonId
  readonly person_name: string
  readonly person_email: string | null
  readonly trust_provider_name: string
}

export interface SessionFilter {
  readonly personId?: PersonId | undefined
  /** Only those that can still be used at this moment. */
  readonly liveAt?: Date | undefined
}

export async function listSessions(tx: Tx, filter: SessionFilter, page: PageRequest): Promise<readonly SessionRow[]> {
  let query = tx.query
    .selectFrom('attestation')
    .innerJoin('person', 'person.person_id', 'attestation.person_id')
    .innerJoin('trust_provider', 'trust_provider.trust_provider_id', 'attestation.trust_provider_id')
    .where('trust_provider.kind', '=', 'sign_in')
    .selectAll('attestation')
    .select([
      'person.person_id as person_id',
      'person.name as person_name',
      'person.email as person_email',
      'trust_provider.name as trust_provider_name',
    ])
  if (filter.personId !== undefined) query = query.where('attestation.person_id', '=', filter.personId)
  if (filter.liveAt !== undefined) {
    query = query
      .where('attestation.state', 'in', ['fresh', 'succeeded'])
      .where('attestation.token_revoked_at', 'is', null)
      .where('attestation.token_expires_at', '>', filter.liveAt)
      .where('person.state', '=', 'active')
  }
  if (page.after !== undefined) query = query.where('attestation.attestation_id', '>', page.after as AttestationId)
  return query.orderBy('attestation.attestation_id').limit(page.limit).execute()
}

/** The live sessions that a logout at the provider ends: of a subject, or of one session there (`sid`). */
export async function listSessionsToLogOut(
  tx: Tx,
  trustProviderId: string,
  of: { readonly subject: string | undefined; readonly sid: string | undefined },
): Promise<readonly AttestationId[]> {
  const { rows } = await sql<{ attestation_id: AttestationId }>`
    select a.attestation_id from binding b join attestation a on a.binding_id = b.binding_id and a.state = 'fresh'
    where b.trust_provider_id = ${trustProviderId}::uuid and b.person_id is not null
      and (${of.subject ?? null}::text is null or b.subject = ${of.subject ?? null})
      and (${of.sid ?? null}::text is null or a.claims ->> 'sid' = ${of.sid ?? null})
    order by a.attestation_id`.execute(tx.query)
  return rows.map((row) => row.attestation_id)
}
