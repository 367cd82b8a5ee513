/** The limit of the `http` kind: the same calls by bare node:http over connections that are kept, and nothing else. */
import { Agent, request } from 'node:http'

export interface RawCalls {
  call(method: string, path: string, body?: unknown): Promise<string>
  close(): void
}

export function openRawCalls(url: string, inFlight: number): RawCalls {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  return {
    call: (method, path, body) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body)
        const headers = {
          authorization: 'Bearer a-token',
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        }
        request(url + path, { agent, method, headers }, (response) => {
          let answer = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (answer += chunk))
          response.on('end', () => resolve(answer))
          response.on('error', reject)
        })
          .on('error', reject)
          .end(text)
      }),
    close: () => agent.destroy(),
  }
}

export async function inLanes<T>(
  lanes: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values()
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const item of waiting) await work(item)
    }),
  )
}
