/** One call at the system, filled in, with Mayfly's own proof; and what its answer means for the caller. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { type JsonValue, MayflyError, withDeadline } from '@mayfly/domain'
import { guardedFetch, loginRefused } from '@mayfly/provider-kit'
import type { HttpSecret, HttpSettings } from './http-settings.ts'
import { fillBody, fillHeader, fillPath, type Values } from './template.ts'

const maxAnswerBytes = 8 << 20

export interface CallTemplate {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: JsonValue | undefined
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  /** Undefined where it is no JSON. */
  readonly body: JsonValue | undefined
}

export interface Caller {
  /** @throws MayflyError `target_unreachable`, `target_timeout`; a status is an answer, whatever it is */
  call(template: CallTemplate, values: Values, signal: AbortSignal): Promise<Answer>
  /** A page that an answer named: the same origin only. */
  page(address: string, signal: AbortSignal): Promise<Answer>
  /** With another proof than Mayfly's own, to try a secret. */
  callAs(template: CallTemplate, authorization: string, signal: AbortSignal): Promise<Answer>
  close(): void
}

export function openCaller(settings: HttpSettings, { value }: HttpSecret): Caller {
  const agent = new (settings.base_url.startsWith('https:') ? HttpsAgent : HttpAgent)({
    keepAlive: true,
    maxSockets: settings.max_concurrent_calls,
    ...(settings.ca_pem === undefined ? {} : { ca: settings.ca_pem }),
  })
  let closed = false

  async function send(
    method: CallTemplate['method'],
    address: string,
    headers: Readonly<Record<string, string>>,
    body: JsonValue | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (closed) throw new MayflyError('target_unreachable', { log: 'http: the target is closed' })
    signal.throwIfAborted()
    const answer = await guardedFetch(address, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
      maxSizeBytes: maxAnswerBytes,
      agent,
      ca: settings.ca_pem,
      accepts: () => true,
    })
    return { status: answer.status, body: parseBody(answer.text) }
  }

  async function within<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline([signal], settings.timeout_ms, async (limit) => {
      try {
        return await work(limit)
      } catch (cause) {
        if (cause instanceof MayflyError) throw cause
        if (limit.aborted) throw new MayflyError('target_timeout', { log: 'http: no answer in time', cause })
        if (cause instanceof RangeError)
          throw new MayflyError('target_refused', { log: `http: ${cause.message}`, cause })
        const log = `http: ${cause instanceof Error ? cause.message : 'no connection'}`
        throw new MayflyError('target_unreachable', { log, cause })
      }
    })
  }

  const own = ownHeaders(settings, value.reveal())
  const headersOf = (template: CallTemplate, values: Values) =>
    Object.fromEntries(Object.entries(template.headers ?? {}).map(([name, text]) => [name, fillHeader(text, values)]))

  return {
    call: (template, values, signal) =>
      within(signal, (inner) => {
        const body = template.body === undefined ? undefined : fillBody(template.body, values)
        const headers = { ...headersOf(template, values), ...own }
        return send(template.method, settings.base_url + fillPath(template.path, values), headers, body, inner)
      }),
    page: (address, signal) =>
      within(signal, (inner) => {
        const url = new URL(address, `${settings.base_url}/`)
        if (url.origin !== new URL(settings.base_url).origin) {
          throw new MayflyError('target_unsafe', {
            log: `http: the next page is at ${url.origin}`,
            publicDetail: 'the system names another server for the next page of its list',
          })
        }
        return send('GET', url.href, own, undefined, inner)
      }),
    callAs: (template, authorization, signal) =>
      within(signal, (inner) =>
        send(template.method, settings.base_url + template.path, { authorization }, undefined, inner),
      ),
    close() {
      closed = true
      agent.destroy()
    },
  }
}

function ownHeaders({ auth }: HttpSettings, secret: string): Record<string, string> {
  switch (auth.kind) {
    case 'bearer':
      return { authorization: `Bearer ${secret}` }
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${auth.username}:${secret}`).toString('base64')}` }
    case 'header':
      return { [auth.name.toLowerCase()]: auth.prefix + secret }
  }
}

function parseBody(text: string): JsonValue | undefined {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** A status that is none of those that the settings expect. The text of the answer goes nowhere: it may quote what was sent. */
export function unexpectedStatus(what: string, { status }: Answer): MayflyError {
  const log = `http: ${what}: status ${status}`
  if (status === 401) return loginRefused({ log, publicDetail: 'the system does not take the secret of the resource' })
  if (status === 403) {
    return new MayflyError('target_rights_missing', { log, publicDetail: `the system does not let Mayfly ${what}` })
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new MayflyError('target_unreachable', { log, publicDetail: `the system answered with status ${status}` })
  }
  return new MayflyError('target_refused', { log, publicDetail: `the system answered with status ${status}` })
}
