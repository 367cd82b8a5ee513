/**
 * One connection to one node.
 *
 * Promise: nothing is sent before the node's certificate is verified (`tls`). A connection that does not answer in time
 * is closed for good, so that no later reply can be taken for another command's.
 * Limit: what was sent may be done at the node although nobody waits for it any more.
 */
import { MayflyError } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { ErrorReply, RedisClient } from '@redis/client'
import type { Address, RedisSettings } from './redis-settings.ts'

/** An error that the server answers is a value here: others of the same call may have succeeded. */
export type Reply = string | number | null | Error | readonly Reply[]
export type Command = readonly string[]

export interface Connection {
  /** Sends all of them at once; they are done one after the other. @throws what ended the connection, or MayflyError */
  send(commands: readonly Command[], signal: AbortSignal): Promise<readonly Reply[]>
  /** False as soon as it has ended, on either side. */
  isUsable(): boolean
  close(): void
}

/** What of the library's client is used to begin and end. */
interface Client {
  connect(): Promise<unknown>
  destroy(): void
}

export interface Login {
  readonly username: string
  readonly password: Secret
}

/**
 * Once for all: the library's `createClient` makes its class of 400 commands anew for each other password, in a tenth of a
 * second, and keeps the options with the password in a static field.
 */
function makeFactory() {
  return RedisClient.factory({ RESP: 2 })
}
let newClient: ReturnType<typeof makeFactory> | undefined

/** @param login absent: as whoever the server takes a stranger for. @throws as the library, the network and TLS do */
export async function connectNode(
  settings: RedisSettings,
  address: Address,
  login: Login | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  newClient ??= makeFactory()
  const options = {
    // Said to the factory, and here once more: it gives the class its commands, this the connection its protocol.
    RESP: 2 as const,
    // Its own reconnecting, offline queue and cluster client would hide what a revocation must see.
    socket: { ...socketOptions(settings, address), reconnectStrategy: false as const },
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled' as const,
    // Ours are for a whole call, below.
    commandOptions: { timeout: 0 },
    ...(login && { username: login.username, password: login.password.reveal() }),
  }
  const client = newClient(options)
  let failure: unknown
  const end = (why: unknown) => {
    failure ??= why
    client.destroy()
  }
  client.on('error', end)

  await connectWithin(client, settings.connect_timeout_ms + settings.command_timeout_ms, signal)

  return {
    async send(commands, within) {
      within.throwIfAborted()
      const waiting = Promise.withResolvers<never>()
      const onAbort = () => waiting.reject(within.reason)
      within.addEventListener('abort', onAbort, { once: true })
      const timer = setTimeout(() => {
        const what = commands[0]?.slice(0, 2).join(' ') ?? 'nothing'
        end(noReply(what, settings.command_timeout_ms))
      }, settings.command_timeout_ms)
      const replies = Promise.all(
        commands.map((command) => client.sendCommand([...command]).then(asReply, asErrorReply)),
      )
      try {
        return await Promise.race([replies, waiting.promise])
      } catch (error) {
        throw within.aborted ? error : (failure ?? error)
      } finally {
        clearTimeout(timer)
        within.removeEventListener('abort', onAbort)
        // Unheard where nobody waits any more: an abort leaves the connection in use.
        replies.catch(() => undefined)
      }
    },
    isUsable: () => client.isReady && failure === undefined,
    close: () => end(new MayflyError('target_unreachable', { log: 'redis: closed' })),
  }
}

/** While a socket is being made, the library has none to destroy: one that comes too late is destroyed when it is there. */
async function connectWithin(client: Client, timeoutMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const waiting = Promise.withResolvers<never>()
  const onAbort = () => waiting.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => {
    waiting.reject(noReply('the login', timeoutMs))
    client.destroy()
  }, timeoutMs)
  const connecting = client.connect()
  try {
    await Promise.race([connecting, waiting.promise])
  } catch (error) {
    const destroy = () => client.destroy()
    connecting.then(destroy, destroy)
    throw error
  } finally {
    const settled = () => clearTimeout(timer)
    connecting.then(settled, settled)
    signal.removeEventListener('abort', onAbort)
  }
}

function noReply(what: string, timeoutMs: number): MayflyError {
  return new MayflyError('target_timeout', { log: `redis: no reply to ${what} within ${timeoutMs} ms` })
}

function socketOptions(settings: RedisSettings, address: Address) {
  const { tls, connect_timeout_ms: connectTimeout } = settings
  if (tls.mode === 'disabled_loopback_only') return { ...address, connectTimeout, tls: false as const }
  return {
    ...address,
    connectTimeout,
    tls: true as const,
    minVersion: 'TLSv1.2' as const,
    rejectUnauthorized: true,
    ...(tls.ca_pem === undefined ? {} : { ca: tls.ca_pem }),
  }
}

/** In RESP 2 there is nothing else. */
function asReply(reply: unknown): Reply {
  return reply as Reply
}

function asErrorReply(error: unknown): Reply {
  if (error instanceof ErrorReply) return error
  throw error
}
