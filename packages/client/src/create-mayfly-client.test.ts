import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { sendRequest } from './create-mayfly-client.ts'
import { followRevocation } from './follow-revocation.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Begins an answer and never ends it. */
async function startSilentServer(): Promise<{ baseUrl: string; asked: Promise<unknown> }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': begun\n\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: once(server, 'request') }
}

async function collectForAWhile(): Promise<void> {
  // A task of its own: while code that was given the signal is on the stack, nothing of it is collected.
  const collecting = setInterval(collect, 20)
  await pause(200)
  clearInterval(collecting)
}

test('an interruption ends the reading of an answer, whatever was collected meanwhile', async () => {
  const { baseUrl } = await startSilentServer()
  const over = new AbortController()
  const answer = await sendRequest({ baseUrl }, new Request(`${baseUrl}/v1/log/checkpoint`), over.signal)
  const read = answer.text()
  read.catch(() => undefined)
  await collectForAWhile()
  over.abort(new Error('interrupted'))
  await expect(read).rejects.toThrow('interrupted')
}, 10_000)

test('an interruption ends the following of a revocation, whatever was collected meanwhile', async () => {
  const { baseUrl, asked } = await startSilentServer()
  const over = new AbortController()
  const next = followRevocation({ baseUrl }, 'some', over.signal).next()
  next.catch(() => undefined)
  await asked
  await collectForAWhile()
  over.abort(new Error('interrupted'))
  await expect(next).rejects.toThrow('interrupted')
}, 10_000)
