import { X509Certificate } from 'node:crypto'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { clientAssertion, dpopProof, makeDpopKey, openOAuthWorld, type OAuthWorld } from './oauth-fixture.ts'
import { type TlsFetch, tlsFetch } from './tls-fetch.ts'

const form = 'application/x-www-form-urlencoded'
const serverSide = makeCertificate('127.0.0.1')

function openMutualTls() {
  return openOAuthWorld({ mutualTls: { cert: serverSide.certificatePem, key: serverSide.keyPem } })
}

function clientWith(certificate?: ReturnType<typeof makeCertificate>): TlsFetch & { readonly x5t: string } {
  const own = certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.keyPem }
  const x5t =
    certificate === undefined
      ? ''
      : Buffer.from(new X509Certificate(certificate.certificatePem).fingerprint256.replaceAll(':', ''), 'hex').toString(
          'base64url',
        )
  return { ...tlsFetch({ ca: serverSide.caPem, ...own }), x5t }
}

async function prove({ server, worker }: OAuthWorld, { fetch }: TlsFetch, headers: Record<string, string> = {}) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(await clientAssertion(server, worker)) })
  const answer = await fetch(`${server.mutualTlsUrl}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': form, ...headers },
    body,
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function whoAt(url: string, fetch: TlsFetch['fetch'], token: string) {
  const answer = await fetch(`${url}/v1/who`, { headers: { authorization: `Bearer ${token}` } })
  return answer.status
}

test('[RFC8705 3] a token that is asked for with a certificate is bound to it, and is worth nothing without', async () => {
  await using world = await openMutualTls()
  const { server } = world
  using mine = clientWith(makeCertificate('worker.example'))
  using theirs = clientWith(makeCertificate('thief.example'))
  using bare = clientWith()
  const answer = await prove(world, mine)
  expect(answer.body, 'section 3: sent as a bearer token').toMatchObject({ token_type: 'Bearer' })
  const token = String(answer.body['access_token'])
  expect(decodeJwt(token)['cnf']).toEqual({ 'x5t#S256': mine.x5t })

  expect(await whoAt(server.mutualTlsUrl, mine.fetch, token)).toBe(200)
  expect(await whoAt(server.mutualTlsUrl, theirs.fetch, token), 'another certificate').toBe(401)
  expect(await whoAt(server.mutualTlsUrl, bare.fetch, token), 'no certificate').toBe(401)
  expect(await whoAt(server.url, (url, init) => fetch(url, init as RequestInit), token), 'no TLS').toBe(401)

  const plain = await prove(world, bare)
  expect(decodeJwt(String(plain.body['access_token']))['cnf'], 'control: nothing shown, nothing bound').toBeUndefined()
  expect(await whoAt(server.mutualTlsUrl, theirs.fetch, String(plain.body['access_token']))).toBe(200)
})

test('[RFC8705 3.2] introspection tells a resource server which certificate a token is bound to', async () => {
  await using world = await openMutualTls()
  const { server, watcher } = world
  using mine = clientWith(makeCertificate('worker.example'))
  const token = String((await prove(world, mine)).body['access_token'])
  const body = new URLSearchParams({ token, ...(await clientAssertion(server, watcher)) })
  const answer = await fetch(`${server.url}/oauth/introspect`, { method: 'POST', body })
  expect(await answer.json()).toMatchObject({ active: true, token_type: 'Bearer', cnf: { 'x5t#S256': mine.x5t } })
})

test('where a DPoP proof and a certificate come together, the token is bound to the key of the proof', async () => {
  await using world = await openMutualTls()
  const { server } = world
  using mine = clientWith(makeCertificate('worker.example'))
  const key = await makeDpopKey()
  const url = `${server.mutualTlsUrl}/oauth/token`
  const nonce = server.proof.dpop.nonces.make(server.clock.now())
  const answer = await prove(world, mine, { dpop: await dpopProof(server, key, { url, nonce }) })
  expect(answer.body, 'the proof is for the address of the alias').toMatchObject({ token_type: 'DPoP' })
  expect(decodeJwt(String(answer.body['access_token']))['cnf']).toEqual({ jkt: key.jkt })
})

test('[RFC8705 2] a certificate names no client by itself, and one that nobody vouches for proves none', async () => {
  await using world = await openMutualTls()
  const { server, worker } = world
  using mine = clientWith(makeCertificate('worker.example'))
  using bare = clientWith()
  const ask = async ({ fetch }: TlsFetch, more: Record<string, string>) => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...more })
    const answer = await fetch(`${server.mutualTlsUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': form },
      body,
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  for (const [by, more] of [
    [bare, { client_id: worker.identityId }],
    [mine, {}],
    [mine, { client_id: worker.identityId }],
  ] as const) {
    expect(await ask(by, more)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  }
})

test('[RFC8705 5] the metadata says where mutual TLS is taken, and only where it is', async () => {
  await using world = await openMutualTls()
  await using without = await openOAuthWorld()
  const { mutualTlsUrl, url } = world.server
  const read = async (at: string) =>
    (await (await fetch(`${at}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>
  const metadata = await read(url)
  expect(metadata).toMatchObject({
    token_endpoint: `${url}/oauth/token`,
    tls_client_certificate_bound_access_tokens: true,
    mtls_endpoint_aliases: {
      token_endpoint: `${mutualTlsUrl}/oauth/token`,
      introspection_endpoint: `${mutualTlsUrl}/oauth/introspect`,
      revocation_endpoint: `${mutualTlsUrl}/oauth/revoke`,
    },
  })
  expect(metadata['token_endpoint_auth_methods_supported']).toContain('tls_client_auth')
  const plain = await read(without.server.url)
  expect(plain).toMatchObject({ tls_client_certificate_bound_access_tokens: false })
  expect(plain).not.toHaveProperty('mtls_endpoint_aliases')
  expect(plain['token_endpoint_auth_methods_supported']).not.toContain('tls_client_auth')
})
