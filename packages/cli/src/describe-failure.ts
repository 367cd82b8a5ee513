/** What went wrong, for a person: one line, details, one hint, and the exit code. */
import { ProblemError } from '@mayfly/client'
import { MayflyError, problems } from '@mayfly/domain'
import { CommanderError } from 'commander'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { OAuthRefusal } from '@mayfly/client/login'
import { UsageError } from './usage-error.ts'

export interface Failure {
  /** Lower case, no full stop. */
  readonly message: string
  /** One line each, e.g. a field with what is wrong with it. */
  readonly details: readonly string[]
  readonly hint: string | undefined
  readonly exitCode: number
}

/** @returns undefined where it has been said already (help in place of a missing command) */
export function describeFailure(
  error: unknown,
  { interrupted = false, debug = false }: { interrupted?: boolean; debug?: boolean } = {},
): Failure | undefined {
  if (error instanceof CommanderError) return ofCommander(error)
  if (error instanceof UsageError) {
    return failure(error.message, exitCodes.usage, { hint: error.hint, details: error.details })
  }
  // A request that was broken off looks like a server that cannot be reached.
  if (interrupted && !isAnswer(error)) return failure('interrupted', exitCodes.failed)
  if (error instanceof ProblemError) return ofProblem(error)
  if (error instanceof OAuthRefusal) return ofRefusal(error)
  if (error instanceof MayflyError) return ofMayflyError(error)
  const ofWorkloadApi = findWorkloadApiRefusal(error)
  if (ofWorkloadApi !== undefined) return ofWorkloadApi
  const unreachable = findUnreachable(error)
  if (unreachable !== undefined) return unreachable
  const text = error instanceof Error ? error.message : String(error)
  return failure(`unexpected: ${text}`, exitCodes.failed, {
    ...(debug && error instanceof Error && { details: (error.stack ?? '').split('\n') }),
    hint: debug ? undefined : 'run it again with MAYFLY_DEBUG=1 to see where',
  })
}

function isAnswer(error: unknown): boolean {
  if (error instanceof ProblemError) return error.status > 0
  return error instanceof OAuthRefusal || error instanceof MayflyError
}

function failure(
  message: string,
  exitCode: number,
  more: { readonly details?: readonly string[]; readonly hint?: string | undefined } = {},
): Failure {
  return { message, exitCode, details: more.details ?? [], hint: more.hint }
}

/** Commander's prose in our form: `error: unknown option '--jsno'` with `(Did you mean --json?)` on the next line. */
function ofCommander({ code, message }: CommanderError): Failure | undefined {
  if (code === 'commander.help' || code === 'commander.helpDisplayed') return undefined
  const [first = '', suggestion] = message.split('\n')
  const meant = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(suggestion ?? '')?.[1]
  return failure(first.replace(/^error: /, '').replaceAll("'", '`'), exitCodes.usage, {
    hint: meant === undefined ? 'run it with `--help` to see what it takes' : `did you mean \`${meant}\`?`,
  })
}

function ofProblem(error: ProblemError): Failure {
  const { code, message, status, fields, hint, problem, requestId } = error
  if (code === 'server_unreachable') return findUnreachable(error.cause) ?? failure(message, exitCodes.later, { hint })
  if (code === 'answer_unreadable') return failure(message, exitCodes.failed, { hint })
  const decisionId = (problem as { decision_id?: unknown } | undefined)?.decision_id
  return failure(`${message} (${code})`, exitCodeOf(code), {
    details: fields.map(({ pointer, detail }) => `\`${pointer}\`: ${detail}`),
    hint:
      typeof decisionId === 'string'
        ? explainHint(decisionId)
        : status >= 500 && requestId !== undefined
          ? `${hint ?? 'the log of the server has more'}; the request id is ${requestId}`
          : hint,
  })
}

function explainHint(decisionId: string): string {
  return `run \`mayfly explain ${decisionId}\` to see which policies decided`
}

function ofRefusal({ message, status, code, decisionId }: OAuthRefusal): Failure {
  const exitCode = status === 429 || status === 503 ? exitCodes.later : exitCodes.denied
  const [text = message, hint] = message.split('; ', 2)
  return failure(`${text} (${code})`, status >= 500 && status !== 503 ? exitCodes.failed : exitCode, {
    hint: decisionId === undefined ? hint : explainHint(decisionId),
  })
}

function ofMayflyError({ code, options }: MayflyError): Failure {
  return failure(`${options.publicDetail ?? problems[code].title} (${code})`, exitCodeOf(code), {
    details: (options.fields ?? []).map(({ pointer, detail }) => `\`${pointer}\`: ${detail}`),
    hint: options.hint,
  })
}

/** Known by its name: a command that asks no host agent need not load one. */
function findWorkloadApiRefusal(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || error.name !== 'WorkloadApiError') return undefined
  const isDenied = 'isDenied' in error && error.isDenied === true
  return failure(error.message, isDenied ? exitCodes.denied : exitCodes.later, {
    hint: isDenied
      ? 'run `mayfly host-agent check PID` to see what an agent vouches for, and bind an identity to it; or prove it with `--key-file`'
      : 'check that the agent runs, with `mayfly host-agent health`',
  })
}

/** `fetch` says only "fetch failed"; the reason is in its cause. */
function findUnreachable(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'TimeoutError') {
    return failure('the server did not answer in time', exitCodes.later, { hint: 'try again, or check `--url`' })
  }
  const { cause } = error
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return undefined
  const where = 'address' in cause && 'port' in cause ? ` at ${String(cause.address)}:${String(cause.port)}` : ''
  switch (cause.code) {
    case 'ECONNREFUSED':
      return failure(`no server listens${where}`, exitCodes.later, {
        hint: 'start one with `mayfly dev`, or name another with `--url`',
      })
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure(`the server's name is not known (${cause.code})`, exitCodes.later, { hint: 'check `--url`' })
    case 'ECONNRESET':
    case 'ETIMEDOUT':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
      return failure(`the connection to the server broke (${cause.code})`, exitCodes.later, { hint: 'try again' })
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|VERIFY/.test(cause.code)) {
    return failure(`the server's certificate is not trusted (${cause.code})`, exitCodes.failed, {
      hint: 'name the authority that signed it with NODE_EXTRA_CA_CERTS=FILE',
    })
  }
  return undefined
}
