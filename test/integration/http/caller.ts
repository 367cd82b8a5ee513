/** Calls a server as one of several callers, and keeps everything that it answered. */
import type { Route } from '../../../packages/server/src/surfaces/http/define-route.ts'

export interface Ask {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined where it is not JSON. */
  readonly json: Record<string, unknown>
}

export interface Caller {
  readonly token: () => Promise<string | undefined>
  ask(route: Pick<Route<never>, 'method' | 'path'>, ask?: Ask): Promise<Answer>
  /** The JSON of a success; anything else fails the test. */
  get<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>
}

export function makeCaller(
  url: string,
  token: () => Promise<string | undefined>,
  onAnswer: (answer: Answer) => void,
): Caller {
  async function ask({ method, path }: Pick<Route<never>, 'method' | 'path'>, asked: Ask = {}): Promise<Answer> {
    const filled = path.replaceAll(/\{(\w+)(\*?)\}/g, (_all, name: string, rest: string) => {
      const value = asked.params?.[name] ?? '00000000-0000-7000-8000-00000000dead'
      return rest === '' ? encodeURIComponent(value) : value
    })
    const query = new URLSearchParams(
      Object.entries(asked.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    )
    const bearer = await token()
    const response = await fetch(`${url}${filled}${query.size > 0 ? `?${query.toString()}` : ''}`, {
      method,
      headers: {
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...(asked.body !== undefined && { 'content-type': 'application/json' }),
        ...asked.headers,
      },
      ...(asked.body !== undefined && {
        body: typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body),
      }),
    })
    const text = await response.text()
    const answer = { status: response.status, headers: response.headers, text, json: parse(text) }
    onAnswer(answer)
    return answer
  }
  return {
    token,
    ask,
    async get<T>(method: string, path: string, body?: unknown) {
      const answer = await ask(
        { method: method as 'GET', path: path as `/${string}` },
        body === undefined ? {} : { body },
      )
      if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`)
      return answer.json as T
    },
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
