import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findFreePort } from '../../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
import { chooseRunUser } from '../../../packages/server/src/adapters/embedded-postgres/run-user.ts'
import { findProgram } from './find-program.ts'
import type { SharedServer } from './shared-servers.ts'
import { spawnServer } from './spawn-server.ts'

export interface RedisAccess extends Readonly<Record<string, unknown>> {
  readonly host: string
  readonly port: number
  /** Of the user `default`, who may do everything. */
  readonly password: string
}

/** A Redis (or Valkey) of its own, in `dir`, on a free port; it asks for a password and writes nothing to disk by itself. */
export async function startRedis(dir: string, settings: readonly string[] = []): Promise<SharedServer<RedisAccess>> {
  const program = await findProgram({ names: ['redis-server', 'valkey-server'], debianPackage: 'redis-server' })
  const runAs = await chooseRunUser()
  const home = join(dir, 'redis')
  await mkdir(home, { recursive: true })
  if (runAs !== undefined) await chown(home, runAs.uid, runAs.gid)
  const access = { host: '127.0.0.1', port: await findFreePort(), password: randomBytes(24).toString('base64url') }
  const config = join(home, 'redis.conf')
  const lines = [`bind ${access.host}`, `port ${access.port}`, `requirepass ${access.password}`, 'save ""', ...settings]
  await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o644 })
  const server = await spawnServer({ command: program, args: [config], cwd: home, runAs, ready: () => answers(access) })
  return { access, stop: () => server.stop('SIGKILL') }
}

/** By its protocol: a port that is open is not yet a server that answers. */
async function answers({ host, port, password }: RedisAccess): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
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
