/** The `fetch` of a client with a certificate: node's own takes none. */
import { Agent, type AgentOptions, request } from 'node:https'

export interface TlsFetch extends Disposable {
  readonly fetch: (url: string | URL, init?: TlsInit) => Promise<Response>
}

interface TlsInit {
  readonly method?: string | undefined
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: unknown
}

export function tlsFetch(options: AgentOptions): TlsFetch {
  const agent = new Agent({ keepAlive: true, ...options })
  return {
    fetch: async (url, init = {}) =>
      new Promise<Response>((resolve, reject) => {
        const headers = Object.fromEntries(new Headers(init.headers))
        const sent = request(url, { method: init.method ?? 'GET', headers, agent }, (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
          answer.on('end', () => {
            const got = new Headers()
            for (const [name, values] of Object.entries(answer.headersDistinct)) {
              for (const value of values ?? []) got.append(name, value)
            }
            resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 500, headers: got }))
          })
        })
        sent.on('error', reject)
        const { body } = init
        sent.end(body instanceof URLSearchParams || typeof body === 'string' ? body.toString() : undefined)
      }),
    [Symbol.dispose]: () => agent.destroy(),
  }
}
