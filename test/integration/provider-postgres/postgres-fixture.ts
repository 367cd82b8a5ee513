import { randomBytes } from 'node:crypto'
import { MayflyError, newId } from '@mayfly/domain'
import {
  type AccountHandle,
  type ConformanceSession,
  type IssuedAccount,
  type IssueRequest,
  type RevokeReport,
  Secret,
  type StaticAccount,
} from '@mayfly/provider-kit'
import {
  type PostgresPermission,
  type PostgresSettings,
  type PostgresTarget,
  createroleGuide,
  functionsGuide,
  rotationGuide,
  postgresProvider,
} from '@mayfly/provider-postgres'
import pg from 'pg'
import {
  type ClusterAccess,
  type TargetDatabase,
  canLogIn as tryLogin,
  createTargetDatabase,
  withClient,
} from '../../support/index.ts'

export type Mode = 'functions' | 'createrole'
export const versions = [18, 15] as const
export const modes = ['functions', 'createrole'] as const satisfies readonly Mode[]
/** Every release and every way of having rights. */
export const everyWay = versions.flatMap((version) => modes.map((mode) => ({ version, mode })))
export const noSignal = new AbortController().signal

export interface Prepared extends AsyncDisposable {
  readonly version: 18 | 15
  readonly database: string
  readonly superuser: string
  readonly superuserUrl: string
  readonly target: PostgresTarget
  readonly settings: PostgresSettings
  readonly mayflyLogin: { readonly username: string; readonly password: string }
  /** A group that may read `app.orders`. */
  readonly readers: string
  /** A group that may also write, create in schema `app`, and put triggers on `app.orders`. */
  readonly writers: string
  /** Owner of `app.orders`. */
  readonly appOwner: string
  open(over?: Partial<PostgresSettings>): Promise<PostgresTarget>
  sql(statement: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  url(user: string, password: string, database?: string): string
  plan(): AccountHandle
  issue(group?: string, over?: Partial<IssueRequest<PostgresPermission>>): Promise<Issued>
}

export interface Issued {
  readonly handle: AccountHandle
  readonly name: string
  readonly account: IssuedAccount
}

/** A target database with an application in it, Mayfly's rights by the guide, and the provider opened on it. */
export async function preparePostgres(version: 18 | 15, mode: Mode, cluster?: ClusterAccess): Promise<Prepared> {
  const shared = cluster ? undefined : await createTargetDatabase(version)
  const place = shared ? placeOf(shared) : ownPlace(cluster as ClusterAccess)
  const { host, port, database, superuserUrl, mark } = place
  const name = (label: string) => `${label}_${mark}`
  const [readers, writers, appOwner] = [name('readers'), name('writers'), name('app_owner')]
  const creatorRoles = version >= 16 ? [name('creator_1'), name('creator_2')] : []
  const mayflyLogin = { username: name('mayfly'), password: `admin-password-${mark}` }

  const sql = (statement: string, values: readonly unknown[] = []) =>
    withClient(superuserUrl, async (client) => {
      const { rows } = await client.query<Record<string, unknown>>(
        statement,
        values.length > 0 ? [...values] : undefined,
      )
      return rows
    })
  await sql(`
    create role ${appOwner}; create role ${readers}; create role ${writers};
    create schema app authorization ${appOwner};
    grant usage on schema app to ${readers}, ${writers};
    grant create on schema app to ${writers};
    create table app.orders (id integer primary key, note text);
    insert into app.orders values (1, 'first');
    alter table app.orders owner to ${appOwner};
    grant select on app.orders to ${readers};
    grant select, insert, trigger on app.orders to ${writers};
    grant connect, temporary on database ${database} to ${readers}, ${writers}`)
  await sql(
    mode === 'functions'
      ? functionsGuide({ login: mayflyLogin.username, groups: [readers, writers] })
      : createroleGuide({ login: mayflyLogin.username, groups: [readers, writers], creatorRoles }),
  )
  await sql(`alter role ${mayflyLogin.username} password '${mayflyLogin.password}'`)

  const settings = postgresProvider.settings.parse({
    host,
    port,
    database,
    tls: { mode: 'disabled_loopback_only' },
    rights: mode === 'functions' ? { mode } : { mode, creator_roles: creatorRoles },
    pool_size: 4,
  })
  const secret = postgresProvider.secret.parse(mayflyLogin)
  const open = (over: Partial<PostgresSettings> = {}) =>
    postgresProvider.open({ settings: { ...settings, ...over }, secret })
  const target = await open()
  const plan = () => postgresProvider.plan(newId())

  return {
    version,
    database,
    superuser: place.superuser,
    superuserUrl,
    target,
    settings,
    mayflyLogin,
    readers,
    writers,
    appOwner,
    open,
    sql,
    plan,
    url: (user, password, inDatabase = database) =>
      `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${inDatabase}`,
    async issue(group = readers, over = {}) {
      const handle = plan()
      const account = await target.issue(handle, requestFor(group, over), noSignal)
      return { handle, name: handle.accountName, account }
    },
    async [Symbol.asyncDispose]() {
      await target.close()
      await shared?.drop()
    },
  }
}

function placeOf(shared: TargetDatabase) {
  return {
    host: shared.host,
    port: shared.port,
    database: shared.database,
    superuser: shared.superuser.user,
    superuserUrl: shared.superuser.url,
    mark: shared.roleName('x').slice(2),
  }
}

function ownPlace(cluster: ClusterAccess) {
  const { host, port, superuser, superuserPassword } = cluster
  return {
    host,
    port,
    database: 'postgres',
    superuser,
    superuserUrl: `postgres://${superuser}:${superuserPassword}@${host}:${port}/postgres`,
    mark: 'own',
  }
}

export function requestFor(
  group: string,
  over: Partial<IssueRequest<PostgresPermission>> = {},
): IssueRequest<PostgresPermission> {
  return {
    permission: { member_of: [group] },
    parameters: {},
    expiresAt: new Date(Date.now() + 300_000),
    createDeadlineAt: new Date(Date.now() + 20_000),
    ...over,
  }
}

export function urlOf(account: IssuedAccount): string {
  const url = account.fields['connection_url']
  if (!(url instanceof Secret)) throw new Error('an issued account has a connection_url')
  return url.reveal()
}

/** The login by its single fields, so that a test can change one of them. */
export function canLogIn(account: IssuedAccount): Promise<boolean> {
  const { host, port, database, username, password } = account.fields
  return tryLogin({
    host: String(host),
    port: Number(port),
    database: String(database),
    user: String(username),
    password: password instanceof Secret ? password.reveal() : String(password),
  })
}

export interface OpenSession extends ConformanceSession {
  readonly client: pg.Client
}

export async function openSession(account: IssuedAccount): Promise<OpenSession> {
  const client = new pg.Client(urlOf(account))
  // The target ends it in most of these tests; unheard, that would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return {
    client,
    async isAlive() {
      try {
        await client.query('select 1')
        return true
      } catch {
        return false
      }
    },
    close: () => client.end(),
  }
}

