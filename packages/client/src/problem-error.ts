import type { FieldProblem, ProblemCode } from '@mayfly/domain'
import type { components } from './api.gen.ts'

export type Problem = components['schemas']['Problem']

/** What no server said: it cannot be reached, or what answers is not one of ours. */
export type LocalCode = 'server_unreachable' | 'answer_unreadable'

/** A refusal of the server (RFC 9457), or a server that cannot be asked. `code` says which; branch on it, not on prose. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode | LocalCode
  /** 0 where there was no answer. */
  readonly status: number
  /** What to do about it: one sentence, apart from the message. */
  readonly hint: string | undefined
  readonly fields: readonly FieldProblem[]
  readonly retry: Problem['retry']
  /** Finds the request in the server's log. */
  readonly requestId: string | undefined
  /** The whole document, e.g. `reasons` and `decision_id` of a denial. */
  readonly problem: Problem | undefined

  constructor(about: ProblemAbout) {
    super(about.message, { cause: about.cause })
    this.code = about.code
    this.status = about.status
    this.retry = about.retry
    this.hint = about.hint
    this.fields = about.fields ?? []
    this.requestId = about.requestId
    this.problem = about.problem
  }
}

interface ProblemAbout {
  readonly message: string
  readonly code: ProblemCode | LocalCode
  readonly status: number
  readonly retry: Problem['retry']
  readonly hint?: string | undefined
  readonly fields?: readonly FieldProblem[] | undefined
  readonly requestId?: string | undefined
  readonly problem?: Problem
  readonly cause?: unknown
}

/** Makes the error of an answer that is no success. */
export async function problemOf(answer: Response): Promise<ProblemError> {
  const body: unknown = await answer.json().catch(() => undefined)
  if (!isProblem(body)) {
    return new ProblemError({
      code: 'answer_unreadable',
      status: answer.status,
      message: `the server answered with HTTP ${answer.status} and no problem document`,
      hint: 'check that the address is that of a Mayfly server and that no proxy answers in its place',
      retry: answer.status >= 500 ? 'later' : 'no',
    })
  }
  return new ProblemError({
    code: body.code,
    status: body.status,
    message: body.detail ?? body.title,
    retry: body.retry,
    hint: body.hint,
    fields: body.errors,
    requestId: body.request_id,
    problem: body,
  })
}

export function unreachable(url: string, cause: unknown): ProblemError {
  return new ProblemError({
    code: 'server_unreachable',
    status: 0,
    message: `the server at \`${url}\` cannot be reached`,
    hint: 'check the address, and that the server runs',
    retry: 'later',
    cause,
  })
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false
  const { type, code, title, status } = body as Readonly<Record<string, unknown>>
  return (
    typeof type === 'string' &&
    type.startsWith('urn:mayfly:problem:') &&
    typeof code === 'string' &&
    typeof title === 'string' &&
    typeof status === 'number'
  )
}
