/** Keeps the shared servers of one run: whoever asks first, from whatever process, has it started; all get the same. */
import { chmod, mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { sharedServers, type SharedAccess, type SharedServer, type StartShared } from './shared-servers.ts'

export interface ServerKeeper {
  readonly socketPath: string
  stop(): Promise<void>
}

export async function keepServers(runDir: string): Promise<ServerKeeper> {
  const starters: Readonly<Record<string, StartShared<SharedAccess>>> = sharedServers
  const started = new Map<string, Promise<SharedServer<SharedAccess>>>()

  async function startIn(kind: string, start: StartShared<SharedAccess>): Promise<SharedServer<SharedAccess>> {
    const dir = join(runDir, `shared-${kind}`)
    await mkdir(dir, { mode: 0o711 })
    await chmod(dir, 0o711)
    return start(dir)
  }

  const socketPath = join(runDir, 'servers.sock')
  const http = createServer((request, response) => {
    const kind = (request.url ?? '').slice(1)
    const start = starters[kind]
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body))
    if (start === undefined) {
      answer(404, { message: `there is no shared server \`${kind}\`` })
      return
    }
    const server = started.get(kind) ?? startIn(kind, start)
    started.set(kind, server)
    server.then(
      ({ access }) => answer(200, access),
      (error: unknown) => answer(500, { message: String(error instanceof Error ? error.message : error) }),
    )
  })
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(socketPath, resolve)
  })
  return {
    socketPath,
    async stop() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      const ends = [...started.values()].map(async (server) => (await server).stop())
      started.clear()
      await Promise.allSettled(ends)
    },
  }
}
