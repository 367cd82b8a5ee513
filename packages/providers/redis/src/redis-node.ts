/**
 * One node of a target, and Mayfly's connections to it: made when first needed, made anew after they ended.
 *
 * Creates have connections of their own: WATCH is of a connection, and a bulk must not make them wait.
 */
import { MayflyError } from '@mayfly/domain'
import { type Command, connectNode, type Connection, type Login, type Reply } from './redis-connection.ts'
import { replyError, targetError } from './redis-error.ts'
import { type Address, addressText, type RedisSettings } from './redis-settings.ts'

export type Channel = 'work' | 'create-1' | 'create-2'

export interface Node {
  readonly address: Address
  /** `host:port`. For the log and for keys of maps, never for a person's eyes. */
  readonly id: string
  /** Error replies are values. @throws MayflyError `target_*` */
  try(doing: string, commands: readonly Command[], signal: AbortSignal, channel?: Channel): Promise<readonly Reply[]>
  /** The same, where an error reply to any of them is thrown. @throws MayflyError `target_*` */
  ask(doing: string, commands: readonly Command[], signal: AbortSignal, channel?: Channel): Promise<readonly Reply[]>
  /**
   * `ask` for what may be said twice: a target may end a connection that is kept (`ACL LOAD`, a restart), which shows only
   * once something is sent on it. Then it is said again over a new one.
   *
   * @param onLost called where the first answer did not come: what it did is not known
   */
  repeat(
    doing: string,
    commands: readonly Command[],
    signal: AbortSignal,
    onLost?: () => void,
  ): Promise<readonly Reply[]>
  /** A connection that stays the same one: what it watches is lost with it. @throws MayflyError `target_*` */
  hold(doing: string, channel: Channel, signal: AbortSignal): Promise<Held>
  /** Reads are wanted although it is a replica of a cluster: from the next connection on. */
  readOnly(): void
  close(): void
}

export interface Held {
  /** Error replies are values. @throws MayflyError `target_*`, also where it has ended */
  try(doing: string, commands: readonly Command[], signal: AbortSignal): Promise<readonly Reply[]>
  isUsable(): boolean
}

/** A node that answered nothing at all for so long is not waited for again at once. */
const silenceMs = 5_000

export function createNode(settings: RedisSettings, address: Address, login: Login): Node {
  const id = addressText(address)
  const connections = new Map<Channel, Promise<Connection>>()
  let closed = false
  let greeting: readonly Command[] = []
  let silent: { readonly until: number; readonly error: MayflyError } | undefined

  async function connect(): Promise<Connection> {
    if (silent !== undefined && performance.now() < silent.until) throw silent.error
    try {
      // Not the caller's signal: others wait for the same connection.
      const connection = await connectNode(settings, address, login, new AbortController().signal)
      const refused = (await connection.send(greeting, new AbortController().signal)).find(
        (one) => one instanceof Error,
      )
      if (refused instanceof Error) throw refused
      silent = undefined
      return connection
    } catch (error) {
      const why = targetError(error, `connect to ${id}`)
      if (why.code === 'target_timeout') silent = { until: performance.now() + silenceMs, error: why }
      throw why
    }
  }

  async function connectionOf(channel: Channel): Promise<Connection> {
    const known = connections.get(channel)
    if (known !== undefined) {
      const connection = await known
      if (connection.isUsable()) return connection
      if (connections.get(channel) === known) connections.delete(channel)
      return connectionOf(channel)
    }
    const fresh = connect()
    connections.set(channel, fresh)
    fresh.catch(() => {
      if (connections.get(channel) === fresh) connections.delete(channel)
    })
    return fresh
  }

  async function hold(doing: string, channel: Channel, signal: AbortSignal): Promise<Held> {
    if (closed) throw new MayflyError('target_unreachable', { log: `redis: ${doing}: closed` })
    if (signal.aborted) throw aborted(doing)
    const connection = await orAborted(connectionOf(channel), doing, signal)
    return {
      isUsable: () => !closed && connection.isUsable(),
      async try(what, commands, within) {
        try {
          return await connection.send(commands, within)
        } catch (error) {
          throw within.aborted ? aborted(what) : targetError(error, `${what} at ${id}`)
        }
      },
    }
  }

  async function tryAll(doing: string, commands: readonly Command[], signal: AbortSignal, channel: Channel = 'work') {
    return (await hold(doing, channel, signal)).try(doing, commands, signal)
  }

  async function ask(doing: string, commands: readonly Command[], signal: AbortSignal, channel?: Channel) {
    const replies = await tryAll(doing, commands, signal, channel)
    for (const reply of replies) if (reply instanceof Error) throw replyError(reply, `${doing} at ${id}`)
    return replies
  }

  return {
    address,
    id,
    try: tryAll,
    hold,
    ask,
    async repeat(doing, commands, signal, onLost) {
      const wasKept = connections.has('work')
      try {
        return await ask(doing, commands, signal)
      } catch (error) {
        onLost?.()
        const isGone = error instanceof MayflyError && error.code === 'target_unreachable'
        if (!wasKept || !isGone || closed || signal.aborted) throw error
        return ask(doing, commands, signal)
      }
    },
    readOnly() {
      if (greeting.length > 0) return
      greeting = [['READONLY']]
      endConnections()
    },
    close() {
      closed = true
      endConnections()
    },
  }

  function endConnections(): void {
    for (const connection of connections.values()) {
      connection.then(
        (open) => open.close(),
        () => undefined,
      )
    }
    connections.clear()
  }
}

export function aborted(doing: string): MayflyError {
  return new MayflyError('target_timeout', { log: `redis: ${doing}: aborted by the caller` })
}

/** The work goes on where nobody waits for it any more; its failure then is nobody's. */
export async function orAborted<T>(work: Promise<T>, doing: string, signal: AbortSignal): Promise<T> {
  const waiting = Promise.withResolvers<never>()
  const onAbort = () => waiting.reject(aborted(doing))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, waiting.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => undefined)
  }
}
