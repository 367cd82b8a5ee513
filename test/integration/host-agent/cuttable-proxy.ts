import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttableProxy {
  readonly url: string
  leadTo(port: number): void
  /** Nothing is handed on any more, in either direction, and nobody is told: as where a cable is pulled. */
  cut(): void
  /** What was cut stays dead; new connections lead there again. */
  mend(): void
  close(): Promise<void>
}

/** Hands on bytes between whoever connects and a server. */
export async function startCuttableProxy(): Promise<CuttableProxy> {
  const sockets = new Set<Socket>()
  let target = 0
  let isCut = false
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const join = (from: Socket, to: Socket) => {
    from.on('data', (chunk) => {
      if (!isCut) to.write(chunk)
    })
    from.on('close', () => {
      if (!isCut) to.destroy()
    })
  }
  const server = createServer((near) => {
    keep(near)
    if (isCut) return
    const far = connect(target, '127.0.0.1')
    keep(far)
    join(near, far)
    join(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (port) => void (target = port),
    cut: () => void (isCut = true),
    mend() {
      drop()
      isCut = false
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      drop()
      await closed
    },
  }
}
