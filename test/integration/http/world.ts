/**
 * A whole server on a database of its own, started as in production, with callers of every standing: the first
 * administrator, a worker that may hold a role, somebody whom no policy permits anything, and the administrator of
 * another tenant.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultTenantId, newId, systemClock, type TenantId } from '@mayfly/domain'
import { privateKeyTokens } from '@mayfly/client'
import { loadConfig, makeLogger, startServer } from '@mayfly/server'
import { Secret } from '@mayfly/provider-kit'
import { adminKeys, adminRights } from '@mayfly/provider-redis'
import { makeBootstrap } from '../../../packages/server/src/application/proof/make-bootstrap.ts'
import { useBootstrap } from '../../../packages/server/src/application/proof/use-bootstrap.ts'
import { openDatabase } from '../../../packages/server/src/store/database.ts'
import { createTestDatabase, makeTempDir, runRedis, startRedis, until, withClient } from '../../support/index.ts'
import { prepareTarget } from '../lifecycle/lifecycle-fixture.ts'
import { makeOfflineSite } from '../offline/make-offline-site.ts'
import { type Answer, type Caller, makeCaller } from './caller.ts'

/** Put into every place that takes a secret, and searched for everywhere else. */
export const canary = `canary-${randomBytes(12).toString('hex')}`

export type World = Awaited<ReturnType<typeof startWorld>>

const day = 86_400_000
const otherTenantId = newId<TenantId>()
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

