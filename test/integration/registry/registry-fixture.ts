/** The registry on a database of its own, with keys, the PostgreSQL provider and a small company. */
import { secretVersions } from '../../../packages/server/src/application/revocation/secret-versions.ts'
import { randomBytes } from 'node:crypto'
import { type IdentityId, newId, type PersonId, type RoleId, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { httpProvider } from '@mayfly/provider-http'
import { postgresProvider } from '@mayfly/provider-postgres'
import { staticProvider } from '@mayfly/provider-static'
import pg from 'pg'
import { checkInstallation } from '../../../packages/server/src/adapters/keys/check-installation.ts'
import { parseKeyEncryptionKey } from '../../../packages/server/src/adapters/keys/key-encryption-key.ts'
import { createKeyRing } from '../../../packages/server/src/adapters/keys/key-ring.ts'
import { createTargets, type Provider } from '../../../packages/server/src/adapters/targets/targets.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import type { Change } from '../../../packages/server/src/application/registry/change.ts'
import { registerIdentity } from '../../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { registerResource } from '../../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../../packages/server/src/application/registry/register-role.ts'
import { createDecisionFixture, tenantId } from '../decision/decision-fixture.ts'

export const secretPassword = 'canary-3f9a-of-the-admin-login'
export const settings = { host: '127.0.0.1', port: 5432, database: 'orders', tls: { mode: 'disabled_loopback_only' } }
export const secret = { username: 'mayfly_admin', password: secretPassword }
export const later = new Date('2027-06-01T00:00:00.000Z')

export type RegistryFixture = Awaited<ReturnType<typeof createRegistryFixture>>

export async function createRegistryFixture() {
  const base = await createDecisionFixture()
  const { database, clock } = base
  const keks = { current: parseKeyEncryptionKey(new Secret(randomBytes(32).toString('base64url')), 'the test key') }
  await checkInstallation(database, keks, clock.now())
  const keys = createKeyRing({ keks, clock })
  const core = { database, clock, logger: base.deps.logger }
  await ensureKeys({ ...core, keys }, tenantId)
  const providers = new Map<string, Provider>([
    ['postgres', postgresProvider],
    ['static', staticProvider([postgresProvider, httpProvider])],
  ])
  const targets = createTargets({
    providers,
    keys,
    database,
    clock,
    issuerOf: async () => 'https://mayfly.example',
    versionsOf: (tenant, resourceId) => secretVersions({ database, clock, keys, tenantId: tenant, resourceId }),
    onCloseError: (error) => {
      throw error
    },
  })
  const deps = {
    ...core,
    keys,
    providers,
    targets,
    trustDomain: 'example.org',
    maxIdentityLifetimeSeconds: 31_536_000,
    loginRotationDays: 30,
  }

  const changeIn = <T>(tenant: TenantId, work: (change: Change) => Promise<T>): Promise<T> =>
    database.transaction(tenant, (tx) =>
      work({ tx, actor: { kind: 'system', worker: 'test' }, now: clock.now(), requestId: newId<string>() }),
    )
  const change = <T>(work: (change: Change) => Promise<T>): Promise<T> => changeIn(tenantId, work)

  return {
    ...base,
    deps,
    authorityDeps: base.deps,
    change,
    changeIn,

    /** Ada and Grace answer for the owner `payments`. */
    async makeCompany(): Promise<{ ada: PersonId; grace: PersonId }> {
      return change(async (by) => {
        const ada = await registerPerson(by, { name: 'Ada', email: 'ada@example.com', roles: ['administrator'] })
        const grace = await registerPerson(by, { name: 'Grace', email: 'grace@example.com', roles: [] })
        const people = { primary: 'ada@example.com', deputy: 'grace@example.com' }
        await registerOwner(by, { name: 'payments', contact: '#payments', ...people })
        return { ada: ada.row.person_id, grace: grace.row.person_id }
      })
    },

    async makeIdentityNamed(name: string): Promise<IdentityId> {
      const { row } = await change((by) => registerIdentity(deps, by, identityInput(name)))
      return row.identity_id
    },

    async makeRoleNamed(name: string): Promise<RoleId> {
      return change(async (by) => {
        await registerResource(deps, by, resourceInput('orders-db'))
        const permission = { member_of: ['readers'] }
        return (await registerRole(deps, by, { resource: 'orders-db', name, permission })).row.role_id
      })
    },

    /** What stands in the log, oldest first. */
    async entries(): Promise<Entry[]> {
      const rows = await base.inTenant((tx) =>
        tx.query.selectFrom('entry').select('data').orderBy('entry_id').execute(),
      )
      return rows.map((row) => JSON.parse(row.data.toString('utf8')) as Entry)
    },

    /** As superuser: neither the code nor the wall stands before these statements. */
    async bySuperuser<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
      const client = new pg.Client(base.superuserUrl)
      await client.connect()
      try {
        await client.query('set search_path = mayfly')
        return (await client.query<T>(text, values)).rows
      } finally {
        await client.end()
      }
    },

    async close(): Promise<void> {
      await targets.close()
      await base.drop()
    },
  }
}

export interface Entry {
  readonly action: string
  readonly stream: string
  readonly subject: Record<string, string>
  readonly body: Record<string, unknown>
  readonly rows: readonly { table: string; id: string; version: number }[]
}

export function identityInput(name: string) {
  return {
    name,
    kind: 'service',
    owner: 'payments',
    purpose: 'reads open orders for the nightly report',
    environment: 'staging',
    expiresAt: later,
  } as const
}

export function resourceInput(name: string) {
  return {
    name,
    provider: 'postgres',
    environment: 'staging',
    reach: 'data',
    dataClass: 'internal',
    exposure: 'internal',
    delivery: 'direct',
    owner: 'payments',
    settings,
    secret,
  } as const
}

/** The code and the fields of a refusal. */
export async function refusalOf(
  work: Promise<unknown>,
): Promise<{ code: string; pointers: readonly string[]; detail: string }> {
  const error: unknown = await work.then(
    () => new Error('it was not refused'),
    (caught: unknown) => caught,
  )
  if (!(error instanceof Error) || error.name !== 'MayflyError') throw error
  const refused = error as Error & {
    code: string
    options: { publicDetail?: string; fields?: { pointer: string; detail: string }[] }
  }
  return {
    code: refused.code,
    pointers: refused.options.fields?.map((field) => field.pointer) ?? [],
    detail: [refused.options.publicDetail, ...(refused.options.fields ?? []).map((field) => field.detail)].join('; '),
  }
}
