/**
 * Stated rows: what an entry says of the row that it changed, so that rows which no entry explains are found.
 *
 * Promise: whoever changes a row below states it in the entry of the same transaction; `verify-state.ts` finds every row
 * that was inserted, edited or deleted by another way, e.g. by a superuser of the database.
 * Limit: only columns that give or take authority are stated. Names, addresses and contacts of people are left out
 * (the log cannot forget them), and so is what changes without changing authority, e.g. a retry counter.
 */
import { canonicalJson, encodeBase64, encodeUtf8, type JsonValue, MayflyError } from '@mayfly/domain'
import type { Selectable } from 'kysely'
import type { Schema } from '../../store/schema.gen.ts'
import { sha256 } from './sha256.ts'

/** How a column's value becomes JSON: as it is, as RFC 3339 UTC in milliseconds, as the JSON that it holds, as base64. */
type ColumnForm = 'value' | 'time' | 'json' | 'bytes'

export const statedTables = {
  person: { key: ['person_id'], columns: { roles: 'value', state: 'value' }, later: { group_grants: 'json' } },
  owner: {
    key: ['owner_id'],
    columns: { name: 'value', primary_person_id: 'value', deputy_person_id: 'value', state: 'value' },
  },
  identity: {
    key: ['identity_id'],
    columns: {
      name: 'value',
      kind: 'value',
      owner_id: 'value',
      purpose: 'value',
      environment: 'value',
      expires_at: 'time',
      spiffe_id: 'value',
      attributes: 'json',
      state: 'value',
    },
  },
  resource: {
    key: ['resource_id'],
    columns: {
      name: 'value',
      provider_kind: 'value',
      environment: 'value',
      reach: 'value',
      data_class: 'value',
      exposure: 'value',
      delivery: 'value',
      owner_id: 'value',
      settings: 'json',
      attributes: 'json',
      state: 'value',
    },
  },
  role: {
    key: ['role_id'],
    columns: {
      resource_id: 'value',
      name: 'value',
      permission: 'json',
      parameters: 'json',
      max_ttl_seconds: 'value',
      max_live_per_identity: 'value',
      state: 'value',
    },
  },
  trust_provider: {
    key: ['trust_provider_id'],
    columns: {
      name: 'value',
      kind: 'value',
      issuer: 'value',
      settings: 'json',
      strength: 'value',
      fresh_for_seconds: 'value',
      state: 'value',
    },
  },
  binding: {
    key: ['binding_id'],
    columns: {
      trust_provider_id: 'value',
      identity_id: 'value',
      person_id: 'value',
      subject: 'value',
      claims: 'json',
      public_jwk: 'json',
      state: 'value',
    },
    later: { join_token_id: 'value' },
  },
  key_login: {
    key: ['binding_id'],
    columns: {
      generation: 'value',
      next_digest: 'value',
      previous_digest: 'value',
      moved_at: 'time',
      repeats: 'value',
      locked_at: 'time',
    },
  },
  join_token: {
    key: ['join_token_id'],
    columns: {
      identity_id: 'value',
      trust_provider_id: 'value',
      token_digest: 'value',
      expires_at: 'time',
      state: 'value',
      binding_id: 'value',
    },
    later: { rule_id: 'value', attestation_id: 'value' },
  },
  attestation: {
    key: ['attestation_id'],
    columns: {
      identity_id: 'value',
      person_id: 'value',
      trust_provider_id: 'value',
      binding_id: 'value',
      instance: 'value',
      strength: 'value',
      fresh_until: 'time',
      state: 'value',
      token_expires_at: 'time',
      token_revoked_at: 'time',
    },
    later: {
      token_binding: 'value',
      vouched_by_attestation_id: 'value',
      host_identity_id: 'value',
      trust_made_at: 'time',
      proven_by_svid_id: 'value',
    },
  },
  offline_site: {
    key: ['offline_site_id'],
    columns: {
      name: 'value',
      origin: 'value',
      keys: 'json',
      max_age_seconds: 'value',
      state: 'value',
      sequence: 'value',
      digest: 'value',
      made_at: 'time',
    },
    later: { pinned_keys: 'json' },
  },
  policy_version: {
    key: ['policy_version_id'],
    columns: { number: 'value', policy_text: 'value', digest: 'value', state: 'value' },
  },
  task: {
    key: ['task_id'],
    columns: {
      kind: 'value',
      identity_id: 'value',
      declared_by_person: 'value',
      declared_by_identity: 'value',
      attestation_id: 'value',
      environment: 'value',
      deadline: 'time',
      state: 'value',
      decision_id: 'value',
    },
  },
  task_role: { key: ['task_id', 'role_id'], columns: {} },
  credential: {
    key: ['credential_id'],
    columns: {
      identity_id: 'value',
      task_id: 'value',
      attestation_id: 'value',
      role_id: 'value',
      resource_id: 'value',
      account_name: 'value',
      environment: 'value',
      parameters: 'json',
      state: 'value',
      decision_id: 'value',
      policy_version_id: 'value',
      expires_at: 'time',
      max_expires_at: 'time',
      revocation_id: 'value',
    },
    later: {
      status_list_id: 'value',
      status_index: 'value',
      subject_identity_id: 'value',
      subject_person_id: 'value',
      subject_attestation_id: 'value',
      subject_task_id: 'value',
      chain_length: 'value',
      parent_credential_id: 'value',
      target_key: 'value',
    },
  },
  x509_authority: {
    key: ['x509_authority_id'],
    columns: {
      key_id: 'value',
      public_key: 'bytes',
      signed_by: 'value',
      certificate: 'bytes',
      root: 'bytes',
      state: 'value',
      trusted_until: 'time',
    },
  },
  svid: {
    key: ['svid_id'],
    columns: {
      kind: 'value',
      serial_number: 'value',
      identity_id: 'value',
      attestation_id: 'value',
      spiffe_id: 'value',
      issuing_key_id: 'value',
      expires_at: 'time',
      state: 'value',
      revocation_id: 'value',
    },
  },
  trust_bundle: {
    key: ['tenant_id'],
    columns: { trust_domain: 'value', bundle_sequence: 'value', keys: 'json' },
  },
  federated_bundle: {
    key: ['federation_id'],
    columns: {
      trust_domain: 'value',
      url: 'value',
      profile: 'value',
      endpoint_spiffe_id: 'value',
      ca_pem: 'value',
      keys: 'json',
      bundle_sequence: 'value',
      state: 'value',
    },
  },
  signing_key: {
    key: ['key_id'],
    columns: { purpose: 'value', algorithm: 'value', public_jwk: 'json', state: 'value', trusted_until: 'time' },
  },
} as const satisfies Partial<
  Record<
    keyof Schema,
    {
      key: readonly string[]
      columns: Record<string, ColumnForm>
      /** Columns that came with a later migration: stated where they are not null, so that older entries still hold. */
      later?: Record<string, ColumnForm>
    }
  >
