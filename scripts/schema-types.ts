/**
 * Makes the types of the tables from a migrated database, so that code and schema cannot drift apart.
 * `npm run generate` writes them; `npm run check` compares.
 */
import pg from 'pg'

interface Column {
  readonly table_name: string
  readonly column_name: string
  readonly udt_name: string
  readonly is_nullable: 'YES' | 'NO'
  readonly has_default: boolean
}

const plain: Readonly<Record<string, string>> = {
  uuid: 'string',
  text: 'string',
  inet: 'string',
  bool: 'boolean',
  int4: 'number',
  int8: 'number',
  timestamptz: 'Date',
  bytea: 'Buffer',
  _bytea: 'Buffer[]',
  jsonb: 'Json',
  _text: 'string[]',
}

/** Columns whose text is one word of a closed set (packages/domain/src/vocabulary.ts); `*` is any table. */
const words: Readonly<Record<string, string>> = {
  '*.environment': 'Environment',
  '*.strength': 'Strength',
  'identity.kind': 'IdentityKind',
  'identity.state': 'IdentityState',
  'owner.state': 'OwnerState',
  'person.state': 'PersonState',
  'resource.reach': 'Reach',
  'resource.data_class': 'DataClass',
  'resource.exposure': 'Exposure',
  'resource.delivery': 'Delivery',
  'attestation.state': 'AttestationState',
  'task.kind': 'TaskKind',
  'task.state': 'TaskState',
  'credential.state': 'CredentialState',
  'credential.bound_to': 'BoundTo',
  'revocation.cause': 'RevocationCause',
}

/** Columns that hold ids; each kind has a type of its own. */
const ids: Readonly<Record<string, string>> = {
  tenant_id: 'TenantId',
  person_id: 'PersonId',
  primary_person_id: 'PersonId',
  deputy_person_id: 'PersonId',
  declared_by_person: 'PersonId',
  used_by: 'PersonId',
  owner_id: 'OwnerId',
  identity_id: 'IdentityId',
  declared_by_identity: 'IdentityId',
  resource_id: 'ResourceId',
  role_id: 'RoleId',
  trust_provider_id: 'TrustProviderId',
  binding_id: 'BindingId',
  join_token_id: 'JoinTokenId',
  rule_id: 'TrustProviderId',
  attestation_id: 'AttestationId',
  vouched_by_attestation_id: 'AttestationId',
  host_identity_id: 'IdentityId',
  recovered_by: 'PersonId',
  task_id: 'TaskId',
  policy_version_id: 'PolicyVersionId',
  decision_id: 'DecisionId',
  credential_id: 'CredentialId',
  revocation_id: 'RevocationId',
  entry_id: 'EntryId',
  x509_authority_id: 'X509AuthorityId',
  svid_id: 'SvidId',
  proven_by_svid_id: 'SvidId',
  federation_id: 'FederationId',
  status_list_id: 'StatusListId',
  subject_identity_id: 'IdentityId',
  subject_person_id: 'PersonId',
  subject_attestation_id: 'AttestationId',
  subject_task_id: 'TaskId',
  parent_credential_id: 'CredentialId',
  offline_site_id: 'OfflineSiteId',
  sign_in_id: 'SignInId',
}

/** @param url a database that `migrate` has brought up to date */
export async function schemaTypes(url: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<Column>(
      `select table_name, column_name, udt_name, is_nullable, column_default is not null as has_default
       from information_schema.columns where table_schema = 'mayfly' order by table_name, ordinal_position`,
    )
    return render(rows)
  } finally {
    await client.end()
  }
}

function render(columns: readonly Column[]): string {
  const tables = Map.groupBy(columns, (column) => column.table_name)
  const lines = [
    '// Made by `npm run generate` from the migrations. Do not edit.',
    "import type { ColumnType, Generated } from 'kysely'",
    `import type { ${[...new Set([...Object.values(ids), ...Object.values(words)])].toSorted().join(', ')} } from '@mayfly/domain'`,
    '',
    '/** JSON: read as a value, written as a string (so that an array is not taken for a PostgreSQL array). */',
    'export type Json = ColumnType<unknown, string, string>',
    '',
  ]
  for (const [table, itsColumns] of tables) {
    lines.push(`export interface ${typeName(table)} {`)
    for (const column of itsColumns) lines.push(`  ${column.column_name}: ${columnType(column)}`)
    lines.push('}', '')
  }
  lines.push('export interface Schema {')
  for (const table of tables.keys()) lines.push(`  ${table}: ${typeName(table)}`)
  lines.push('}', '')
  return lines.join('\n')
}

function columnType(column: Column): string {
  const base =
    ids[column.column_name] ??
    words[`${column.table_name}.${column.column_name}`] ??
    words[`*.${column.column_name}`] ??
    plain[column.udt_name]
  if (base === undefined) {
    throw new Error(`no type is known for ${column.udt_name} of ${column.table_name}.${column.column_name}`)
  }
  const nullable = column.is_nullable === 'YES'
  if (base === 'Json') {
    if (nullable) return 'ColumnType<unknown, string | null, string | null>'
    return column.has_default ? 'ColumnType<unknown, string | undefined, string>' : 'Json'
  }
  const type = nullable ? `${base} | null` : base
  return column.has_default ? `Generated<${type}>` : type
}

function typeName(table: string): string {
  return `${table.replace(/(^|_)([a-z])/g, (_all, _lead, letter: string) => letter.toUpperCase())}Table`
}
