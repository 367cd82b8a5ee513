/** A system that hands out tokens, as a process of its own: what it does is next to nothing, so that the calls are measured. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const tokens = new Map<string, { readonly label: string; readonly token: string }>()
/** Those that open `/orders`. */
const live = new Set<string>()

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
      const token = randomBytes(24).toString('base64url')
      tokens.set(id, { label, token })
      live.add(token)
      return send(201, { id, token })
    }
    if (request.url === '/orders') {
      return send(live.has((request.headers.authorization ?? '').slice('Bearer '.length)) ? 200 : 401)
    }
    if (request.method === 'GET') {
      return send(200, { tokens: [...tokens].map(([id, { label }]) => ({ id, label })) })
    }
    const id = (request.url ?? '').slice('/tokens/'.length)
    live.delete(tokens.get(id)?.token ?? '')
    return send(tokens.delete(id) ? 204 : 404)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.once('disconnect', () => process.exit(0))
