/** The SQL of attestations and of the access tokens that come with them. */
import type {
  AttestationId,
  AttestationState,
  IdentityId,
  IdentityState,
  OwnerState,
  PersonId,
  PersonRole,
  PersonState,
} from '@mayfly/domain'
import type { Insertable, Selectable } from 'kysely'
import type pg from 'pg'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import type { AttestationTable } from './schema.gen.ts'

export type AttestationRow = Selectable<AttestationTable>
export type NewAttestationRow = Omit<Insertable<AttestationTable>, 'tenant_id' | 'version'>

/** One that was accepted together with other changes; proofs that come alone share a commit (`proof-rows.ts`). */
export async function insertAttestation(tx: Tx, row: NewAttestationRow): Promise<AttestationRow> {
  return tx.query.insertInto('attestation').values(row).returningAll().executeTakeFirstOrThrow()
}

/** Everything that can take the life out of an access token, read in one go. */
export interface TokenLiveness {
  readonly attestationId: AttestationId
  readonly state: AttestationState
  readonly freshUntil: Date
  readonly tokenExpiresAt: Date
  readonly tokenRevokedAt: Date | null
  /** As in the row: `jkt:…`, `x5t#S256:…`, or null. */
  readonly tokenBinding: string | null
  /** False when a host agent vouched for it whose own proof no longer counts. */
  readonly voucherLives: boolean
  /** False when its trust provider or binding is retired. */
  readonly stillBound: boolean
  readonly party:
    | {
        readonly kind: 'identity'
        readonly identityId: IdentityId
        readonly state: IdentityState
        readonly expiresAt: Date
        readonly ownerState: OwnerState
      }
    | {
        readonly kind: 'person'
        readonly personId: PersonId
        readonly state: PersonState
        readonly roles: readonly PersonRole[]
      }
  /** The key that signed it, if it is still believed at the time asked about. */
  readonly keyJwk: unknown
}

export interface LivenessQuestion {
  readonly attestationId: AttestationId
  readonly keyId: string
  readonly now: Date
}

const livenessStatement = `
  select r.ord::int, a.attestation_id, a.state, a.fresh_until, a.token_expires_at, a.token_revoked_at, a.token_binding,
    a.vouched_by_attestation_id is null or (y.attestation_id is not null) as voucher_lives,
    t.state = 'active' and b.state = 'active' as still_bound,
    i.identity_id, i.state as i_state, i.expires_at as i_expires_at, o.state as o_state,
    p.person_id, p.state as p_state,
    p.roles || array(select jsonb_array_elements_text(group_grant(p.group_grants, t.trust_provider_id, t.version) -> 'roles')) as roles,
    k.public_jwk
  from unnest($1::uuid[], $2::text[], $3::timestamptz[]) with ordinality as r(attestation_id, key_id, now, ord)
  -- Subqueries, so that each is one look-up by index whatever the planner believes of the tables.
  cross join lateral (select * from attestation n where n.attestation_id = r.attestation_id limit 1) a
  cross join lateral (select * from trust_provider n where n.trust_provider_id = a.trust_provider_id limit 1) t
  cross join lateral (select * from binding n where n.binding_id = a.binding_id limit 1) b
  left join lateral (select * from identity n where n.identity_id = a.identity_id limit 1) i on true
  left join lateral (select * from owner n where n.owner_id = i.owner_id limit 1) o on true
  left join lateral (select * from person n where n.person_id = a.person_id limit 1) p on true
  left join lateral (
    select n.attestation_id from attestation n
    where n.attestation_id = a.vouched_by_attestation_id and n.state in ('fresh', 'succeeded') and n.fresh_until > r.now limit 1
  ) y on true
  cross join lateral (
    select * from signing_key n where n.key_id = r.key_id and n.purpose = 'access_token'
      and (n.state <> 'retired' or n.trusted_until > r.now) limit 1
  ) k`

interface LivenessRow {
  readonly ord: number
  readonly attestation_id: AttestationId
  readonly state: AttestationState
  readonly fresh_until: Date
  readonly token_expires_at: Date
  readonly token_revoked_at: Date | null
  readonly token_binding: string | null
  readonly voucher_lives: boolean
  readonly still_bound: boolean
  readonly identity_id: IdentityId | null
  readonly i_state: IdentityState
  readonly i_expires_at: Date
  readonly o_state: OwnerState
  readonly person_id: PersonId | null
  readonly p_state: PersonState
  readonly roles: readonly PersonRole[]
  readonly public_jwk: unknown
}

/** Runs inside the tenant's transaction. `undefined` where there is no such attestation, or no such key any more. */
export async function findTokenLiveness(
  client: pg.ClientBase,
  questions: readonly LivenessQuestion[],
): Promise<readonly (TokenLiveness | undefined)[]> {
  const { rows } = await client.query<LivenessRow>({
    name: 'token_liveness',
    text: livenessStatement,
    values: [
      questions.map((one) => one.attestationId),
      questions.map((one) => one.keyId),
      questions.map((one) => one.now),
    ],
  })
  const answers: (TokenLiveness | undefined)[] = questions.map(() => undefined)
  for (const row of rows) answers[row.ord - 1] = livenessOf(row)
  return answers
}

function livenessOf(row: LivenessRow): TokenLiveness | undefined {
  const party =
    row.identity_id !== null
      ? {
          kind: 'identity' as const,
          identityId: row.identity_id,
          state: row.i_state,
          expiresAt: row.i_expires_at,
          ownerState: row.o_state,
        }
      : row.person_id !== null
        ? { kind: 'person' as const, personId: row.person_id, state: row.p_state, roles: row.roles }
        : undefined
  if (party === undefined) return undefined
  return {
    attestationId: row.attestation_id,
    state: row.state,
    freshUntil: row.fresh_until,
    tokenExpiresAt: row.token_expires_at,
    tokenRevokedAt: row.token_revoked_at,
    tokenBinding: row.token_binding,
    voucherLives: row.voucher_lives,
    stillBound: row.still_bound,
    party,
    keyJwk: row.public_jwk,
  }
}

/** @returns the row as it is afterwards, or `undefined` when its token had been revoked before */
export async function markTokenRevoked(
  tx: Tx,
  attestationId: AttestationId,
  now: Date,
): Promise<AttestationRow | undefined> {
  return tx.query
    .updateTable('attestation')
    .set({ token_revoked_at: now })
    .where('attestation_id', '=', attestationId)
    .where('token_revoked_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

export async function findAttestation(tx: Tx, attestationId: AttestationId): Promise<AttestationRow | undefined> {
  return tx.query.selectFrom('attestation').selectAll().where('attestation_id', '=', attestationId).executeTakeFirst()
}

export interface AttestationFilter {
  readonly identityId?: IdentityId | undefined
  readonly state?: AttestationState | undefined
}

export async function listAttestations(
  tx: Tx,
  filter: AttestationFilter,
  page: PageRequest,
): Promise<readonly AttestationRow[]> {
  let query = tx.query.selectFrom('attestation').selectAll()
  if (page.after !== undefined) query = query.where('attestation_id', '>', page.after as AttestationId)
  if (filter.identityId !== undefined) query = query.where('identity_id', '=', filter.identityId)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  return query.orderBy('attestation_id').limit(page.limit).execute()
}
