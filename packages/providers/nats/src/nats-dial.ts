/**
 * A connection to one nats-server, logged in.
 *
 * An own client of a few lines: that of NATS leaves a socket open for good whose server says nothing, and does not verify a
 * certificate for an address. What is here is closed whatever happens.
 */
import { createConnection, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { MayflyError } from '@mayfly/domain'
import type { Credentials } from './nats-credentials.ts'
import { networkError, protocolError, unsafeTarget } from './nats-error.ts'
import { isRecord } from './nats-jwt.ts'
import type { NatsSettings } from './nats-settings.ts'
import { type Frame, makeFrameReader } from './read-frames.ts'

export interface NatsConnection {
  readonly maxPayloadBytes: number
  isOpen(): boolean
  /** Sends lines of the protocol; each ends with CRLF. */
  send(lines: string): void
  /** Told what comes from now on; `undefined` is the end. One listener at a time. */
  listen(onFrame: (frame: Frame | undefined) => void): void
  close(): void
}

/** What the server says of itself before it is told who comes. */
interface ServerInfo {
  readonly nonce: string
  readonly maxPayloadBytes: number
  readonly offersTls: boolean
}

type Tls = NatsSettings['tls']

const defaultMaxPayloadBytes = 1_048_576

/**
 * @param server `host:port`
 * @throws MayflyError `target_unreachable`, `target_timeout`, `target_unsafe`, or the refusal of the login
 */
export async function dialServer(
  server: string,
  settings: Pick<NatsSettings, 'tls' | 'connect_timeout_ms'>,
  login: Pick<Credentials, 'jwt' | 'key'>,
): Promise<NatsConnection> {
  const colon = server.lastIndexOf(':')
  const host = server.slice(0, colon).replace(/^\[|\]$/g, '')
  const { tls } = settings
  const opened: Socket[] = []
  const keep = <T extends Socket>(socket: T): T => {
    opened.push(socket)
    // A socket that nobody listens to any more must not end the process.
    socket.on('error', () => undefined)
    return socket
  }
  const destroyAll = () => {
    for (const socket of opened) socket.destroy()
  }
  const timer = setTimeout(() => {
    for (const socket of opened) socket.destroy(new MayflyError('target_timeout', { log: 'nats: connect: too late' }))
  }, settings.connect_timeout_ms)
  try {
    const plain = keep(createConnection({ host, port: Number(server.slice(colon + 1)), noDelay: true }))
    const isFirst = tls.mode === 'verify_full' && tls.handshake_first
    const early = isFirst ? keep(secure(plain, host, tls)) : plain
    const before = frameQueue(early)
    const info = readInfo(await before.next())
    const socket =
      tls.mode === 'verify_full' && !isFirst ? keep(secure(upgradable(early, before, info), host, tls)) : early
    const frames = socket === early ? before : frameQueue(socket)
    const signature = login.key.sign(Buffer.from(info.nonce)).toString('base64url')
    const hello = {
      verbose: false,
      pedantic: false,
      tls_required: tls.mode === 'verify_full',
      jwt: login.jwt,
      nkey: login.key.publicKey,
      sig: signature,
      name: 'mayfly',
      lang: 'node',
      version: '1',
      protocol: 1,
      headers: true,
      no_responders: true,
    }
    socket.write(`CONNECT ${JSON.stringify(hello)}\r\nPING\r\n`)
    await awaitPong(frames)
    return connectionOver(socket, frames, info.maxPayloadBytes, destroyAll)
  } catch (error) {
    destroyAll()
    throw networkError(error, 'connect')
  } finally {
    clearTimeout(timer)
  }
}

function secure(socket: Socket, host: string, tls: Tls & { readonly mode: 'verify_full' }): Socket {
  return connectTls({
    socket,
    // The name that the certificate must have; an address is not sent as a server name (RFC 6066 section 3).
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls.ca_pem === undefined ? {} : { ca: tls.ca_pem }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  })
}

/** What comes readable behind the greeting would count as said inside of TLS. */
function upgradable(socket: Socket, frames: FrameQueue, info: ServerInfo): Socket {
  frames.release()
  if (frames.isEmpty() && info.offersTls) return socket
  throw unsafeTarget(
    info.offersTls ? 'more than a greeting before TLS' : 'no TLS',
    'the target offers no TLS',
    'turn TLS on at the servers',
  )
}

function readInfo(frame: Frame): ServerInfo {
  if (frame.kind === 'err') throw protocolError(frame.text, 'connect')
  const info: unknown = frame.kind === 'info' ? JSON.parse(frame.text) : undefined
  if (!isRecord(info)) throw new Error('no greeting')
  const { nonce, max_payload: maxPayload, tls_required: required, tls_available: available } = info
  return {
    nonce: typeof nonce === 'string' ? nonce : '',
    maxPayloadBytes: typeof maxPayload === 'number' ? maxPayload : defaultMaxPayloadBytes,
    offersTls: required === true || available === true,
  }
}

async function awaitPong(frames: FrameQueue): Promise<void> {
  for (;;) {
    const frame = await frames.next()
    if (frame.kind === 'pong') return
    if (frame.kind === 'err') throw protocolError(frame.text, 'connect')
  }
}

function connectionOver(
  socket: Socket,
  frames: FrameQueue,
  maxPayloadBytes: number,
  close: () => void,
): NatsConnection {
  let isOpen = !socket.destroyed
  return {
    maxPayloadBytes,
    isOpen: () => isOpen,
    send: (lines) => void socket.write(lines),
    listen(onFrame) {
      frames.release()
      const read = (frame: Frame) => (frame.kind === 'ping' ? void socket.write('PONG\r\n') : onFrame(frame))
      frames.forward(read)
      const end = () => {
        if (!isOpen) return
        isOpen = false
        socket.destroy()
        onFrame(undefined)
      }
      socket.once('close', end)
      if (socket.destroyed) end()
    },
    close,
  }
}

interface FrameQueue {
  /** The next frame; throws what ended the socket. */
  next(): Promise<Frame>
  isEmpty(): boolean
  /** The socket is somebody else's from here on. */
  release(): void
  /** Reads on, and gives each frame that came already or comes. */
  forward(onFrame: (frame: Frame) => void): void
}

function frameQueue(socket: Socket): FrameQueue {
  const read = makeFrameReader()
  const waiting: Frame[] = []
  let wake: (() => void) | undefined
  let failure: unknown
  let isEnded = false
  let deliver: (frame: Frame) => void = (frame) => waiting.push(frame)
  const onData = (chunk: Buffer) => {
    try {
      for (const frame of read(chunk)) deliver(frame)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
    wake?.()
  }
  const onError = (error: unknown) => {
    failure ??= error
  }
  const onClose = () => {
    isEnded = true
    wake?.()
  }
  socket.on('data', onData).on('error', onError).on('close', onClose)
  return {
    async next() {
      for (;;) {
        const frame = waiting.shift()
        if (frame !== undefined) return frame
        if (isEnded) throw failure instanceof Error ? failure : new Error('the connection was closed')
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
      }
    },
    isEmpty: () => waiting.length === 0,
    release: () => void socket.off('data', onData),
    forward(onFrame) {
      deliver = onFrame
      for (const frame of waiting.splice(0)) onFrame(frame)
      socket.on('data', onData)
    },
  }
}
