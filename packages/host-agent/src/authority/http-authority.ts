/**
 * The server, over HTTP.
 *
 * Promise: every request carries a token of the agent's own. A token that is refused before its time is followed by one
 * new proof; where that is refused too, the agent's own authority has ended, and so has what it vouched for.
 */
import { type MayflyClientOptions, ProblemError, readEvents, sendRequest } from '@mayfly/client'
import { type AccessTokens, OAuthRefusal } from '@mayfly/client/login'
import { abortable, withDeadline } from '@mayfly/domain'
import { abortableBody } from '../abortable-body.ts'
import {
  type Authority,
  AuthorityError,
  type AuthorityEvent,
  maxAskedAttestations,
  type TrustBundle,
  type VouchedIdentity,
} from './authority.ts'
import { heardBody } from './heard-body.ts'
import { type Answer, findWholeNumber, readBase64, readList, readObject, readText, readTime } from './read-answer.ts'

export interface HttpAuthorityOptions {
  /** The server, and what authorises each request: by the current one of `tokens`. */
  readonly client: MayflyClientOptions
  readonly tokens: AccessTokens
  /** Name of the `host_agent` trust provider; needed where there are several. */
  readonly trustProvider?: string | undefined
  /** The life asked for; the server may grant less. */
  readonly x509TtlSeconds?: number | undefined
  readonly jwtTtlSeconds?: number | undefined
  /** How long the stream of events may be silent; default 10. The server says something every 3 seconds. */
  readonly silenceSeconds?: number | undefined
}

const timeoutMs = 15_000
const maxAnswerBytes = 4_000_000

export function makeHttpAuthority(options: HttpAuthorityOptions): Authority {
  const { client, tokens } = options
  const { baseUrl: url } = client
  const silenceMs = (options.silenceSeconds ?? 10) * 1_000

  async function ask(method: 'GET' | 'POST', path: string, body: object | undefined, signal: AbortSignal) {
    return withDeadline([signal], timeoutMs, async (limit) => {
      const answer = await send(method, path, body, limit)
      const text = await readBounded(answer, limit)
      return { status: answer.status, body: parseJson(text) }
    })
  }

  async function send(method: string, path: string, body: object | undefined, signal: AbortSignal): Promise<Response> {
    const first = await sendOnce(method, path, body, signal)
    if (first.status !== 401 || !(await isTokenRefusal(first, signal))) return first
    // Refused although it has not expired: it was revoked, or the server's keys changed. A new proof tells which.
    await abortable(tokens.prove(), signal).catch((cause: unknown) => {
      throw tokenFailure(cause, 'agent_ended')
    })
    const second = await sendOnce(method, path, body, signal)
    if (second.status !== 401 || !(await isTokenRefusal(second, signal))) return second
    throw new AuthorityError('agent_ended', 'the server refuses the tokens of this agent')
  }

  async function sendOnce(method: string, path: string, body: object | undefined, signal: AbortSignal) {
    const headers: Record<string, string> = { 'user-agent': 'mayfly-host-agent' }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const content = body === undefined ? null : JSON.stringify(body)
    try {
      const request = new Request(`${url}${path}`, { method, headers, redirect: 'error', body: content })
      return await abortable(sendRequest(client, request, signal), signal)
    } catch (cause) {
      if (cause instanceof ProblemError || signal.aborted) {
        throw new AuthorityError('unreachable', `the server at \`${url}\` cannot be reached`, cause)
      }
      throw tokenFailure(cause, 'agent_refused')
    }
  }

  function tokenFailure(cause: unknown, refused: 'agent_refused' | 'agent_ended'): AuthorityError {
    if (!(cause instanceof OAuthRefusal)) {
      return new AuthorityError('unreachable', `no token was got from \`${url}\``, cause)
    }
    if (cause.status >= 500 || cause.status === 429) {
      return new AuthorityError('unreachable', `the token endpoint of \`${url}\` answers HTTP ${cause.status}`, cause)
    }
    return new AuthorityError(refused, `the server does not accept the proof of this agent: ${cause.message}`, cause)
  }

  /** @returns undefined where the server says no */
  async function post(path: string, body: object, signal: AbortSignal): Promise<Answer | undefined> {
    const answer = await ask('POST', path, body, signal)
    if (answer.status >= 200 && answer.status < 300) return readObject(answer.body, path)
    if (answer.status === 401 || answer.status === 403) return undefined
    throw failureOf(answer.status, answer.body)
  }

  return {
    async attest({ selectors, instance }, signal) {
      const { trustProvider } = options
      const body = { selectors, instance, ...(trustProvider !== undefined && { trust_provider: trustProvider }) }
      const answer = await post('/v1/host/attestations', body, signal)
      return answer === undefined ? [] : readList(answer, 'items', 1_000).map(vouchedIdentity)
    },
    async issueX509Svid({ attestationId, publicKey }, signal) {
      const ttlSeconds = options.x509TtlSeconds
      const body = {
        attestation_id: attestationId,
        public_key: publicKey.toString('base64'),
        ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }),
      }
      const answer = await post('/v1/svids/x509', body, signal)
      if (answer === undefined) return 'ended'
      return {
        certificates: readList(answer, 'certificates', 10).map((one) => readBase64(one, 'certificates')),
        notBeforeMs: readTime(answer, 'not_before'),
        notAfterMs: readTime(answer, 'not_after'),
      }
    },
    async issueJwtSvid({ attestationId, audiences }, signal) {
      const ttlSeconds = options.jwtTtlSeconds
      const body = {
        attestation_id: attestationId,
        audiences,
        ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }),
      }
      const answer = await post('/v1/svids/jwt', body, signal)
      if (answer === undefined) return 'ended'
      return {
        spiffeId: readText(answer, 'spiffe_id'),
        token: readText(answer, 'token'),
        issuedAtMs: readTime(answer, 'issued_at'),
        expiresAtMs: readTime(answer, 'expires_at'),
      }
    },
    async readBundles(signal) {
      const answer = await ask('GET', '/v1/trust-bundles', undefined, signal)
      if (answer.status !== 200) throw failureOf(answer.status, answer.body)
      return readList(readObject(answer.body, 'trust-bundles'), 'items', 1_000).map(trustBundle)
    },
    async *events(attestationIds, onOpen, signal) {
      const asked = attestationIds.slice(0, maxAskedAttestations)
      const query = asked.length === 0 ? '' : `?attestations=${asked.map(encodeURIComponent).join(',')}`
      const path = `/v1/host/events${query}`
      const openWithinMs = Math.min(timeoutMs, silenceMs)
      const answer = await withDeadline([signal], openWithinMs, (limit) => send('GET', path, undefined, limit))
      if (answer.status !== 200 || answer.body === null) {
        throw failureOf(answer.status, parseJson(await readBounded(answer, signal)))
      }
      onOpen()
      try {
        for await (const { event, data } of readEvents(heardBody(abortableBody(answer.body, signal), silenceMs))) {
          const known = authorityEvent(event, data)
          if (known !== undefined) yield known
        }
      } catch (cause) {
        if (cause instanceof AuthorityError) throw cause
        throw new AuthorityError('unreachable', 'the stream of events broke', cause)
      }
    },
    async reportGraceUses(uses, signal) {
      const items = uses.map((use) => ({
        attestation_id: use.attestationId,
        served_from: new Date(use.servedFromMs).toISOString(),
        served_until: new Date(use.servedUntilMs).toISOString(),
        count: use.count,
      }))
      const answer = await ask('POST', '/v1/host/grace-uses', { items }, signal)
      if (answer.status < 200 || answer.status > 299) throw failureOf(answer.status, answer.body)
    },
  }
}

