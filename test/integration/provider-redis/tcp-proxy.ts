import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** What clients have sent so far. */
  sent(): string
  /** Takes no connection any more, and ends those that there are. */
  goDown(): Promise<void>
  comeUp(): Promise<void>
  /** From the next piece that holds this text on, nothing is passed to the server; settles when it has come. */
  holdAt(text: string): Promise<void>
  /** Passes on what was held, also of clients that have gone. */
  release(): void
}

/** A way to a server that can be cut, listened to, and held up. */
export async function startProxy(serverPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let captured = ''
  let holding: { text: string; arrived: () => void } | undefined
  let held: (() => void)[] | undefined
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1')
    sockets.add(client).add(upstream)
    client.on('data', (chunk: Buffer) => {
      captured += chunk.toString('latin1')
      if (holding && chunk.includes(holding.text)) {
        held ??= []
        holding.arrived()
        holding = undefined
      }
      if (held) held.push(() => upstream.write(chunk))
      else upstream.write(chunk)
    })
    upstream.on('data', (chunk) => client.write(chunk))
    // Either side may be cut by the other: that is what the tests look for. What is held outlives its sender.
    client.on('error', () => undefined).on('close', () => held ?? upstream.destroy())
    upstream.on('error', () => undefined).on('close', () => client.destroy())
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    sent: () => captured,
    goDown: close,
    comeUp: () => listen(port),
    holdAt(text) {
      const { promise, resolve } = Promise.withResolvers<void>()
      holding = { text, arrived: resolve }
      return promise
    },
    release() {
      const pass = held ?? []
      held = undefined
      for (const one of pass) one()
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await close()
    },
  }
}
