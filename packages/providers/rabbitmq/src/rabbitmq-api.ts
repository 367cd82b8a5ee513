/** The management API: one call, with Mayfly's own user, and what an answer means. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { MayflyError, withDeadline } from '@mayfly/domain'
import { guardedFetch, loginRefused, type Secret } from '@mayfly/provider-kit'
import type { RabbitmqSecret, RabbitmqSettings } from './rabbitmq-settings.ts'

/** A list of 50,000 users is about 2 MB. */
const maxAnswerBytes = 64 << 20
/**
 * RabbitMQ lists first and then reads each: where a user or connection goes in between, the whole answer is an empty 500,
 * also of a call that ends the connections of a user. Asked again, it answers.
 */
const maxTries = 6

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

export interface RabbitmqApi {
  /**
   * One call; a 500 to what is idempotent is asked anew a few times.
   *
   * @param accepts statuses beside 2xx that the caller understands
   * @throws MayflyError `target_*`
   */
  call(
    method: Method,
    path: readonly string[],
    options: {
      readonly signal: AbortSignal
      readonly body?: unknown
      readonly columns?: string
      readonly accepts?: readonly number[]
    },
  ): Promise<Answer>
  /** Whether RabbitMQ takes the password of a user, whatever that user may do. */
  takesPassword(username: string, password: Secret, signal: AbortSignal): Promise<boolean>
  close(): void
}

export function openApi(settings: RabbitmqSettings, { username, password }: RabbitmqSecret): RabbitmqApi {
  const agent = new (settings.management_url.startsWith('https:') ? HttpsAgent : HttpAgent)({
    keepAlive: true,
    maxSockets: settings.max_concurrent_calls,
    ...(settings.ca_pem === undefined ? {} : { ca: settings.ca_pem }),
  })
  const own = basic(username, password)
  let closed = false

  async function send(
    method: Method,
    path: string,
    authorization: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (closed) throw new MayflyError('target_unreachable', { log: 'rabbitmq: the target is closed' })
    if (signal.aborted) throw new MayflyError('target_timeout', { log: 'rabbitmq: aborted by the caller' })
    return withDeadline([signal], settings.timeout_ms, async (limit) => {
      try {
        const answer = await guardedFetch(`${settings.management_url}/api/${path}`, {
          method,
          headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: limit,
          maxSizeBytes: maxAnswerBytes,
          agent,
          ca: settings.ca_pem,
          accepts: () => true,
        })
        return { status: answer.status, body: parse(answer.text) }
      } catch (cause) {
        if (limit.aborted) throw new MayflyError('target_timeout', { log: 'rabbitmq: no answer in time', cause })
        const log = `rabbitmq: ${cause instanceof Error ? cause.message : 'no connection'}`
        throw new MayflyError('target_unreachable', { log, cause })
      }
    })
  }

  return {
    async call(method, path, { signal, body, columns, accepts = [] }) {
      const query = columns === undefined ? '' : `?columns=${columns}`
      const at = path.map(encodeURIComponent).join('/') + query
      let answer = await send(method, at, own, body, signal)
      // What is idempotent by its method (RFC 9110 section 9.2.2) can be asked as often as is needed.
      const tries = method === 'POST' ? 1 : maxTries
      for (let tried = 1; answer.status === 500 && tried < tries; tried += 1) {
        answer = await send(method, at, own, body, signal)
      }
      if ((answer.status >= 200 && answer.status < 300) || accepts.includes(answer.status)) return answer
      throw refusalOf(answer, path[0] ?? '')
    },
    async takesPassword(name, candidate, signal) {
      const answer = await send('GET', 'whoami', basic(name, candidate), undefined, signal)
      if (answer.status === 200) return true
      if (answer.status !== 401) throw refusalOf(answer, 'whoami')
      // A user without a tag is refused as well, after its password was taken: the reason tells which.
      return !/login failed/i.test(reasonOf(answer))
    },
    close() {
      closed = true
      agent.destroy()
    },
  }
}

function basic(username: string, password: Secret): string {
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What RabbitMQ says of a refusal: words of its own, names among them; for the log and for telling cases apart. */
export function reasonOf({ body }: Answer): string {
  const { reason } = (body ?? {}) as { reason?: unknown }
  return typeof reason === 'string' ? reason : JSON.stringify(reason ?? '')
}

function refusalOf(answer: Answer, what: string): MayflyError {
  const { status } = answer
  const log = `rabbitmq: ${what}: status ${status}: ${reasonOf(answer).slice(0, 200)}`
  if (status === 401 && /login failed/i.test(reasonOf(answer))) {
    return loginRefused({ log, publicDetail: "RabbitMQ does not take the password of Mayfly's own user" })
  }
  if (status === 401 || status === 403) {
    return new MayflyError('target_rights_missing', {
      log,
      publicDetail: "Mayfly's own user may not do this",
      hint: 'give it the tag `administrator`: `mayfly resource guide rabbitmq`',
    })
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new MayflyError('target_unreachable', { log, publicDetail: `RabbitMQ answered with status ${status}` })
  }
  if (/no_such_vhost/.test(reasonOf(answer))) {
    return new MayflyError('target_refused', { log, publicDetail: 'there is no such virtual host at the target' })
  }
  return new MayflyError('target_refused', { log, publicDetail: `RabbitMQ refused with status ${status}` })
}
