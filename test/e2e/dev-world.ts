/** `mayfly dev` as a child process with an administrator who has signed in, and a target PostgreSQL beside it. */
import { randomBytes } from 'node:crypto'
import { functionsGuide } from '@mayfly/provider-postgres'
import {
  canLogIn,
  createTargetDatabase,
  makeTempDir,
  type TargetDatabase,
  until,
  withClient,
} from '../support/index.ts'
import { cleanEnvironment, type Ran, type RunningCommand, startMayfly } from './run-mayfly.ts'

export interface DevWorld extends AsyncDisposable {
  readonly url: string
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  readonly server: RunningCommand
  /** Runs a command to its end. */
  mayfly(args: readonly string[], more?: { env?: Record<string, string>; stdin?: string }): Promise<Ran>
  /** The same, which must succeed; its standard output as JSON. */
  json<T = Record<string, unknown>>(args: readonly string[], more?: { env?: Record<string, string> }): Promise<T>
  start(args: readonly string[], more?: { env?: Record<string, string> }): RunningCommand
}

const ada = 'ada@example.com'

/**
 * @param label names the folder
 * @param email of the first administrator
 */
export async function startDevWorld(label: string, { signIn = true, email = ada } = {}): Promise<DevWorld> {
  const dir = await makeTempDir(label)
  const bare = cleanEnvironment(dir)
  const server = startMayfly(['dev', '--data-dir', `${dir}/.mayfly`, '--listen', '127.0.0.1:0'], {
    env: bare,
    cwd: dir,
  })
  const url = await until(() => firstLine(server), { describe: 'mayfly dev tells its address', withinMs: 45_000 })
  const env = { ...bare, MAYFLY_URL: url }
  const world: DevWorld = {
    url,
    dir,
    env,
    server,
    mayfly: (args, more = {}) =>
      startMayfly(args, {
        cwd: dir,
        env: { ...env, ...more.env },
        ...(more.stdin !== undefined && { stdin: more.stdin }),
      }).ended,
    async json<T>(args: readonly string[], more: { env?: Record<string, string> } = {}) {
      const ran = await world.mayfly([...args, '--json'], more)
      if (ran.code !== 0)
        throw new Error(`mayfly ${args.join(' ')} ended with ${ran.code}:\n${ran.stderr}${ran.stdout}`)
      return JSON.parse(ran.stdout) as T
    },
    start: (args, more = {}) => startMayfly(args, { cwd: dir, env: { ...env, ...more.env } }),
    async [Symbol.asyncDispose]() {
      server.child.kill('SIGTERM')
      await server.ended
    },
  }
  if (signIn) await world.json(loginArgs(world, email))
  return world
}

export function loginArgs({ dir }: Pick<DevWorld, 'dir'>, email = ada): string[] {
  const secret = `${dir}/.mayfly/bootstrap`
  return ['login', '--bootstrap-file', secret, '--name', 'Ada Lovelace', '--email', email]
}

/** The address, or the reason why there is none. */
function firstLine({ child, stdout, stderr }: RunningCommand): string | undefined {
  if (child.exitCode !== null) throw new Error(`mayfly dev ended with ${child.exitCode}:\n${stderr()}`)
  return /^(\S+)\n/.exec(stdout())?.[1]
}

export interface OrdersTarget extends AsyncDisposable {
  readonly database: TargetDatabase
  readonly group: string
  readonly login: { readonly username: string; readonly password: string }
  canLogIn(user: string, password: string): Promise<boolean>
  exists(user: string): Promise<boolean>
}

/** A database with one table and a group that may read it; Mayfly's login there has the rights of the guide. */
export async function createOrdersTarget(): Promise<OrdersTarget> {
  const database = await createTargetDatabase(18)
  const group = database.roleName('orders_readonly')
  const login = { username: database.roleName('mayfly'), password: randomBytes(18).toString('base64url') }
  await withClient(database.superuser.url, async (client) => {
    await client.query(`create table orders (id bigint primary key, customer text not null);
      insert into orders values (1, 'Grace'), (2, 'Alan');
      create role ${group} nologin;
      grant usage on schema public to ${group};
      grant select on orders to ${group}`)
    await client.query(functionsGuide({ login: login.username, groups: [group] }))
    await client.query(`alter role ${login.username} password '${login.password}'`)
  })
  const { host, port } = database
  return {
    database,
    group,
    login,
    canLogIn: (user, password) => canLogIn({ host, port, database: database.database, user, password }),
    exists: (user) =>
      withClient(database.superuser.url, async (client) => {
        const { rowCount } = await client.query('select from pg_roles where rolname = $1', [user])
        return rowCount === 1
      }),
    [Symbol.asyncDispose]: () => database.drop(),
  }
}

/** An owner, the target as resource `orders-db`, and its role `orders-db/readonly`. */
export async function registerRole(
  world: DevWorld,
  target: OrdersTarget,
  environment: 'development' | 'production',
): Promise<void> {
  const { host, port, database } = target.database
  await world.json(['owner', 'add', 'payments', '--contact', '#payments', '--primary', ada])
  await world.json(
    ['resource', 'add', 'orders-db', '--provider', 'postgres', '--environment', environment, '--owner', 'payments']
      .concat(['--reach', 'data', '--data-class', 'confidential', '--exposure', 'internal'])
      .concat(['--setting', `host=${host}`, '--setting', `port=${port}`, '--setting', `database=${database}`])
      .concat(['--setting', 'tls.mode=disabled_loopback_only'])
      .concat(['--secret', `username=${target.login.username}`, '--secret', 'password=env:ORDERS_DB_PASSWORD']),
    { env: { ORDERS_DB_PASSWORD: target.login.password } },
  )
  await world.json(['role', 'add', 'orders-db/readonly', '--permission', `member_of=[${target.group}]`])
}

/** The same, and the identity `orders-api` with a key of its own: all that has to be there before it is issued anything. */
export async function registerOrders(
  world: DevWorld,
  target: OrdersTarget,
  environment: 'development' | 'production',
): Promise<{ readonly keyFile: string }> {
  const keyFile = `${world.dir}/orders-api.jwk`
  await registerRole(world, target, environment)
  await world.json(['trust-provider', 'add', 'keys', '--kind', 'bound_key', '--fresh-for', '1h'])
  await world.json(
    ['identity', 'add', 'orders-api', '--kind', 'service', '--owner', 'payments', '--environment', environment].concat([
      '--expires',
      '90d',
      '--purpose',
      'serves orders to the web shop',
    ]),
  )
  await world.json(['binding', 'add', '--trust-provider', 'keys', '--identity', 'orders-api', '--new-key', keyFile])
  return { keyFile }
}
