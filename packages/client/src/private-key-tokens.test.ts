import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { privateKeyTokens } from './private-key-tokens.ts'

let server: Server
let url: string
let forms: URLSearchParams[]
let answer: { status: number; body: object }

beforeEach(async () => {
  forms = []
  answer = { status: 200, body: { access_token: 'a-token', expires_in: 300 } }
  server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      forms.push(new URLSearchParams(text))
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => server.close())

const keys: [string, KeyObject][] = [
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['EdDSA', generateKeyPairSync('ed25519').privateKey],
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
]

describe.each(keys)('a key for %s', (alg, privateKey) => {
  test('signs a short assertion for this server', async () => {
    const token = privateKeyTokens({ baseUrl: url, clientId: 'job', privateKey })
    expect(await token()).toBe('a-token')
    const assertion = forms[0]?.get('client_assertion') ?? ''
    const [header = '', payload = '', signature = ''] = assertion.split('.')
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
    expect(decoded(header)).toMatchObject({ alg, typ: 'client-authentication+jwt' })
    const claims = decoded(payload)
    expect(claims).toMatchObject({ iss: 'job', sub: 'job', aud: url })
    expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(60)
    const key = createPublicKey(privateKey)
    const digest = alg === 'EdDSA' ? null : 'sha256'
    const signed = Buffer.from(`${header}.${payload}`)
    const how = alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key
    expect(verify(digest, signed, how, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(verify(digest, Buffer.from(`${header}.x`), how, Buffer.from(signature, 'base64url')), 'control').toBe(false)
  })
})

test('a token is used again while it lives, and callers at once share one request', async () => {
  let nowMs = Date.now()
  const token = privateKeyTokens({
    baseUrl: url,
    clientId: 'job',
    privateKey: keys[0]?.[1] as KeyObject,
    now: () => new Date(nowMs),
  })
  await Promise.all([token(), token(), token()])
  expect(forms).toHaveLength(1)
  nowMs += 269_000
  await token()
  expect(forms, 'half a minute before its end it still lives').toHaveLength(1)
  nowMs += 2_000
  await token()
  expect(forms).toHaveLength(2)
  expect(forms[0]?.get('client_assertion')).not.toBe(forms[1]?.get('client_assertion'))
})

test('a refusal of the token endpoint is a problem like any other', async () => {
  answer = { status: 401, body: { error: 'invalid_client', error_description: 'the key is not known' } }
  const token = privateKeyTokens({ baseUrl: url, clientId: 'job', privateKey: keys[0]?.[1] as KeyObject })
  await expect(token()).rejects.toMatchObject({ code: 'proof_rejected', status: 401, message: 'the key is not known' })
  const nowhere = privateKeyTokens({
    baseUrl: 'http://127.0.0.1:1',
    clientId: 'job',
    privateKey: keys[0]?.[1] as KeyObject,
  })
  await expect(nowhere()).rejects.toMatchObject({ code: 'server_unreachable', retry: 'later' })
})
