/** A proxy that puts a path before ours: what clients are told, and what their DPoP proofs are made for. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { answerOf, createMayflyClient, dpopAuthorizer, makeDpop, privateKeyTokens } from '@mayfly/client'
import { keyProof, makeAccessTokens } from '@mayfly/client/login'
import { loadConfig, makeLogger, startServer } from '@mayfly/server'
import { decodeJwt } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase, makeTempDir } from '../../support/index.ts'

/** Hands `/mayfly/x` on as `/x`, and nothing else. */
async function startProxy(): Promise<{ url: string; leadTo(url: string): void }> {
  let target = ''
  const proxy = createServer((request, response) => {
    const { url = '', method = 'GET', headers } = request
    if (!url.startsWith('/mayfly/')) return void response.writeHead(404).end()
    const onward = httpRequest(`${target}${url.slice('/mayfly'.length)}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    leadTo: (url) => void (target = url),
  }
}

async function startBehindProxy() {
  const store = await createTestDatabase()
  onTestFinished(() => store.drop())
  const dir = await makeTempDir('public-path')
  await writeFile(join(dir, 'kek'), `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  const proxy = await startProxy()
  const config = await loadConfig({
    MAYFLY_LISTEN: '127.0.0.1:0',
    MAYFLY_PUBLIC_URL: `${proxy.url}/mayfly/`,
    MAYFLY_DATABASE_URL: store.url,
    MAYFLY_KEK_FILE: join(dir, 'kek'),
    MAYFLY_BOOTSTRAP_FILE: join(dir, 'bootstrap'),
  })
  const server = await startServer(config, { logger: makeLogger('error', { write: () => undefined }) })
  onTestFinished(() => server.stop())
  proxy.leadTo(server.url)
  const publicUrl = `${proxy.url}/mayfly`
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const secret = (await readFile(join(dir, 'bootstrap'), 'utf8')).trim()
  const admin = await answerOf(
    createMayflyClient({ baseUrl: publicUrl }).POST('/v1/bootstrap', {
      body: {
        secret,
        public_jwk: publicKey.export({ format: 'jwk' }) as Record<string, string>,
        name: 'Ada Admin',
        email: 'ada@example.org',
      },
    }),
  )
  return { server, proxyUrl: proxy.url, publicUrl, adminId: admin.person_id, privateKey }
}

test('[RFC9449 4.3] behind a proxy that puts a path before ours, proofs are made for the URL that clients ask', async () => {
  const { server, proxyUrl, publicUrl, adminId, privateKey } = await startBehindProxy()
  const now = () => new Date()
  const dpop = makeDpop({ now })
  const proof = keyProof(adminId, privateKey, now)
  const tokens = makeAccessTokens(publicUrl, proof, now, new AbortController().signal, dpop)
  const token = await tokens.current()
  expect(token.tokenType).toBe('DPoP')
  expect(decodeJwt(token.accessToken)).toMatchObject({ iss: publicUrl, cnf: { jkt: expect.any(String) } })
  const client = createMayflyClient({
    baseUrl: publicUrl,
    authorizer: dpopAuthorizer(dpop, () => tokens.current()),
  })
  expect((await answerOf(client.GET('/v1/people'))).items).toHaveLength(1)

  const path = '/v1/people'
  const ask = async (htu: string, from = dpop) => {
    const { accessToken } = token
    const headers = { authorization: `DPoP ${accessToken}`, dpop: from.proof({ method: 'GET', url: htu, accessToken }) }
    const answer = await fetch(`${publicUrl}${path}`, { headers })
    return { status: answer.status, body: (await answer.json()) as { code?: string } }
  }
  expect((await ask(`${publicUrl}${path}`)).status, 'control').toBe(200)
  for (const htu of [
    `${proxyUrl}${path}`,
    `${server.url}${path}`,
    `${server.url}/mayfly${path}`,
    `${publicUrl}/mayfly${path}`,
    `${proxyUrl}/other${path}`,
    `${publicUrl.replace('mayfly', 'Mayfly')}${path}`,
  ]) {
    const { status, body } = await ask(htu)
    expect({ htu, status, code: body.code }).toEqual({ htu, status: 401, code: 'dpop_proof_invalid' })
  }
  // Unreserved characters may be encoded or not (RFC 3986 section 6.2.2.2).
  expect((await ask(`${proxyUrl}/%6dayfly${path}`)).status).toBe(200)
}, 120_000)

test('what clients are told of addresses has the path that the proxy puts before ours', async () => {
  const { publicUrl, adminId, privateKey } = await startBehindProxy()
  const answer = await fetch(`${publicUrl}/.well-known/oauth-authorization-server`)
  expect(await answer.json()).toMatchObject({
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/oauth/token`,
    jwks_uri: `${publicUrl}/oauth/jwks`,
  })
  expect((await fetch(`${publicUrl}/oauth/jwks`)).status).toBe(200)
  const token = await privateKeyTokens({ baseUrl: publicUrl, clientId: adminId, privateKey })()
  expect(decodeJwt(token)).toMatchObject({ iss: publicUrl })
}, 120_000)
