import { execFile } from 'node:child_process'
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
  mariadbGuide,
  type MysqlPermission,
  mysqlProvider,
  type MysqlSettings,
  type MysqlTarget,
} from '@mayfly/provider-mysql'
import mysql from 'mysql2/promise'
import { makeTempDir, useServer } from '../../support/index.ts'
import { type MysqlAccess, startMysql } from '../../support/servers/start-mysql.ts'

export const noSignal = new AbortController().signal

export interface Prepared extends AsyncDisposable {
  readonly access: MysqlAccess
  readonly target: MysqlTarget
  readonly settings: MysqlSettings
  readonly mayflyLogin: { readonly username: string; readonly password: string }
  /** The schema of Mayfly's procedures, and who they run as. */
  readonly schema: string
  readonly definer: string
  /** A schema with a table `orders`. */
  readonly app: string
  /** A role that may read `orders`. */
  readonly readers: string
  /** A role that may do everything in the schema of the application. */
  readonly writers: string
  open(over?: Partial<MysqlSettings>): Promise<MysqlTarget>
  /** Runs statements as root, one after the other; the rows of the last. */
  sql(...statements: readonly string[]): Promise<readonly Record<string, unknown>[]>
  plan(): AccountHandle
  issue(role?: string, over?: Partial<IssueRequest<MysqlPermission>>): Promise<Issued>
}

export interface Issued {
  readonly handle: AccountHandle
  readonly name: string
  readonly account: IssuedAccount
}

/**
 * A target with an application in it, Mayfly's rights by the guide, and the provider opened on it. Its names are its own:
 * several share one server.
 */
export async function prepareMysql(where?: MysqlAccess): Promise<Prepared> {
  const access = where ?? (await useServer('mysql'))
  const mark = randomBytes(4).toString('hex')
  const [schema, app, readers, writers] = [`mayfly_${mark}`, `app_${mark}`, `readers_${mark}`, `writers_${mark}`]
  const mayflyLogin = { username: `mayfly_${mark}`, password: `admin-password-${mark}` }
  const sql: Prepared['sql'] = (...statements) => asRoot(access, ...statements)

  await sql(
    `create database ${app}`,
    `create table ${app}.orders (id integer primary key, note text)`,
    `insert into ${app}.orders values (1, 'first')`,
  )
  await runClient(
    access,
    mariadbGuide({ login: mayflyLogin.username, roles: [readers, writers], schema, requireTls: false }),
  )
  await sql(
    `grant select on ${app}.* to ${readers}`,
    `grant all on ${app}.* to ${writers}`,
    `set password for '${mayflyLogin.username}'@'%' = password('${mayflyLogin.password}')`,
  )
  const settings = mysqlProvider.settings.parse({
    host: access.host,
    port: access.port,
    schema,
    database: app,
    tls: { mode: 'disabled_loopback_only' },
    pool_size: 4,
  })
  const secret = mysqlProvider.secret.parse(mayflyLogin)
  const open = (over: Partial<MysqlSettings> = {}) => mysqlProvider.open({ settings: { ...settings, ...over }, secret })
  const target = await open()
  const plan = () => mysqlProvider.plan(newId())

  return {
    access,
    target,
    settings,
    mayflyLogin,
    schema,
    definer: `\`${schema}_definer\`@\`localhost\``,
    app,
    readers,
    writers,
    open,
    sql,
    plan,
    async issue(role = readers, over = {}) {
      const handle = plan()
      const account = await target.issue(handle, requestFor(role, over), noSignal)
      return { handle, name: handle.accountName, account }
    },
    async [Symbol.asyncDispose]() {
      await target.close()
    },
  }
}

