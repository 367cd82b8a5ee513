/**
 * One connection as a user of the system account, made when it is first needed and again after it was lost.
 *
 * What is asked there every server of the cluster answers by itself, so an answer is a list.
 */
import { MayflyError } from '@mayfly/domain'
import { connect, type Msg, type NatsConnection, type TlsOptions } from '@nats-io/transport-node'
import type { Credentials } from './nats-credentials.ts'
import { targetError } from './nats-error.ts'
import type { NatsSettings } from './nats-settings.ts'

export interface SystemSession {
  /**
   * Asks all servers and waits until `isEnough` holds, or none has answered any more for a while.
   *
   * @returns what was answered, at least one
   * @throws MayflyError `target_*`; `target_timeout` where none answers
   */
  ask(
    question: { readonly subject: string; readonly payload?: string; readonly doing: string },
    isEnough: (answers: readonly Msg[]) => boolean,
    signal: AbortSignal,
  ): Promise<readonly Msg[]>
  /** The longest message that the target takes, in bytes. */
  maxPayloadBytes(signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

/** Where answers come back: with `_INBOX.>` allowed or this prefix alone. */
export const systemInboxPrefix = '_INBOX.mayfly'

/** How long one waits for another server after the last answer. */
const stallMs = 400

export function openSystemSession(settings: NatsSettings, credentials: Credentials): SystemSession {
  let closed = false
  let current: Promise<NatsConnection> | undefined

  async function connection(): Promise<NatsConnection> {
    if (closed) throw new MayflyError('target_unreachable', { log: 'nats: the target is closed' })
    current ??= dial()
    return current
  }

  function dial(): Promise<NatsConnection> {
    const dialled = connectAs(settings, credentials)
    const forget = () => {
      if (current === dialled) current = undefined
    }
    dialled.then((nc) => nc.closed().then(forget), forget)
    return dialled
  }

  function within<T>(doing: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return withAbort(signal, doing, () => work().catch((error: unknown) => Promise.reject(targetError(error, doing))))
  }

  return {
    ask: ({ subject, payload = '', doing }, isEnough, signal) =>
      within(doing, signal, async () => {
        const nc = await connection()
        const maxWait = settings.request_timeout_ms
        const answers: Msg[] = []
        const options = { strategy: 'stall', stall: stallMs, maxWait } as const
        for await (const answer of await nc.requestMany(subject, payload, options)) {
          answers.push(answer)
          if (isEnough(answers)) break
        }
        if (answers.length > 0) return answers
        throw new MayflyError('target_timeout', { log: `nats: ${doing}: no answer within ${maxWait} ms` })
      }),
    maxPayloadBytes: (signal) =>
      within('connect', signal, async () => (await connection()).info?.max_payload ?? 1_048_576),
    async close() {
      closed = true
      const held = await current?.catch(() => undefined)
      await held?.close()
    },
  }
}

/** Connects; with `reconnect` off, so that a lost connection is seen by whoever asks next. */
export function connectAs(settings: NatsSettings, login: Pick<Credentials, 'jwt' | 'key'>): Promise<NatsConnection> {
  return connect({
    servers: [...settings.servers],
    // Only those that were entered: what a server says of others is not believed.
    ignoreClusterUpdates: true,
    authenticator: (nonce?: string) => ({
      jwt: login.jwt,
      nkey: login.key.publicKey,
      sig: login.key.sign(Buffer.from(nonce ?? '')).toString('base64url'),
    }),
    tls: tlsOptions(settings),
    inboxPrefix: systemInboxPrefix,
    name: 'mayfly',
    reconnect: false,
    timeout: settings.connect_timeout_ms,
    noAsyncTraces: true,
  })
}

/** An object demands TLS, whatever the server says; Node checks chain and name. */
function tlsOptions({ tls }: NatsSettings): TlsOptions | null {
  if (tls.mode === 'disabled_loopback_only') return null
  return { handshakeFirst: tls.handshake_first, ...(tls.ca_pem === undefined ? {} : { ca: tls.ca_pem }) }
}

/** Gives up at once when the caller does; what is under way ends by its own limits. */
export async function withAbort<T>(signal: AbortSignal, doing: string, work: () => Promise<T>): Promise<T> {
  const aborted = () => new MayflyError('target_timeout', { log: `nats: ${doing}: aborted by the caller` })
  if (signal.aborted) throw aborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(aborted())
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(), promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
