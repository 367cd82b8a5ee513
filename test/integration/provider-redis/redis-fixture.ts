import { randomBytes } from 'node:crypto'
import { MayflyError, newId } from '@mayfly/domain'
import {
  type AccountHandle,
  type ConformanceSession,
  type IssuedAccount,
  type IssueRequest,
  type RevokeReport,
  Secret,
} from '@mayfly/provider-kit'
import {
  redisGuide,
  type RedisPermission,
  redisProvider,
  type RedisSettings,
  type RedisTarget,
} from '@mayfly/provider-redis'
import { ErrorReply } from '@redis/client'
import { runGuide } from './run-guide.ts'
import { makeTempDir, newRedisClient, type RedisAccess, runRedis, startRedis } from '../../support/index.ts'

export const noSignal = new AbortController().signal
export const readWrite = redisProvider.permission.parse({ categories: ['read', 'write'], keys: ['orders:*'] })

export interface Prepared extends AsyncDisposable {
  readonly access: RedisAccess
  readonly target: RedisTarget
  readonly settings: RedisSettings
  readonly mayflyLogin: { readonly username: string; readonly password: string }
  open(over?: object): Promise<RedisTarget>
  /** As the user `default`. */
  run(...command: readonly string[]): Promise<string>
  readonly plan: () => AccountHandle
  issue(over?: Partial<IssueRequest<RedisPermission>>): Promise<Issued>
}

export interface Issued {
  readonly handle: AccountHandle
  readonly name: string
  readonly account: IssuedAccount
}

/** A server of its own with an ACL file, Mayfly's login by the guide, and the provider opened on it. */
export async function prepareRedis(): Promise<Prepared> {
  const server = await startRedis(await makeTempDir('redis'), { withAclFile: true })
  const prepared = await prepareOn([server.access])
  return {
    ...prepared,
    async [Symbol.asyncDispose]() {
      await prepared[Symbol.asyncDispose]()
      await server.stop()
    },
  }
}

/** Mayfly's login at each of these nodes, and the provider opened on the first. */
export async function prepareOn(nodes: readonly RedisAccess[], over: object = {}): Promise<Prepared> {
  const [access] = nodes
  if (!access) throw new Error('a target has a node')
  const mayflyLogin = { username: 'mayfly', password: `admin-password-${randomBytes(9).toString('base64url')}` }
  for (const node of nodes) await runGuide(redisGuide(), node, mayflyLogin)
  const parse = (more: object) =>
    redisProvider.settings.parse({
      host: access.host,
      port: access.port,
      tls:
        access.caPem === undefined ? { mode: 'disabled_loopback_only' } : { mode: 'verify_full', ca_pem: access.caPem },
      ...over,
      ...more,
    })
  const settings = parse({})
  const secret = redisProvider.secret.parse(mayflyLogin)
  const open = async (more: object = {}) => redisProvider.open({ settings: parse(more), secret })
  const target = await open()
  const plan = () => redisProvider.plan(newId())
  return {
    access,
    target,
    settings,
    mayflyLogin,
    open,
    run: (...command) => runRedis(access, ...command),
    plan,
    async issue(more = {}) {
      const handle = plan()
      const account = await target.issue(handle, requestFor(more), noSignal)
      return { handle, name: handle.accountName, account }
    },
    [Symbol.asyncDispose]: () => target.close(),
  }
}

export function requestFor(over: Partial<IssueRequest<RedisPermission>> = {}): IssueRequest<RedisPermission> {
  return {
    permission: readWrite,
    parameters: {},
    expiresAt: new Date(Date.now() + 300_000),
    createDeadlineAt: new Date(Date.now() + 20_000),
    ...over,
  }
}

export type Client = ReturnType<typeof newRedisClient>

/** @param at where, if not where the account says */
export async function logIn(account: IssuedAccount, at?: RedisAccess): Promise<Client> {
  const { host, port, username } = account.fields
  const client = newRedisClient(at ?? { host: String(host), port: Number(port) }, String(username), passwordOf(account))
  await client.connect()
  return client
}

export function passwordOf(account: IssuedAccount): string {
  const { password } = account.fields
  if (!(password instanceof Secret)) throw new Error('an issued account has a password')
  return password.reveal()
}

/** False where the target refuses the login; what else goes wrong is thrown. */
export async function isTaken(connecting: Promise<Client>): Promise<boolean> {
  try {
    const client = await connecting
    client.destroy()
    return true
  } catch (error) {
    if (error instanceof ErrorReply && error.message.startsWith('WRONGPASS')) return false
    throw error
  }
}

export function canLogIn(account: IssuedAccount, at?: RedisAccess): Promise<boolean> {
  return isTaken(logIn(account, at))
}

export async function logInAs(access: RedisAccess, username: string, password: string): Promise<Client> {
  const client = newRedisClient(access, username, password)
  await client.connect()
  return client
}

/** The answer as text. */
export async function ask(client: Client, ...command: string[]): Promise<string> {
  const reply: unknown = await client.sendCommand(command)
  return typeof reply === 'string' ? reply : JSON.stringify(reply)
}

export function sessionOf(client: Client): ConformanceSession {
  return {
    async isAlive() {
      try {
        return (await ask(client, 'PING')) === 'PONG'
      } catch {
        return false
      }
    },
    close: async () => client.destroy(),
  }
}

export async function openSession(account: IssuedAccount): Promise<ConformanceSession> {
  return sessionOf(await logIn(account))
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

export async function revoke(target: RedisTarget, ...handles: AccountHandle[]): Promise<Recorded> {
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
