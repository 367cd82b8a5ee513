import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findFreePort } from '../../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
import { chooseRunUser } from '../../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { findProgram } from './find-program.ts'
import type { SharedServer } from './shared-servers.ts'
import { spawnServer } from './spawn-server.ts'

export interface RabbitmqAccess extends Readonly<Record<string, unknown>> {
  readonly host: string
  /** AMQP 0-9-1. */
  readonly port: number
  readonly managementUrl: string
  /** A user with the tag `administrator`. */
  readonly username: string
  readonly password: string
}

export interface RabbitmqServer extends SharedServer<RabbitmqAccess> {
  /** Where it keeps what it knows: started again with the same `dir`, it knows it still. */
  readonly dir: string
}

/**
 * A RabbitMQ of its own, in `dir`, on free ports, with its management API. Its port mapper (epmd) is its own too: one that
 * it starts by itself would outlive it and serve whoever comes.
 */
export async function startRabbitmq(dir: string): Promise<RabbitmqServer> {
  const program = await findProgram({ names: ['rabbitmq-server'], debianPackage: 'rabbitmq-server' })
  const epmdProgram = await findProgram({ names: ['epmd'], debianPackage: 'erlang-base' })
  const runAs = await chooseRunUser()
  const home = join(dir, 'rabbitmq')
  const mnesia = join(home, 'mnesia')
  for (const one of [home, mnesia, join(home, 'log')]) {
    await mkdir(one, { recursive: true })
    if (runAs !== undefined) await chown(one, runAs.uid, runAs.gid)
  }
  const [port, managementPort, distributionPort, epmdPort] = await Promise.all([1, 2, 3, 4].map(() => findFreePort()))
  const access: RabbitmqAccess = {
    host: '127.0.0.1',
    port: port ?? 0,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    username: 'admin',
    password: randomBytes(24).toString('base64url'),
  }
  const write = (name: string, text: string) => writeFile(join(home, name), text, { mode: 0o644 })
  await write('enabled_plugins', '[rabbitmq_management].\n')
  await write(
    'rabbitmq.conf',
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `management.tcp.ip = 127.0.0.1`,
      `management.tcp.port = ${managementPort}`,
      `default_user = ${access.username}`,
      `default_pass = ${access.password}`,
      'log.file = false',
      'log.console = true',
      'log.console.level = warning',
      '',
    ].join('\n'),
  )
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: home,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `mayfly${managementPort}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: mnesia,
    RABBITMQ_LOG_BASE: join(home, 'log'),
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
    RABBITMQ_PID_FILE: join(home, 'pid'),
    // Else its script stays in between, and the server outlives it when it is killed.
    RUNNING_UNDER_SYSTEMD: 'true',
    // Two schedulers and no busy waiting: the tests share the machine with it.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
  }
  const epmd = await spawnServer({
    command: epmdProgram,
    args: ['-port', String(epmdPort), '-address', '127.0.0.1'],
    cwd: home,
    env,
    runAs,
    ready: () => isOpen(epmdPort ?? 0),
  })
  try {
    // The program of the package and not Debian's wrapper, which would become the user of the installed service.
    const server = await spawnServer({
      command: program.replace('/usr/sbin/', '/usr/lib/rabbitmq/bin/'),
      args: [],
      cwd: home,
      env,
      runAs,
      readyWithinMs: 120_000,
      ready: async () => (await isOpen(port ?? 0)) && answers(access),
    })
    return {
      access,
      dir,
      async stop() {
        await server.stop('SIGKILL')
        await epmd.stop('SIGKILL')
      },
    }
  } catch (error) {
    await epmd.stop('SIGKILL')
    throw error
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const done = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}

async function answers({ managementUrl, username, password }: RabbitmqAccess): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const answer = await fetch(`${managementUrl}/api/whoami`, { headers: { authorization } }).catch(() => undefined)
  return answer?.status === 200
}