>

export type StatedTable = keyof typeof statedTables

/** The columns that `statedRow` reads; `returningAll()` gives more, which does no harm. */
export type StatedColumns<T extends StatedTable> = Pick<
  Selectable<Schema[T]>,
  (
    | (typeof statedTables)[T]['key'][number]
    | keyof (typeof statedTables)[T]['columns']
    | ((typeof statedTables)[T] extends { readonly later: infer Later } ? keyof Later : never)
    | (T extends 'signing_key' | 'task_role' ? never : 'version')
  ) &
    keyof Selectable<Schema[T]>
>

export interface StatedRow {
  readonly table: StatedTable
  /** The key; several columns joined by `/`. */
  readonly id: string
  /** The row's version after the change: tells which of several statements is the last. */
  readonly version: number
  /** SHA-256, base64; `null` says that the row was deleted. */
  readonly digest: string | null
}

/**
 * States a row as it is after the change: give it what the database returned, `version` included.
 *
 * JSON columns may be given as the parsed value or as its text; times as `Date` or RFC 3339.
 */
export function statedRow<T extends StatedTable>(table: T, row: StatedColumns<T>): StatedRow {
  const values: Readonly<Record<string, unknown>> = row
  return { table, id: rowId(table, values), version: versionOf(table, values), digest: rowDigest(table, values) }
}

/** States that a row is gone. Its version is one above the last. */
export function statedDeletion<T extends StatedTable>(table: T, row: StatedColumns<T>): StatedRow {
  const values: Readonly<Record<string, unknown>> = row
  return { table, id: rowId(table, values), version: versionOf(table, values) + 1, digest: null }
}

/** SHA-256 over the canonical JSON of `{ table, key columns and stated columns }`, base64. */
export function rowDigest(table: StatedTable, row: Readonly<Record<string, unknown>>): string {
  const { key, columns } = statedTables[table]
  const { later = {} } = statedTables[table] as { later?: Record<string, ColumnForm> }
  const stated: Record<string, JsonValue> = { table }
  for (const column of key) stated[column] = plain(table, column, 'value', row[column])
  for (const [column, form] of Object.entries<ColumnForm>(columns)) {
    stated[column] = plain(table, column, form, row[column])
  }
  for (const [column, form] of Object.entries(later)) {
    const value = plain(table, column, form, row[column])
    if (value !== null) stated[column] = value
  }
  return encodeBase64(sha256(encodeUtf8(canonicalJson(stated))))
}

export function rowId(table: StatedTable, row: Readonly<Record<string, unknown>>): string {
  return statedTables[table].key.map((column) => String(row[column])).join('/')
}

const signingKeyVersions = ['prepared', 'active', 'retired']

/** Signing keys only ever go forward through their states, and the roles of a task never change. */
export function versionOf(table: StatedTable, row: Readonly<Record<string, unknown>>): number {
  const version =
    table === 'signing_key'
      ? signingKeyVersions.indexOf(String(row['state'])) + 1
      : table === 'task_role'
        ? 1
        : row['version']
  if (typeof version !== 'number') throw incomplete(table, 'version')
  return version
}

function plain(table: StatedTable, column: string, form: ColumnForm, value: unknown): JsonValue {
  if (value === null) return null
  // A column that was left out must not be stated as if it were empty.
  if (value === undefined) throw incomplete(table, column)
  if (form === 'bytes') return encodeBase64(value as Uint8Array)
  if (form === 'time') return new Date(value as string | Date).toISOString()
  return (form === 'json' && typeof value === 'string' ? JSON.parse(value) : value) as JsonValue
}

function incomplete(table: StatedTable, column: string): MayflyError {
  return new MayflyError('internal', { log: `a stated row of ${table} lacks ${column}` })
}
