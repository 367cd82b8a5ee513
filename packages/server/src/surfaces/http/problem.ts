/**
 * The one place where an error becomes an answer: `application/problem+json` (RFC 9457).
 *
 * Promise: what is not a MayflyError becomes `internal` without a word of what it was; the log has the rest, found by
 * the request id.
 */
import { MayflyError, type ProblemCode, problems } from '@mayfly/domain'

export const problemMediaType = 'application/problem+json'

export interface ProblemAnswer {
  readonly status: number
  readonly code: ProblemCode
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

export function problemAnswer(error: MayflyError, requestId: string): ProblemAnswer {
  const { status, title, retry } = problems[error.code]
  const { publicDetail, hint, fields, extra } = error.options
  return {
    status,
    code: error.code,
    headers: headersOf(error),
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

function headersOf(error: MayflyError): Record<string, string> {
  // RFC 6750 section 3: a challenge always; the error code only where a token was presented.
  if (error.code === 'token_missing') return { 'www-authenticate': 'Bearer realm="mayfly"' }
  if (problems[error.code].status === 401) {
    return { 'www-authenticate': 'Bearer realm="mayfly", error="invalid_token"' }
  }
  const wait = error.options.extra?.['retry_after_seconds']
  return typeof wait === 'number' ? { 'retry-after': String(Math.max(1, Math.ceil(wait))) } : {}
}