function vouchedIdentity(value: unknown): VouchedIdentity {
  const item = readObject(value, 'items')
  return {
    attestationId: readText(item, 'attestation_id'),
    identityId: readText(item, 'identity_id'),
    identity: readText(item, 'identity'),
    spiffeId: readText(item, 'spiffe_id'),
    hint: readText(item, 'hint'),
    freshUntilMs: readTime(item, 'fresh_until'),
  }
}

function trustBundle(value: unknown): TrustBundle {
  const item = readObject(value, 'items')
  const bundle = readObject(item['bundle'], 'bundle')
  return {
    trustDomain: readText(item, 'trust_domain'),
    keys: readList(bundle, 'keys', 1_000).map((key) => readObject(key, 'keys')),
    sequence: findWholeNumber(bundle, 'spiffe_sequence'),
    refreshHintSeconds: findWholeNumber(bundle, 'spiffe_refresh_hint'),
  }
}

/** @returns undefined for events that this agent does not know: a newer server may tell more */
function authorityEvent(event: string, data: unknown): AuthorityEvent | undefined {
  if (event === 'attestation_ended') {
    return { kind: 'attestation_ended', attestationId: readText(readObject(data, event), 'attestation_id') }
  }
  if (event === 'bundle_changed') return { kind: 'bundle_changed' }
  return event === 'reissue' ? { kind: 'reissue' } : undefined
}

/** `token_missing` and `token_invalid` are about our token; any other 401 is about what was asked. */
async function isTokenRefusal(answer: Response, signal: AbortSignal): Promise<boolean> {
  const body = parseJson(await readBounded(answer.clone(), signal))
  const code = typeof body === 'object' && body !== null ? (body as Answer)['code'] : undefined
  return code === 'token_invalid' || code === 'token_missing'
}

function failureOf(status: number, body: unknown): AuthorityError {
  const { code, detail } = typeof body === 'object' && body !== null ? (body as Answer) : {}
  const message = `the server answers HTTP ${status}${typeof code === 'string' ? ` (${code})` : ''}`
  const told = typeof detail === 'string' ? `${message}: ${detail}` : message
  if (status === 401 || status === 403) return new AuthorityError('agent_refused', told)
  return new AuthorityError(status >= 500 || status === 429 ? 'unreachable' : 'answer_unusable', told)
}

async function readBounded(answer: Response, signal: AbortSignal): Promise<string> {
  if (answer.body === null) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of abortableBody(answer.body, signal)) {
      size += chunk.length
      if (size > maxAnswerBytes) throw new AuthorityError('answer_unusable', 'the answer of the server is too large')
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof AuthorityError) throw cause
    throw new AuthorityError('unreachable', 'the answer of the server broke off', cause)
  }
  if (signal.aborted) throw new AuthorityError('unreachable', 'the answer of the server came too late')
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
