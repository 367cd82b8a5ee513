import { createHash, randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { findFreePort } from '../../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
import { chooseRunUser } from '../../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { findProgram } from './find-program.ts'
import type { SharedServer } from './shared-servers.ts'
import { type ServerProcess, spawnServer } from './spawn-server.ts'

export interface RedisAccess extends Readonly<Record<string, unknown>> {
  readonly host: string
  readonly port: number
  /** Of the user `default`, who may do everything. */
  readonly password: string
  /** Where it speaks TLS only. */
  readonly caPem?: string
}

export interface RedisOptions {
  /** Lines of redis.conf. */
  readonly settings?: readonly string[]
  /** Keeps its users in a file of its own; they outlive a restart once they are saved. */
  readonly withAclFile?: boolean
  /** Speaks TLS, and nothing else. */
  readonly tls?: { readonly caPem: string; readonly certificatePem: string; readonly keyPem: string }
  /** Replicates from this one; has the same password. */
  readonly replicaOf?: RedisAccess
  /** A node of a cluster that does not exist yet; with this password. */
  readonly clusterPassword?: string
}

export interface RedisServer extends SharedServer<RedisAccess> {
  /** Of a node of a cluster: where the others talk to it. */
  readonly clusterPort: number | undefined
  /** Ends and starts it at once, on the same port; with what it had saved. */
  restart(): Promise<void>
  /** Starts it again after `stop`. */
  start(): Promise<void>
}

/** A Redis (or Valkey) of its own, in `dir`, on a free port; it asks for a password and writes nothing to disk by itself. */
export async function startRedis(dir: string, options: RedisOptions = {}): Promise<RedisServer> {
  const program = await findProgram({ names: ['redis-server', 'valkey-server'], debianPackage: 'redis-server' })
  const runAs = await chooseRunUser()
  const port = await findFreePort()
  const home = join(dir, `redis-${port}`)
  await mkdir(home, { recursive: true })
  const { replicaOf, tls } = options
  const password = replicaOf?.password ?? options.clusterPassword ?? randomBytes(24).toString('base64url')
  const access = { host: '127.0.0.1', port, password, ...(tls && { caPem: tls.caPem }) }
  const files: Record<string, string> = {}
  const lines = [`bind ${access.host}`, 'save ""', ...(options.settings ?? [])]
  lines.push(tls ? 'port 0' : `port ${port}`)
  if (tls) {
    files['ca.pem'] = tls.caPem
    files['server.pem'] = tls.certificatePem
    files['server.key'] = tls.keyPem
    lines.push(`tls-port ${port}`, 'tls-cert-file server.pem', 'tls-key-file server.key', 'tls-ca-cert-file ca.pem')
    lines.push('tls-auth-clients no', 'tls-replication yes', 'tls-cluster yes')
  }
  if (options.withAclFile) {
    files['users.acl'] = `user default on #${createHash('sha256').update(password).digest('hex')} ~* &* +@all\n`
    lines.push('aclfile users.acl')
  } else lines.push(`requirepass ${password}`)
  if (replicaOf) lines.push(`replicaof ${replicaOf.host} ${replicaOf.port}`)
  const clusterPort = options.clusterPassword === undefined ? undefined : await findFreePort()
  if (clusterPort !== undefined) {
    lines.push('cluster-enabled yes', `cluster-port ${clusterPort}`, 'cluster-node-timeout 2000')
  }
  lines.push(`masterauth ${password}`)
  files['redis.conf'] = `${lines.join('\n')}\n`
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(home, name), text, { mode: 0o644 })
    if (runAs !== undefined) await chown(join(home, name), runAs.uid, runAs.gid)
  }
  if (runAs !== undefined) await chown(home, runAs.uid, runAs.gid)

  const spawn = () =>
    spawnServer({ command: program, args: ['redis.conf'], cwd: home, runAs, ready: () => answers(access) })
  let server: ServerProcess = await spawn()
  return {
    access,
    clusterPort,
    stop: () => server.stop('SIGKILL'),
    async start() {
      server = await spawn()
    },
    async restart() {
      await server.stop('SIGKILL')
      server = await spawn()
    },
  }
}

/** By its protocol: a port that is open is not yet a server that answers. */
async function answers({ host, port, password, caPem }: RedisAccess): Promise<boolean> {
  const socket = caPem === undefined ? connect({ host, port }) : connectTls({ host, port, ca: caPem })
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false))
      socket.once(caPem === undefined ? 'connect' : 'secureConnect', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('+PONG')) resolve(true)
        else if (text.includes('-')) resolve(false)
      })
    })
  } finally {
    socket.destroy()
  }
}