/** A server of the test's own, for what others would feel. */
export async function startOwnServer(settings: readonly string[] = []) {
  const server = await startMysql(await makeTempDir('mysql'), settings)
  const stop = () => server.stop()
  return {
    access: server.access,
    restart: (more: readonly string[]) => server.restart(more),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

export async function asRoot(access: MysqlAccess, ...statements: readonly string[]) {
  const root = await mysql.createConnection({ socketPath: access.socketPath, user: 'root' })
  try {
    let rows: readonly Record<string, unknown>[] = []
    for (const statement of statements) {
      const [result] = await root.query(statement)
      rows = Array.isArray(result) ? (result as mysql.RowDataPacket[]) : []
    }
    return rows
  } finally {
    await root.end()
  }
}

/** As an administrator runs the guide: by the command-line client, which knows `delimiter`. */
export async function runClient(access: MysqlAccess, sql: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'mariadb',
      ['--no-defaults', `--socket=${access.socketPath}`, '--user=root', '--batch'],
      (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stderr, { cause: error }))),
    )
    child.stdin?.end(sql)
  })
}

export function requestFor(
  role: string,
  over: Partial<IssueRequest<MysqlPermission>> = {},
): IssueRequest<MysqlPermission> {
  return {
    permission: { role },
    parameters: {},
    expiresAt: new Date(Date.now() + 300_000),
    createDeadlineAt: new Date(Date.now() + 20_000),
    ...over,
  }
}

export function passwordOf(account: IssuedAccount): string {
  const { password } = account.fields
  return password instanceof Secret ? password.reveal() : String(password)
}

/** How the holder connects, from the fields that it was given. */
export function loginOf(account: IssuedAccount): mysql.ConnectionOptions {
  const { host, port, database, username } = account.fields
  return {
    host: String(host),
    port: Number(port),
    user: String(username),
    password: passwordOf(account),
    ...(database === undefined ? {} : { database: String(database) }),
  }
}

/** Access denied, and an account that is locked: the two ways in which a login is refused. */
const refusals = new Set([1045, 4151])

export async function canLogIn(account: IssuedAccount, over: mysql.ConnectionOptions = {}): Promise<boolean> {
  try {
    const connection = await mysql.createConnection({ ...loginOf(account), ...over })
    await connection.query('select count(*) from orders')
    await connection.end()
    return true
  } catch (error) {
    if (error instanceof Error && 'errno' in error && refusals.has(Number(error.errno))) return false
    throw error
  }
}

/** An account that Mayfly did not make, listed for rotation. */
export async function makeStaticAccount(prepared: Prepared): Promise<StaticAccount> {
  const user = `static_${randomBytes(4).toString('hex')}`
  const secret = new Secret(randomBytes(16).toString('base64url'))
  await prepared.sql(
    `create user ${user} identified by '${secret.reveal()}'`,
    `grant ${prepared.readers} to ${user}`,
    `set default role ${prepared.readers} for ${user}`,
    `insert into ${prepared.schema}.rotatable_account (user_name) values ('${user}')`,
  )
  const { host, port } = prepared.access
  const withSecret = (tried: Secret): IssuedAccount => ({
    fields: { host, port, database: prepared.app, username: user, password: tried },
    boundTo: 'none',
    expiresAt: new Date(0),
  })
  return {
    account: user,
    secret,
    canLogIn: (tried) => canLogIn(withSecret(tried)),
    openSession: (tried) => openSession(withSecret(tried)),
    drop: async () => void (await prepared.sql(`drop user ${user}`)),
  }
}

export interface OpenSession extends ConformanceSession {
  readonly connection: mysql.Connection
}

export async function openSession(account: IssuedAccount): Promise<OpenSession> {
  const connection = await mysql.createConnection(loginOf(account))
  // The target ends it in most of these tests; unheard, that would end the process.
  connection.on('error', () => undefined)
  return {
    connection,
    async isAlive() {
      try {
        await connection.query('select 1')
        return true
      } catch {
        return false
      }
    },
    async close() {
      connection.destroy()
    },
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

export async function revoke(target: MysqlTarget, ...handles: AccountHandle[]): Promise<Recorded> {
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