export interface Recorded extends RevokeReport {
  readonly cutNames: string[]
  readonly removedNames: string[]
  readonly reasons: Map<string, string>
}

export function recordReport(): Recorded {
  const cutNames: string[] = []
  const removedNames: string[] = []
  const reasons = new Map<string, string>()
  return {
    cutNames,
    removedNames,
    reasons,
    cut: async (handles) => void cutNames.push(...handles.map((handle) => handle.accountName)),
    removed: async (handles) => void removedNames.push(...handles.map((handle) => handle.accountName)),
    pending: async (handle, reason) => void reasons.set(handle.accountName, reason),
  }
}

export async function revoke(target: PostgresTarget, ...handles: AccountHandle[]): Promise<Recorded> {
  const report = recordReport()
  await target.revoke(handles, report, noSignal)
  return report
}

/** The code of the MayflyError that a call ends in. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return error instanceof MayflyError ? error.code : `not a MayflyError: ${String(error)}`
  }
}

/** An account of the application's own, with what lets Mayfly change its password. */
export async function makeStaticAccount(prepared: Prepared): Promise<StaticAccount> {
  const account = `static_${randomBytes(4).toString('hex')}`
  const secret = new Secret(randomBytes(16).toString('base64url'))
  await prepared.sql(`create role ${account} login password '${secret.reveal()}' in role ${prepared.readers}`)
  // Two that make functions at once fail with "tuple concurrently updated"; the lock goes with the connection.
  const guide = rotationGuide({ login: prepared.mayflyLogin.username, accounts: [account] })
  await prepared.sql(`select pg_advisory_lock(7001); ${guide}`)
  const urlFor = (tried: Secret) => prepared.url(account, tried.reveal())
  const { host, port } = hostOf(urlFor(secret))
  return {
    account,
    secret,
    canLogIn: (tried) => tryLogin({ host, port, database: prepared.database, user: account, password: tried.reveal() }),
    openSession: (tried) =>
      openSession({
        fields: { connection_url: new Secret(urlFor(tried)) },
        boundTo: 'none',
        expiresAt: new Date(0),
      }),
    drop: async () => {
      await prepared.sql(`delete from mayfly.rotatable_account where account_name = '${account}'`)
      await prepared.sql(`drop role ${account}`)
    },
  }
}

function hostOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}
