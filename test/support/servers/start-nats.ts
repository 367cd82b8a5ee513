/**
 * A nats-server of its own in operator mode with a full resolver, or several in a cluster, on free ports.
 *
 * Keys and JWTs of operator, system account and system user are made here, as `nsc` would.
 */
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { formatCredentials } from '../../../packages/providers/nats/src/nats-credentials.ts'
import { signClaims } from '../../../packages/providers/nats/src/nats-jwt.ts'
import { makeNkey } from '../../../packages/providers/nats/src/nkey.ts'
import { findFreePort } from '../../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
import { chooseRunUser } from '../../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { findProgram } from './find-program.ts'
import type { SharedServer } from './shared-servers.ts'
import { spawnServer } from './spawn-server.ts'

export interface NatsAccess extends Readonly<Record<string, unknown>> {
  readonly host: string
  /** Of each server of the cluster. */
  readonly ports: readonly number[]
  /** The identity key of the operator. */
  readonly operatorSeed: string
  /** Two signing keys that its JWT names. */
  readonly signingSeeds: readonly [string, string]
  readonly systemSeed: string
  /** A user of the system account that may do everything there. */
  readonly systemCredentials: string
}

export interface NatsOptions {
  /** How many servers; default 1. */
  readonly servers?: number
  /** Default `full`. */
  readonly resolver?: 'full' | 'memory'
  /** Lines for each server's configuration. */
  readonly settings?: readonly string[]
}

export interface NatsServers extends SharedServer<NatsAccess> {
  /** Starts one that was stopped, with what it had stored. */
  startOne(at: number): Promise<void>
  stopOne(at: number, signal?: NodeJS.Signals): Promise<void>
  pidOf(at: number): number
  /** What one has said so far. */
  outputOf(at: number): string
}

/** Without limits a JWT allows nothing: what is left out is 0. */
export const noLimits = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
} as const

export async function startNats(dir: string, options: NatsOptions = {}): Promise<NatsServers> {
  const program = await findProgram({ names: ['nats-server'], debianPackage: 'nats-server' })
  const runAs = await chooseRunUser()
  const home = join(dir, 'nats')
  await mkdir(home, { recursive: true })
  if (runAs !== undefined) await chown(home, runAs.uid, runAs.gid)
  const iat = Math.floor(Date.now() / 1000)
  const operator = makeNkey('operator')
  const signers = [makeNkey('operator'), makeNkey('operator')] as const
  const system = makeNkey('account')
  const user = makeNkey('user')
  const operatorJwt = signClaims(
    {
      iat,
      sub: operator.key.publicKey,
      name: 'operator',
      nats: {
        signing_keys: signers.map(({ key }) => key.publicKey),
        system_account: system.key.publicKey,
        type: 'operator',
        version: 2,
      },
    },
    operator.key,
  )
  const systemJwt = signClaims(
    { iat, sub: system.key.publicKey, name: 'SYS', nats: { limits: noLimits, type: 'account', version: 2 } },
    operator.key,
  )
  const userJwt = signClaims(
    { iat, sub: user.key.publicKey, name: 'sys', nats: { subs: -1, data: -1, payload: -1, type: 'user', version: 2 } },
    system.key,
  )
  const count = options.servers ?? 1
  const ports = await Promise.all(Array.from({ length: count }, findFreePort))
  const routes = count === 1 ? [] : await Promise.all(Array.from({ length: count }, findFreePort))
  const running = new Map<number, Awaited<ReturnType<typeof spawnServer>>>()

  async function startOne(at: number): Promise<void> {
    const port = ports[at] ?? 0
    const place = join(home, `server-${at}`)
    await mkdir(place, { recursive: true })
    if (runAs !== undefined) await chown(place, runAs.uid, runAs.gid)
    const config = join(place, 'nats.conf')
    const lines = [
      `host: 127.0.0.1`,
      `port: ${port}`,
      `server_name: server-${at}`,
      `operator: ${operatorJwt}`,
      `system_account: ${system.key.publicKey}`,
      options.resolver === 'memory'
        ? 'resolver: MEMORY'
        : `resolver { type: full, dir: "${join(place, 'jwt')}", allow_delete: false, interval: "1s", timeout: "2s" }`,
      `resolver_preload { ${system.key.publicKey}: ${systemJwt} }`,
      ...(routes.length === 0
        ? []
        : [
            `cluster { name: c, host: 127.0.0.1, port: ${routes[at]}, no_advertise: true, routes: [${routes
              .filter((_port, other) => other !== at)
              .map((route) => `"nats://127.0.0.1:${route}"`)
              .join(', ')}] }`,
          ]),
      ...(options.settings ?? []),
    ]
    await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o644 })
    const ready = () => answers('127.0.0.1', port)
    running.set(at, await spawnServer({ command: program, args: ['-c', config], cwd: place, runAs, ready }))
  }

  async function stop(): Promise<void> {
    await Promise.all([...running.values()].map((server) => server.stop('SIGKILL')))
  }
  const started = await Promise.allSettled(ports.map((_port, at) => startOne(at)))
  for (const outcome of started) {
    if (outcome.status === 'fulfilled') continue
    await stop()
    throw outcome.reason
  }
  return {
    access: {
      host: '127.0.0.1',
      ports,
      operatorSeed: operator.seed,
      signingSeeds: [signers[0].seed, signers[1].seed],
      systemSeed: system.seed,
      systemCredentials: formatCredentials(userJwt, user.seed),
    },
    startOne,
    stopOne: async (at, signal = 'SIGKILL') => running.get(at)?.stop(signal),
    pidOf: (at) => running.get(at)?.pid ?? 0,
    outputOf: (at) => running.get(at)?.output() ?? '',
    stop,
  }
}

/** By its protocol: a port that is open is not yet a server that answers. */
async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false))
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString().startsWith('INFO ')))
      socket.once('close', () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}
