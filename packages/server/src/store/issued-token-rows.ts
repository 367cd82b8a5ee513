/** The SQL of tokens for other audiences as they are shown to someone: all that can take the life out of them, in one go. */
import type { AttestationId, CredentialId, IdentityId, PersonId, ResourceId, TaskId } from '@mayfly/domain'
import type pg from 'pg'

export interface IssuedTokenQuestion {
  readonly credentialId: CredentialId
  readonly keyId: string
  readonly now: Date
}

export interface IssuedTokenState {
  readonly credentialId: CredentialId
  /** The row is active, and so is everything that it rests on. */
  readonly lives: boolean
  readonly identityId: IdentityId
  readonly attestationId: AttestationId
  readonly resourceId: ResourceId
  readonly taskId: TaskId | null
  readonly expiresAt: Date
  readonly onBehalfOf?: {
    readonly subject:
      | { readonly kind: 'person'; readonly personId: PersonId }
      | { readonly kind: 'identity'; readonly identityId: IdentityId }
    readonly attestationId: AttestationId
    readonly taskId: TaskId | null
  }
  /** The key that signed it, if it is still believed at the time asked about. */
  readonly keyJwk: unknown
}

/** A proof that counts: fresh or followed by a newer one, its binding and trust provider in use, its voucher alive. */
const proofLives = (id: string) => `exists (
    select from attestation a
    join trust_provider t on t.trust_provider_id = a.trust_provider_id and t.state = 'active'
    join binding b on b.binding_id = a.binding_id and b.state = 'active'
    where a.attestation_id = ${id} and a.state in ('fresh', 'succeeded') and a.fresh_until > r.now
      and (a.vouched_by_attestation_id is null or exists (
        select from attestation v where v.attestation_id = a.vouched_by_attestation_id
          and v.state in ('fresh', 'succeeded') and v.fresh_until > r.now)))`

const identityLives = (id: string) => `exists (
    select from identity i join owner o on o.owner_id = i.owner_id and o.state = 'active'
    where i.identity_id = ${id} and i.state = 'active' and i.expires_at > r.now)`

const statement = `
  select r.ord::int, c.credential_id, c.identity_id, c.attestation_id, c.resource_id, c.task_id, c.expires_at,
    c.subject_identity_id, c.subject_person_id, c.subject_attestation_id, c.subject_task_id, k.public_jwk,
    c.state = 'active' and c.expires_at > r.now and ${proofLives('c.attestation_id')} and ${identityLives('c.identity_id')}
      and (c.subject_attestation_id is null or ${proofLives('c.subject_attestation_id')})
      and (c.subject_identity_id is null or ${identityLives('c.subject_identity_id')})
      and (c.subject_person_id is null or exists (
        select from person p where p.person_id = c.subject_person_id and p.state = 'active')) as lives
  from unnest($1::uuid[], $2::text[], $3::timestamptz[]) with ordinality as r(credential_id, key_id, now, ord)
  cross join lateral (
    select * from credential n where n.credential_id = r.credential_id and n.status_list_id is not null limit 1
  ) c
  cross join lateral (
    select * from signing_key n where n.key_id = r.key_id and n.purpose in ('access_token', 'federated_token')
      and (n.state <> 'retired' or n.trusted_until > r.now) limit 1
  ) k`

interface StateRow {
  readonly ord: number
  readonly credential_id: CredentialId
  readonly identity_id: IdentityId
  readonly attestation_id: AttestationId
  readonly resource_id: ResourceId
  readonly task_id: TaskId | null
  readonly expires_at: Date
  readonly subject_identity_id: IdentityId | null
  readonly subject_person_id: PersonId | null
  readonly subject_attestation_id: AttestationId | null
  readonly subject_task_id: TaskId | null
  readonly public_jwk: unknown
  readonly lives: boolean
}

/** Runs inside the tenant's transaction. `undefined` where there is no such token, or no such key any more. */
export async function findIssuedTokens(
  client: pg.ClientBase,
  questions: readonly IssuedTokenQuestion[],
): Promise<readonly (IssuedTokenState | undefined)[]> {
  const { rows } = await client.query<StateRow>({
    name: 'issued_token_state',
    text: statement,
    values: [
      questions.map((one) => one.credentialId),
      questions.map((one) => one.keyId),
      questions.map((one) => one.now),
    ],
  })
  const answers: (IssuedTokenState | undefined)[] = questions.map(() => undefined)
  for (const row of rows) answers[row.ord - 1] = stateOf(row)
  return answers
}

function stateOf(row: StateRow): IssuedTokenState {
  return {
    credentialId: row.credential_id,
    lives: row.lives,
    identityId: row.identity_id,
    attestationId: row.attestation_id,
    resourceId: row.resource_id,
    taskId: row.task_id,
    expiresAt: row.expires_at,
    ...delegationOf(row),
    keyJwk: row.public_jwk,
  }
}

function delegationOf(row: StateRow): Pick<IssuedTokenState, 'onBehalfOf'> {
  const { subject_attestation_id: attestationId, subject_identity_id: identityId, subject_person_id: personId } = row
  if (attestationId === null) return {}
  if (identityId !== null) {
    return { onBehalfOf: { subject: { kind: 'identity', identityId }, attestationId, taskId: row.subject_task_id } }
  }
  if (personId === null) throw new Error('a token has the proof of a subject and no subject')
  return { onBehalfOf: { subject: { kind: 'person', personId }, attestationId, taskId: row.subject_task_id } }
}
