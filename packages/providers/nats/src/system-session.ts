/**
 * One connection as a user of the system account, made when it is first needed and again after it was lost.
 *
 * What is asked there every server of the cluster answers by itself, so an answer is a list.
 */
import { randomBytes } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import type { Credentials } from './nats-credentials.ts'
import { dialServer, type NatsConnection } from './nats-dial.ts'
import { isPermissionError, nobodyAnswers, protocolError, rightMissing } from './nats-error.ts'
import type { NatsSettings } from './nats-settings.ts'
import type { Frame } from './read-frames.ts'

export interface SystemSession {
  /**
   * Asks all servers and waits until `isEnough` holds, or none has answered any more for a while.
   *
   * @returns what was answered, at least one
   * @throws MayflyError `target_*`; `target_timeout` where none answers
   */
  ask(
    question: Question,
    isEnough: (answers: readonly string[]) => boolean,
    signal: AbortSignal,
  ): Promise<readonly string[]>
  /** The longest message that the target takes, in bytes. */
  maxPayloadBytes(signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

export interface Question {
  readonly subject: string
  readonly payload?: string
  readonly doing: string
}

/** How long one waits for another server after the last answer. */
const stallMs = 400

interface Asked {
  readonly subject: string
  answer(body: string): void
  fail(error: MayflyError): void
}

interface Line {
  readonly connection: NatsConnection
  readonly inbox: string
  readonly asked: Map<string, Asked>
}

export function openSystemSession(settings: NatsSettings, credentials: Credentials): SystemSession {
  let closed = false
  let current: Promise<Line> | undefined
  let asked = 0

  function line(): Promise<Line> {
    if (closed) return Promise.reject(new MayflyError('target_unreachable', { log: 'nats: the target is closed' }))
    current ??= dial()
    return current
  }

  function dial(): Promise<Line> {
    const forget = () => {
      if (current === dialled) current = undefined
    }
    const dialled = dialAny(settings, credentials).then((connection) => openLine(connection, forget))
    dialled.catch(forget)
    return dialled
  }

  async function askOn(
    { connection, inbox, asked: pending }: Line,
    { subject, payload = '', doing }: Question,
    isEnough: (answers: readonly string[]) => boolean,
  ): Promise<readonly string[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
    const answers: string[] = []
    asked += 1
    const reply = `${inbox}.${asked}`
    const giveUp = () =>
      answers.length > 0
        ? resolve(answers)
        : reject(new MayflyError('target_timeout', { log: `nats: ${doing}: no answer in time` }))
    let timer = setTimeout(giveUp, settings.request_timeout_ms)
    pending.set(reply, {
      subject,
      answer(body) {
        answers.push(body)
        if (isEnough(answers)) return resolve(answers)
        clearTimeout(timer)
        timer = setTimeout(giveUp, stallMs)
      },
      fail: reject,
    })
    const body = Buffer.byteLength(payload)
    try {
      connection.send(`PUB ${subject} ${reply} ${body}\r\n${payload}\r\n`)
      return await promise
    } finally {
      clearTimeout(timer)
      pending.delete(reply)
    }
  }

  return {
    ask: (question, isEnough, signal) =>
      withAbort(signal, question.doing, async () => askOn(await line(), question, isEnough)),
    maxPayloadBytes: (signal) => withAbort(signal, 'connect', async () => (await line()).connection.maxPayloadBytes),
    async close() {
      closed = true
      const held = await current?.catch(() => undefined)
      held?.connection.close()
    },
  }
}

/** Each of the servers in turn; where none lets us in, the most telling failure. */
export async function dialAny(
  settings: NatsSettings,
  login: Pick<Credentials, 'jwt' | 'key'>,
): Promise<NatsConnection> {
  let telling: unknown
  for (const server of settings.servers) {
    try {
      return await dialServer(server, settings, login)
    } catch (error) {
      const isSilent = error instanceof MayflyError && error.code === 'target_unreachable'
      if (telling === undefined || !isSilent) telling = error
    }
  }
  throw telling
}

/** Subscribes to the answers, and gives each to who has asked. */
function openLine(connection: NatsConnection, onEnd: () => void): Line {
  // With `_INBOX.>` allowed or this prefix alone.
  const inbox = `_INBOX.mayfly.${randomBytes(16).toString('hex')}`
  const asked = new Map<string, Asked>()
  const failAll = (error: MayflyError) => {
    for (const one of asked.values()) one.fail(error)
  }
  connection.listen((frame: Frame | undefined) => {
    if (frame === undefined) {
      onEnd()
      failAll(new MayflyError('target_unreachable', { log: 'nats: the connection was lost' }))
    } else if (frame.kind === 'message') {
      const one = asked.get(frame.subject)
      if (frame.status === '503') one?.fail(nobodyAnswers('ask'))
      else one?.answer(frame.body)
    } else if (frame.kind === 'err') {
      const [, subject] = /publish to "([^"]+)"/i.exec(frame.text) ?? []
      if (isPermissionError(frame.text) && subject !== undefined) {
        for (const one of asked.values()) if (one.subject === subject) one.fail(rightMissing(`nats: ${frame.text}`))
      } else failAll(protocolError(frame.text, 'ask'))
    }
  })
  connection.send(`SUB ${inbox}.* 1\r\n`)
  return { connection, inbox, asked }
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
