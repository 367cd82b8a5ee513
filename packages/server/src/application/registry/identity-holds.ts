/**
 * "What can this identity do right now?" (law 9): one query over live rows, never a copy that could be stale.
 */
import type {
  AttestationId,
  CredentialId,
  IdentityId,
  RoleId,
  Strength,
  SvidId,
  TaskId,
  TaskKind,
} from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from '../../store/database.ts'

export interface HeldCredential {
  readonly credential_id: CredentialId
  readonly role_id: RoleId
  readonly role: string
  readonly task_id: TaskId | null
  readonly state: 'requested' | 'active'
  readonly expires_at: Date
  readonly max_expires_at: Date
}

export interface HeldSvid {
  readonly svid_id: SvidId
  readonly kind: 'x509' | 'jwt'
  readonly serial_number: string
  readonly expires_at: Date
}

export interface IdentityHolds {
  /** False where the identity itself can do nothing: suspended, retired, expired or without an owner that answers. */
  readonly usable: boolean
  readonly why_not: readonly ('suspended' | 'retired' | 'expired' | 'ownerless')[]
  /** All that give access now. */
  readonly credential_count: number
  /** The ones that end first, at most `limit`. */
  readonly credentials: readonly HeldCredential[]
  /** Ended, but not yet seen to be gone at the target. */
  readonly ending_count: number
  /** SVIDs that neither have ended nor were revoked. */
  readonly svid_count: number
  /** Of these, the ones that end first, at most `limit`. */
  readonly svids: readonly HeldSvid[]
  readonly tasks: readonly { task_id: TaskId; kind: TaskKind; purpose: string; deadline: Date; roles: string[] }[]
  readonly attestations: readonly { attestation_id: AttestationId; strength: Strength; fresh_until: Date }[]
}

interface HoldsRow {
  state: 'active' | 'suspended' | 'retired'
  expired: boolean
  ownerless: boolean
  credential_count: number
  ending_count: number
  svid_count: number
  svids: readonly Record<string, unknown>[] | null
  credentials: readonly Record<string, unknown>[] | null
  tasks: readonly Record<string, unknown>[] | null
  attestations: readonly Record<string, unknown>[] | null
}

/** @param limit credentials listed at most, 1 to 1,000; all are counted */
export async function identityHolds(tx: Tx, identityId: IdentityId, now: Date, limit = 200): Promise<IdentityHolds> {
  const result = await sql<HoldsRow>`
    select i.state, i.expires_at <= ${now} as expired, o.state <> 'active' as ownerless,
      (select count(*) from credential c
        where c.identity_id = i.identity_id and c.state in ('requested', 'active') and c.expires_at > ${now}) as credential_count,
      (select count(*) from credential c where c.identity_id = i.identity_id and c.state = 'revoking') as ending_count,
      (select jsonb_agg(to_jsonb(held)) from (
        select c.credential_id, c.role_id, r.name as resource_name, role.name as role_name, c.task_id, c.state, c.expires_at, c.max_expires_at
          from credential c join role using (role_id) join resource r on r.resource_id = c.resource_id
         where c.identity_id = i.identity_id and c.state in ('requested', 'active') and c.expires_at > ${now}
         order by c.expires_at, c.credential_id limit ${limit}) held) as credentials,
      (select count(*) from svid s
        where s.identity_id = i.identity_id and s.state = 'live' and s.expires_at > ${now}) as svid_count,
      (select jsonb_agg(to_jsonb(signed)) from (
        select s.svid_id, s.kind, s.serial_number, s.expires_at from svid s
         where s.identity_id = i.identity_id and s.state = 'live' and s.expires_at > ${now}
         order by s.expires_at, s.svid_id limit ${limit}) signed) as svids,
      (select jsonb_agg(to_jsonb(open)) from (
        select t.task_id, t.kind, t.purpose, t.deadline,
               array(select r.name || '/' || role.name from task_role tr join role using (role_id)
                       join resource r on r.resource_id = role.resource_id where tr.task_id = t.task_id order by 1) as roles
          from task t where t.identity_id = i.identity_id and t.state = 'active' and t.deadline > ${now}
         order by t.deadline limit ${limit}) open) as tasks,
      (select jsonb_agg(to_jsonb(fresh)) from (
        select a.attestation_id, a.strength, a.fresh_until from attestation a
         where a.identity_id = i.identity_id and a.state = 'fresh' and a.fresh_until > ${now}
         order by a.fresh_until limit ${limit}) fresh) as attestations
    from identity i join owner o on o.owner_id = i.owner_id
    where i.identity_id = ${identityId}`.execute(tx.query)
  const row = result.rows[0]
  if (row === undefined) throw new Error(`identity ${identityId} was not there`)
  return {
    usable: row.state === 'active' && !row.expired && !row.ownerless,
    why_not: [
      ...(row.state === 'active' ? [] : [row.state]),
      ...(row.expired ? (['expired'] as const) : []),
      ...(row.ownerless ? (['ownerless'] as const) : []),
    ],
    credential_count: row.credential_count,
    ending_count: row.ending_count,
    svid_count: row.svid_count,
    svids: (row.svids ?? []).map((signed) => ({
      svid_id: signed['svid_id'] as SvidId,
      kind: signed['kind'] as HeldSvid['kind'],
      serial_number: String(signed['serial_number']),
      expires_at: new Date(String(signed['expires_at'])),
    })),
    credentials: (row.credentials ?? []).map((held) => ({
      credential_id: held['credential_id'] as CredentialId,
      role_id: held['role_id'] as RoleId,
      role: `${String(held['resource_name'])}/${String(held['role_name'])}`,
      task_id: held['task_id'] as TaskId | null,
      state: held['state'] as 'requested' | 'active',
      expires_at: new Date(String(held['expires_at'])),
      max_expires_at: new Date(String(held['max_expires_at'])),
    })),
    tasks: (row.tasks ?? []).map((task) => ({
      task_id: task['task_id'] as TaskId,
      kind: task['kind'] as TaskKind,
      purpose: String(task['purpose']),
      deadline: new Date(String(task['deadline'])),
      roles: task['roles'] as string[],
    })),
    attestations: (row.attestations ?? []).map((proof) => ({
      attestation_id: proof['attestation_id'] as AttestationId,
      strength: proof['strength'] as Strength,
      fresh_until: new Date(String(proof['fresh_until'])),
    })),
  }
}
