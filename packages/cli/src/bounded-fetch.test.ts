import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { boundedFetch } from './bounded-fetch.ts'

async function startServer(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/begun') response.write('{')
    if (request.url === '/none') response.writeHead(204).end()
    if (request.url === '/whole') response.end('{"a":1}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an answer that does not come, or not to its end, is not waited for', async () => {
  const url = await startServer()
  const fetch = boundedFetch(new AbortController().signal, 200)
  for (const path of ['/silent', '/begun']) {
    await expect(fetch(new Request(`${url}${path}`)), path).rejects.toMatchObject({ name: 'TimeoutError' })
  }
  expect(await (await fetch(`${url}/whole`)).json(), 'control').toEqual({ a: 1 })
  expect((await fetch(`${url}/none`)).status).toBe(204)
})

test('an interruption ends a request that is under way', async () => {
  const url = await startServer()
  const over = new AbortController()
  const asked = boundedFetch(over.signal, 60_000)(`${url}/begun`)
  over.abort(new Error('interrupted'))
  await expect(asked).rejects.toThrow('interrupted')
})
