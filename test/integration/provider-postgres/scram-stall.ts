import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface ScramStall extends AsyncDisposable {
  readonly port: number
  /** Settles when the client's proof of its password has arrived here, and has not been passed on. */
  readonly stalled: Promise<void>
  /** Passes it on. */
  release(): void
}

/**
 * A way to the server that holds back a client's third message: startup, SCRAM's first message, then its proof
 * (RFC 5802 section 3). The server has looked the role up by then, and is waiting.
 */
export async function stallScram(serverPort: number): Promise<ScramStall> {
  const arrived = Promise.withResolvers<void>()
  const sockets: Socket[] = []
  let pass: (() => void) | undefined
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1')
    sockets.push(client, upstream)
    let messages = 0
    client.on('data', (chunk) => {
      messages += 1
      if (messages !== 3) {
        upstream.write(chunk)
        return
      }
      pass = () => upstream.write(chunk)
      arrived.resolve()
    })
    upstream.on('data', (chunk) => client.write(chunk))
    // Either side may be cut by the other: that is what the tests look for.
    client.on('error', () => undefined).on('close', () => upstream.destroy())
    upstream.on('error', () => undefined).on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stalled: arrived.promise,
    release: () => pass?.(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}
