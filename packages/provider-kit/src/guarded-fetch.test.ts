import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { guardedFetch, isFetchableUrl } from './guarded-fetch.ts'

const options = () => ({ signal: AbortSignal.timeout(2_000), maxSizeBytes: 1_000 })

test('only https is fetched, and http of this very machine', () => {
  for (const url of [
    'http://issuer.example/keys',
    'http://localhost.example/keys',
    'http://127.0.0.1.example/keys',
    'ftp://localhost/keys',
    'file:///etc/passwd',
    'https://user@issuer.example/',
    'https://issuer.example/#x',
    'keys',
  ]) {
    expect({ url, fetchable: isFetchableUrl(url) }).toEqual({ url, fetchable: false })
  }
  for (const url of ['https://issuer.example/keys', 'http://127.0.0.1:80/', 'http://localhost/', 'http://[::1]/']) {
    expect({ url, fetchable: isFetchableUrl(url) }).toEqual({ url, fetchable: true })
  }
})

test('metadata and link-local addresses are refused however they are written', async () => {
  for (const host of [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[64:ff9b::a9fe:a9fe]',
    '0.0.0.0',
    '[::]',
    '224.0.0.1',
  ]) {
    await expect(guardedFetch(`https://${host}/keys`, options())).rejects.toThrow('metadata or link-local')
  }
})

test('an answer too large, of another status or a redirect is no answer', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/large') response.end('x'.repeat(2_000))
    else if (request.url === '/moved') response.writeHead(302, { location: '/good' }).end()
    else if (request.url === '/good') response.writeHead(200, { 'cache-control': 'public, max-age=60' }).end('{}')
    else if (request.url === '/echo') {
      let sent = ''
      request.on('data', (part: Buffer) => (sent += part.toString()))
      request.on('end', () =>
        response.writeHead(400).end(JSON.stringify([request.method, request.headers['content-type'], sent])),
      )
    } else response.writeHead(500).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await expect(guardedFetch(`${url}/large`, options())).rejects.toThrow('too much')
    await expect(guardedFetch(`${url}/moved`, options())).rejects.toThrow('status 302')
    await expect(guardedFetch(`${url}/broken`, options())).rejects.toThrow('status 500')
    expect(await guardedFetch(`${url}/good`, options()), 'control').toMatchObject({
      status: 200,
      text: '{}',
      maxAgeSeconds: 60,
    })
    const post = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'é' } as const
    const answered = await guardedFetch(`${url}/echo`, { ...options(), ...post, accepts: (status) => status === 400 })
    expect([answered.status, JSON.parse(answered.text)]).toEqual([400, ['POST', 'text/plain', 'é']])
    await expect(guardedFetch(`${url}/echo`, { ...options(), ...post }), 'not accepted').rejects.toThrow('status 400')
    await expect(guardedFetch(`${url}/moved`, { ...options(), accepts: () => true })).rejects.toThrow('status 302')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
