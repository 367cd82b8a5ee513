/**
 * The one place where an error becomes an answer: `application/problem+json` (RFC 9457).
 *
 * Promise: what is not a MayflyError becomes `internal` without a word of what it was; the log has the rest, found by
 * the request id.
 */
import { MayflyError, type ProblemCode, problems } from '@mayfly/domain'
import { type ChallengeError, challengeFor } from './challenge.ts'

export const problemMediaType = 'application/problem+json'

export interface ProblemAnswer {
  readonly status: number
  readonly code: ProblemCode
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

/** @param authorization the header that the request came with, so that the challenge is in its scheme */
export function problemAnswer(error: MayflyError, requestId: string, authorization?: string): ProblemAnswer {
  const { status, title, retry } = problems[error.code]
  const { publicDetail, hint, fields, extra } = error.options
  return {
    status,
    code: error.code,
    headers: headersOf(error, authorization),
    body: {
      // First, so that no extra member can stand for a standard one.
      ...extra,
      type: `urn:mayfly:problem:${error.code}`,
      title,
      status,
      code: error.code,
      ...(publicDetail !== undefined && { detail: publicDetail }),
      ...(hint !== undefined && { hint }),
      ...(fields !== undefined && { errors: fields }),
      retry,
      request_id: requestId,
    },
  }
}

/** Errors of the framework have codes of their own; everything else that is unknown is `internal`. */
export function asMayflyError(error: unknown): MayflyError {
  if (error instanceof MayflyError) return error
  const code = (error as { readonly code?: unknown } | undefined)?.code
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new MayflyError('request_too_large', { publicDetail: 'the body is larger than this route takes' })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new MayflyError('media_type_unsupported', { hint: 'send the body as `application/json`' })
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new MayflyError('request_malformed', {
        publicDetail: 'the body is not as long as its Content-Length says',
      })
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new MayflyError('request_malformed', { publicDetail: 'the path of the request cannot be read' })
  }
  return new MayflyError('internal', { cause: error, hint: 'give the request id to whoever runs this server' })
}

const challengeErrors: Partial<Record<ProblemCode, ChallengeError>> = {
  dpop_proof_invalid: 'invalid_dpop_proof',
  dpop_nonce_required: 'use_dpop_nonce',
}

function headersOf(error: MayflyError, authorization: string | undefined): Record<string, string> {
  if (error.code === 'token_missing') return { 'www-authenticate': challengeFor(authorization) }
  if (problems[error.code].status === 401) {
    const nonce = error.options.extra?.['dpop_nonce']
    return {
      'www-authenticate': challengeFor(authorization, challengeErrors[error.code] ?? 'invalid_token'),
      ...(typeof nonce === 'string' ? { 'dpop-nonce': nonce } : {}),
    }
  }
  const wait = error.options.extra?.['retry_after_seconds']
  return typeof wait === 'number' ? { 'retry-after': String(Math.max(1, Math.ceil(wait))) } : {}
}
