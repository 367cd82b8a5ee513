/**
 * OAuth has an error format of its own (RFC 6749 section 5.2), which its clients expect instead of a problem document.
 */
import { MayflyError, problems } from '@mayfly/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { challengeFor } from '../http/challenge.ts'

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_token_type'
  | 'invalid_scope'
  /** RFC 8707 section 2. */
  | 'invalid_target'
  /** RFC 9396 section 5. */
  | 'invalid_authorization_details'
  /** RFC 6750 section 3.1. */
  | 'invalid_token'
  | 'insufficient_scope'
  /** RFC 9449 sections 5 and 8. */
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error'

export interface OAuthErrorOptions {
  readonly description: string
  readonly status?: number
  /** More members, e.g. `decision_id`. */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthErrorCode
  readonly options: OAuthErrorOptions

  constructor(code: OAuthErrorCode, options: OAuthErrorOptions) {
    super(`${code}: ${options.description}`)
    this.code = code
    this.options = options
  }
}

const statusOf: Partial<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
  server_error: 500,
}

/** What is neither ours nor understood becomes `server_error` without a word of what it was. */
export function asOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error
  if (error instanceof MayflyError) return ofMayflyError(error)
  const status = (error as { readonly statusCode?: unknown }).statusCode
  if (status === 413) return new OAuthError('invalid_request', { status, description: 'the body is too large' })
  if (status === 415) return notAForm
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new OAuthError('invalid_request', { status, description: 'the request cannot be read' })
  }
  return new OAuthError('server_error', { description: 'something went wrong inside' })
}

export const notAForm = new OAuthError('invalid_request', {
  description: 'send the parameters as application/x-www-form-urlencoded',
})

function ofMayflyError(error: MayflyError): OAuthError {
  const { status, title, retry } = problems[error.code]
  const description = sentence(error.options.publicDetail ?? title, error.options.hint)
  if (error.code === 'policy_denied') {
    return new OAuthError('insufficient_scope', { description, extra: error.options.extra ?? {} })
  }
  if (error.code === 'token_invalid' || error.code === 'token_missing') {
    return new OAuthError('invalid_token', { description })
  }
  // At an endpoint that is asked with an access token: RFC 9449 section 7.1.
  if (error.code === 'dpop_proof_invalid') return new OAuthError('invalid_dpop_proof', { status: 401, description })
  if (error.code === 'dpop_nonce_required') {
    const headers = { 'dpop-nonce': String(error.options.extra?.['dpop_nonce']) }
    return new OAuthError('use_dpop_nonce', { status: 401, description, headers })
  }
  if (retry === 'later' || status === 503) {
    return new OAuthError('temporarily_unavailable', { status: status === 429 ? 429 : 503, description })
  }
  if (status < 500) return new OAuthError('invalid_request', { status, description })
  return new OAuthError('server_error', { description: title })
}

/** One description holds both, since the format has one member for prose. */
export function sentence(detail: string, hint: string | undefined): string {
  return hint === undefined ? detail : `${detail}; ${hint}`
}

// RFC 6749 section 5.2: printable ASCII without `"` and `\`.
function printable(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^\x20-\x7e]|\\/g, '?')
}

/** RFC 6749 section 5.2: the challenge is in the scheme that the client used. */
function challengeOf(error: OAuthError, authorization: string | undefined): string {
  const { code } = error
  if (code === 'invalid_token' || code === 'invalid_dpop_proof' || code === 'use_dpop_nonce') {
    return challengeFor(authorization, code)
  }
  return /^Basic( |$)/i.test(authorization ?? '') ? 'Basic realm="mayfly"' : challengeFor(authorization)
}

export function sendOAuthError(request: FastifyRequest, reply: FastifyReply, error: OAuthError): FastifyReply {
  const { description, extra, headers } = error.options
  const status = error.options.status ?? statusOf[error.code] ?? 400
  if (status === 401) reply.header('www-authenticate', challengeOf(error, request.headers.authorization))
  reply.headers(headers ?? {})
  if (status === 503 || status === 429) reply.header('retry-after', '1')
  return reply
    .status(status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ ...extra, error: error.code, error_description: printable(description) }))
}
