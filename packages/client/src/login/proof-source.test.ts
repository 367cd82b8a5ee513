import { createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { makeBoundKey } from './bound-key.ts'
import { findGitHubActions, keyProof, platformProof, tokenFromEnvironment } from './proof-source.ts'

const signal = new AbortController().signal
const now = () => new Date('2026-11-22T11:00:00Z')

test('an assertion is short, for one server, new each time, and signed by the key', async () => {
  const key = makeBoundKey()
  const prove = keyProof('orders-api', key, now)
  const form = await prove('https://mayfly.example.com', signal)
  const assertion = form['client_assertion'] ?? ''
  const [header = '', claims = '', signature = ''] = assertion.split('.')
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({
    alg: 'ES256',
    kid: expect.stringMatching(/^[\w-]{43}$/),
  })
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: 'orders-api',
    sub: 'orders-api',
    aud: 'https://mayfly.example.com',
    exp: now().getTime() / 1000 + 60,
  })
  const publicKey = createPublicKey(key)
  const isSigned = (text: string) =>
    verify(
      'sha256',
      Buffer.from(text),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    )
  expect(isSigned(`${header}.${claims}`)).toBe(true)
  expect(isSigned(`${header}.${claims}x`), 'control').toBe(false)
  expect((await prove('https://mayfly.example.com', signal))['client_assertion']).not.toBe(assertion)
})

test('GitHub Actions is asked for a token for this server', async () => {
  const asked: { url: string | undefined; bearer: string | undefined }[] = []
  const platform = createServer((request, response) => {
    asked.push({ url: request.url, bearer: request.headers.authorization })
    response.end('{"value":"a.b.c"}')
  }).listen(0, '127.0.0.1')
  await once(platform, 'listening')
  try {
    const { port } = platform.address() as AddressInfo
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-job',
    }
    const read = findGitHubActions(env)
    if (read === undefined) throw new Error('the job was not recognised')
    const form = await platformProof('deploy', read)('https://mayfly.example.com', signal)
    expect(form).toMatchObject({ assertion: 'a.b.c', client_id: 'deploy' })
    const audience = encodeURIComponent('https://mayfly.example.com')
    expect(asked).toEqual([{ url: `/token?api-version=2&audience=${audience}`, bearer: 'Bearer of-the-job' }])
  } finally {
    platform.close()
  }
  expect(findGitHubActions({}), 'control: elsewhere there is none').toBeUndefined()
})

test('a token that is not there is said by its name', async () => {
  await expect(tokenFromEnvironment({}, 'CI_TOKEN')('x', signal)).rejects.toThrow(/`CI_TOKEN` is missing or empty/)
})