export async function startWorld(environment: Readonly<Record<string, string>> = {}) {
  const [store, { target, place, group }] = await Promise.all([createTestDatabase(), prepareTarget(18)])
  await withClient(store.superuserUrl, (client) =>
    client.query(`insert into mayfly.tenant (tenant_id, name) values ($1, 'other')`, [otherTenantId]),
  )
  const dir = await makeTempDir('http')
  await createKek(join(dir, 'kek'))
  const config = await loadConfig({
    MAYFLY_LISTEN: '127.0.0.1:0',
    MAYFLY_DATABASE_URL: store.url,
    MAYFLY_KEK_FILE: join(dir, 'kek'),
    MAYFLY_BOOTSTRAP_FILE: join(dir, 'bootstrap'),
    MAYFLY_LOG_LEVEL: 'debug',
    MAYFLY_REFUSALS_PER_MINUTE: '1000000',
    MAYFLY_SIGN_INS_PER_MINUTE: '1000000',
    MAYFLY_CALLER_REQUESTS_PER_SECOND: '100000',
    ...environment,
  })
  const logLines: string[] = []
  const logger = makeLogger(config.logLevel, { write: (line) => void logLines.push(line) })
  const server = await startServer(config, { logger })
  const answers: Answer[] = []
  const callerWith = (token: () => Promise<string | undefined>): Caller =>
    makeCaller(server.url, token, (answer) => answers.push(answer))
  const anonymous = callerWith(async () => undefined)

  const bootstrapSecret = (await readFile(join(dir, 'bootstrap'), 'utf8')).trim()
  const adminKey = makeKey()
  const registered = await anonymous.get<{ person_id: string }>('POST', '/v1/bootstrap', {
    secret: bootstrapSecret,
    public_jwk: adminKey.publicJwk,
    name: 'Ada Admin',
    email: 'ada@example.org',
  })
  const adminId = registered.person_id
  const admin = callerWith(
    privateKeyTokens({ baseUrl: server.url, clientId: adminId, privateKey: adminKey.privateKey }),
  )

  let count = 0
  const fresh = (label: string): string => `${label}-${(count += 1)}`
  const expiresAt = () => new Date(Date.now() + 30 * day).toISOString()
  await admin.get('POST', '/v1/owners', { name: 'orders-team', contact: '#orders', primary: adminId })
  await admin.get('POST', '/v1/trust-providers', {
    name: 'keys',
    kind: 'bound_key',
    settings: {},
    strength: 'bound_key',
    fresh_for_seconds: 3600,
  })

  // Started when it is first needed.
  let redis: ReturnType<typeof startRedis> | undefined
  const make = {
    async person() {
      const email = `${fresh('person')}@example.org`
      return admin.get<{ person_id: string; version: number }>('POST', '/v1/people', {
        name: 'Grace',
        email,
        roles: ['auditor'],
      })
    },
    async owner() {
      return admin.get<{ owner_id: string; name: string; version: number }>('POST', '/v1/owners', {
        name: fresh('owner'),
        contact: '#owner',
        primary: adminId,
      })
    },
    async identity(more: object = {}) {
      return admin.get<{ identity_id: string; name: string; version: number }>('POST', '/v1/identities', {
        name: fresh('job'),
        kind: 'service',
        owner: 'orders-team',
        purpose: 'reads the orders of the night',
        environment: 'development',
        expires_at: expiresAt(),
        ...more,
      })
    },
    async resource(more: object = {}) {
      return admin.get<{ resource_id: string; name: string; version: number }>('POST', '/v1/resources', {
        name: fresh('db'),
        provider: 'postgres',
        environment: 'development',
        reach: 'data',
        data_class: 'internal',
        exposure: 'internal',
        owner: 'orders-team',
        settings: {
          host: place.host,
          port: place.port,
          database: place.database,
          tls: { mode: 'disabled_loopback_only' },
        },
        secret: place.login,
        ...more,
      })
    },
    /** With a login that no other resource uses, so that Mayfly may change its password. */
    async resourceWithOwnLogin() {
      const login = { username: target.roleName(fresh('own_login').replace('-', '_')), password: 'as-it-was-entered' }
      await withClient(target.superuser.url, (client) =>
        client.query(`create role ${login.username} login password '${login.password}'`),
      )
      return make.resource({ secret: login })
    },
    /** An account of a Redis whose secret Mayfly rotates. */
    async staticResource() {
      redis ??= makeTempDir('redis').then((at) => startRedis(at, { withAclFile: true }))
      const { access } = await redis
      const [login, account] = [fresh(`static-login-${newId()}`), fresh(`static-account-${newId()}`)]
      await runRedis(access, 'ACL', 'SETUSER', login, 'reset', 'on', '>as-it-was-entered', adminKeys, ...adminRights)
      await runRedis(access, 'ACL', 'SETUSER', account, 'reset', 'on', '>what-it-takes-today', '+ping')
      return make.resource({
        provider: 'static',
        settings: {
          system: 'redis',
          settings: { host: access.host, port: access.port, tls: { mode: 'disabled_loopback_only' } },
          accounts: [account],
        },
        secret: { login: { username: login, password: 'as-it-was-entered' }, current: 'what-it-takes-today' },
      })
    },
    async role(resource?: string) {
      return admin.get<{ role_id: string; name: string; resource: string; version: number }>('POST', '/v1/roles', {
        resource: resource ?? (await make.resource()).name,
        name: fresh('role'),
        permission: { member_of: [group], database: place.database },
      })
    },
    async trustProvider() {
      return admin.get<{ trust_provider_id: string; name: string; version: number }>('POST', '/v1/trust-providers', {
        name: fresh('keys'),
        kind: 'bound_key',
        settings: {},
        strength: 'bound_key',
        fresh_for_seconds: 600,
      })
    },
    /** Nobody listens there: whatever asks it fails. */
    async signInProvider() {
      return admin.get<{ name: string }>('POST', '/v1/trust-providers', {
        name: fresh('corp'),
        kind: 'sign_in',
        settings: { issuer: 'http://127.0.0.1:9/', client_id: 'mayfly' },
      })
    },
    async binding() {
      const { name } = await make.identity()
      return admin.get<{ binding_id: string; version: number }>('POST', '/v1/bindings', {
        trust_provider: 'keys',
        identity: name,
        public_jwk: makeKey().publicJwk,
      })
    },
    /** Registered, and the maker of its bundles. */
    async offlineSite() {
      const site = makeOfflineSite(fresh('site'))
      const { version } = await admin.get<{ version: number }>('POST', '/v1/offline-sites', {
        name: site.name,
        origin: site.origin,
        keys: [site.vkey],
        max_age_seconds: 3600,
      })
      return { ...site, version }
    },
    /** An identity with a key, and the way to call as it. */
    async workload(more: object = {}) {
      const identity = await make.identity(more)
      const key = makeKey()
      await admin.get('POST', '/v1/bindings', {
        trust_provider: 'keys',
        identity: identity.name,
        public_jwk: key.publicJwk,
      })
      const caller = callerWith(
        privateKeyTokens({ baseUrl: server.url, clientId: identity.name, privateKey: key.privateKey }),
      )
      return { identity, caller, privateKey: key.privateKey }
    },
    /** A process that the worker may vouch for as host agent. */
    async vouchedProcess() {
      const { name } = await make.identity()
      const trustProvider = fresh('hosts')
      const uid = 10_000 + Number(/\d+$/.exec(trustProvider)?.[0])
      await admin.get('POST', '/v1/trust-providers', {
        name: trustProvider,
        kind: 'host_agent',
        settings: { agents: [worker.identity.name] },
        fresh_for_seconds: 600,
      })
      await admin.get('POST', '/v1/bindings', {
        trust_provider: trustProvider,
        identity: name,
        subject: `unix:uid:${uid}`,
      })
      return { trust_provider: trustProvider, selectors: [`unix:uid:${uid}`], instance: `boot/${uid}/1` }
    },
    async task() {
      return admin.get<{ task_id: string }>('POST', '/v1/tasks', {
        identity: worker.identity.name,
        kind: 'declared',
        purpose: 'builds the report of the night',
        roles: [workerRole],
        deadline: new Date(Date.now() + 3_600_000).toISOString(),
      })
    },
    async credential(ttlSeconds?: number) {
      return worker.caller.get<{ credential_id: string }>('POST', '/v1/credentials', {
        role: workerRole,
        ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }),
      })
    },
    async revocation() {
      const { credential_id: ref } = await make.credential()
      const { revocation_id: id } = await admin.get<{ revocation_id: string }>('POST', '/v1/revocations', {
        selector: { kind: 'credential', ref },
      })
      await until(
        async () => (await admin.get<{ state: string }>('GET', `/v1/revocations/${id}`)).state === 'complete',
        { withinMs: 10_000, describe: `revocation ${id} is complete` },
      )
      return id
    },
    async policy() {
      const { items } = await admin.get<{ items: { policy_version_id: string }[] }>('GET', '/v1/policies')
      const active = await admin.get<{ text: string }>('GET', `/v1/policies/${items[0]?.policy_version_id ?? ''}`)
      const text = `${active.text}\n// ${fresh('version')}\n`
      const draft = await admin.get<{ policy_version_id: string }>('POST', '/v1/policies', { text, note: 'of a test' })
      return { ...draft, text }
    },
  }

  const worker = await make.workload()
  const role = await make.role()
  const workerRole = `${role.resource}/${role.name}`
  const elsewhere = await make.owner()
  const nobody = (await make.workload({ owner: elsewhere.name, kind: 'third_party', name: fresh('nobody') })).caller
  const stranger = await makeStranger(store.url, server.url, join(dir, 'other-bootstrap'), callerWith)

  const sql = async <T>(statement: string, values: readonly unknown[] = []): Promise<T[]> =>
    withClient(store.superuserUrl, async (client) => {
      await client.query('set search_path = mayfly, pg_catalog')
      return (await client.query(statement, [...values])).rows as T[]
    })

  return {
    server,
    config,
    store,
    target,
    place,
    group,
    admin,
    adminId,
    anonymous,
    worker,
    workerRole,
    nobody,
    stranger,
    make,
    fresh,
    expiresAt,
    sql,
    logLines,
    answers,
    bootstrapSecret,
    kek: (await readFile(join(dir, 'kek'), 'utf8')).trim(),
    /** Entries that people and identities caused, not Mayfly's own workers. */
    async countEntries(): Promise<number> {
      const [row] = await sql<{ count: number }>(
        `select count(*)::int as count from mayfly.entry
         where tenant_id = $1 and convert_from(data, 'UTF8')::jsonb->'actor'->>'kind' <> 'system'`,
        [defaultTenantId],
      )
      return row?.count ?? 0
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await (await redis)?.stop()
      await target.drop()
      await store.drop()
    },
  }
}

export function makeKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, publicJwk: publicKey.export({ format: 'jwk' }) }
}

async function createKek(path: string): Promise<void> {
  await writeFile(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
}

/** The administrator of another tenant, by the use cases: only the default tenant has a public way in. */
async function makeStranger(
  storeUrl: string,
  serverUrl: string,
  file: string,
  callerWith: (token: () => Promise<string | undefined>) => Caller,
): Promise<Caller> {
  const database = openDatabase({ url: storeUrl, poolSize: 2 })
  const deps = { database, clock: systemClock, logger: quiet }
  const key = makeKey()
  try {
    await makeBootstrap(deps, otherTenantId, file)
    const { personId } = await useBootstrap(
      deps,
      otherTenantId,
      {
        secret: new Secret((await readFile(file, 'utf8')).trim()),
        publicJwk: { ...key.publicJwk },
        name: 'Mallory',
        email: 'mallory@example.org',
      },
      'test',
    )
    const baseUrl = `${serverUrl}/t/other`
    return callerWith(privateKeyTokens({ baseUrl, clientId: personId, privateKey: key.privateKey }))
  } finally {
    await database.close()
  }
}
