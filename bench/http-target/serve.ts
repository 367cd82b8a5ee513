/** A system that hands out tokens, as a process of its own: what it does is next to nothing, so that the calls are measured. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const tokens = new Map<string, string>()

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const send = (status: number, body?: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(body === undefined ? '' : JSON.stringify(body))
    }
    if (request.method === 'POST') {
      const { label } = JSON.parse(Buffer.concat(chunks).toString()) as { label: string }
      const id = randomUUID()
      tokens.set(id, label)
      return send(201, { id, token: randomBytes(24).toString('base64url') })
    }
    if (request.method === 'GET') return send(200, { tokens: [...tokens].map(([id, label]) => ({ id, label })) })
    return send(tokens.delete((request.url ?? '').slice('/tokens/'.length)) ? 204 : 404)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.once('disconnect', () => process.exit(0))
