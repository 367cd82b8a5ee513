/** The SPIFFE Workload API, as its standard says it: each tag is a line of the standard (SPIFFE_Workload_API, SPIFFE_Workload_Endpoint). */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { Client, credentials, Metadata, status as codes } from '@grpc/grpc-js'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchJwtSvids, parseEndpoint } from '../../../packages/host-agent/src/index.ts'
import { makeCertificateAuthority } from './certificate-authority.ts'
import {
  type BundlesAnswer,
  callUnary,
  type HostAgentWorld,
  type JwtAnswer,
  openClient,
  ownUid,
  refusalOf,
  securityHeader,
  startHostAgentWorld,
  watchStream,
  type X509Answer,
} from './host-agent-fixture.ts'
import { until } from '../../support/index.ts'

const streams = ['FetchX509SVID', 'FetchX509Bundles', 'FetchJWTBundles', 'FetchWITSVID', 'FetchWITBundles'] as const
const audience = 'https://orders.example.com'

/** Certificates one after the other, as the API gives them. */
function splitCertificates(der: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < der.length;) {
    const lengthBytes = (der[at + 1] ?? 0) & 0x7f
    const size = 2 + lengthBytes + der.readUIntBE(at + 2, lengthBytes)
    found.push(der.subarray(at, at + size))
    at += size
  }
  return found
}

describe('a workload that is entitled', () => {
  let world: HostAgentWorld
  let client: Client
  beforeAll(async () => {
    world = await startHostAgentWorld({
      bind: [
        { identity: 'tests', selectors: [`unix:uid:${ownUid}`] },
        { identity: 'second', selectors: [`unix:path:${process.execPath}`] },
        { identity: 'elsewhere', selectors: ['unix:uid:4294967'] },
      ],
    })
    client = openClient(world.target)
  })
  afterAll(async () => {
    client.close()
    await world[Symbol.asyncDispose]()
  })

  test('[W1] it is served over a unix socket, without TLS, without a credential, and takes no part in its attestation', async () => {
    const answer = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
    expect(answer.svids[0]?.spiffe_id).toBe(world.server.spiffeId('tests'))
    const sent = world.server.asked.find(({ instance }) => instance.includes(`/${process.pid}/`))
    expect(sent?.selectors, 'what was said of it comes from the kernel').toContain(`unix:uid:${ownUid}`)
    const withTls = new Client(world.target, credentials.createSsl())
    const refused = await refusalOf(callUnary(withTls, 'FetchJWTSVID', { audience: [audience] }))
    expect(refused.code, 'control: who insists on TLS is not served').toBe(codes.UNAVAILABLE)
    withTls.close()
  })

  test('[W2] a request without the security header is refused with InvalidArgument', async () => {
    const wrong = [
      new Metadata(),
      securityHeader('false'),
      securityHeader('True'),
      securityHeader(''),
      securityHeader('true', 'true'),
    ]
    for (const metadata of wrong) {
      for (const method of streams) {
        expect((await watchStream(client, method, metadata).ended).code, method).toBe(codes.INVALID_ARGUMENT)
      }
      const jwt = refusalOf(callUnary(client, 'FetchJWTSVID', { audience: [audience] }, metadata))
      expect((await jwt).code).toBe(codes.INVALID_ARGUMENT)
      const validate = refusalOf(callUnary(client, 'ValidateJWTSVID', { audience, svid: 'x' }, metadata))
      expect((await validate).details).toContain('security header')
    }
    const answer = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] }, securityHeader('true'))
    expect(answer.svids, 'control: with the header').not.toHaveLength(0)
  })

  test('[W3] SPIFFE_ENDPOINT_SOCKET names the socket; what is no such address is refused', async () => {
    const target = parseEndpoint(`unix://${world.socketPath}`)
    const svids = await fetchJwtSvids(target, audience, undefined, new AbortController().signal)
    expect(svids.map(({ spiffeId }) => spiffeId)).toContain(world.server.spiffeId('tests'))
    expect(parseEndpoint('tcp://127.0.0.1:8081')).toBe('127.0.0.1:8081')
    expect(parseEndpoint('tcp://[::1]:8081')).toBe('[::1]:8081')
    for (const wrong of [
      'unix://run/agent.sock',
      'unix:agent.sock',
      'unix:///',
      'unix:///a?b',
      '/run/agent.sock',
      'tcp://localhost:8081',
      'tcp://127.0.0.1',
      'tcp://127.0.0.1:8081/path',
      'http://127.0.0.1:8081',
      '',
    ]) {
      expect(() => parseEndpoint(wrong), wrong).toThrow('is no address of a Workload API')
    }
  })

  test('[W4] the service has no package; all mandatory methods answer, and WIT-SVIDs are Unimplemented', async () => {
    const x509 = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
    const bundles = await watchStream<BundlesAnswer>(client, 'FetchX509Bundles').at(0)
    const jwtBundles = await watchStream<BundlesAnswer>(client, 'FetchJWTBundles').at(0)
    const jwt = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
    const svid = jwt.svids[0]?.svid ?? ''
    const valid = await callUnary<{ spiffe_id: string }>(client, 'ValidateJWTSVID', { audience, svid })
    expect([x509.svids.length, Object.keys(bundles.bundles).length, Object.keys(jwtBundles.bundles).length]).toEqual([
      2, 1, 1,
    ])
    expect(valid.spiffe_id).toBe(world.server.spiffeId('tests'))
    for (const method of ['FetchWITSVID', 'FetchWITBundles']) {
      expect((await watchStream(client, method).ended).code).toBe(codes.UNIMPLEMENTED)
    }
    const unary = (path: string) =>
      refusalOf(
        new Promise((resolve, reject) => {
          const pass = (bytes: Buffer) => bytes
          client.makeUnaryRequest(path, pass, pass, Buffer.alloc(0), securityHeader(), {}, (error, value) =>
            error === null ? resolve(value) : reject(error as Error),
          )
        }),
      )
    expect((await unary('/spiffe.SpiffeWorkloadAPI/FetchJWTSVID')).code, 'control: in no package').toBe(
      codes.UNIMPLEMENTED,
    )
    expect((await unary('/SpiffeWorkloadAPI/FetchJWTSVID')).code).toBe(codes.INVALID_ARGUMENT)
  })

  test('[W5] the service has exactly the methods of the standard, and reflection shows it', async () => {
    const { loadDefinitions, serviceOf } = await import('../../../packages/host-agent/src/grpc/load-services.ts')
    expect(Object.keys(serviceOf('SpiffeWorkloadAPI')).sort()).toEqual([
      'FetchJWTBundles',
      'FetchJWTSVID',
      'FetchWITBundles',
      'FetchWITSVID',
      'FetchX509Bundles',
      'FetchX509SVID',
      'ValidateJWTSVID',
    ])
    expect(loadDefinitions()).toHaveProperty('SpiffeWorkloadAPI')
    const listed = await reflect(client, { list_services: '*' })
    const names = (listed.list_services_response?.service ?? []).map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['SpiffeWorkloadAPI', 'envoy.service.secret.v3.SecretDiscoveryService']),
    )
    const file = await reflect(client, { file_containing_symbol: 'SpiffeWorkloadAPI' })
    const text = Buffer.concat(file.file_descriptor_response?.file_descriptor_proto ?? []).toString('latin1')
    expect(text).toContain('FetchX509SVID')
    const unknown = await reflect(client, { file_containing_symbol: 'NoSuchService' })
    expect(unknown.error_response?.error_code, 'control: what is not there is not shown').toBe(codes.NOT_FOUND)
  })

  test('[W7] an empty mandatory field is refused with InvalidArgument', async () => {
    const code = async (method: string, request: object) => (await refusalOf(callUnary(client, method, request))).code
    expect(await code('FetchJWTSVID', { audience: [] })).toBe(codes.INVALID_ARGUMENT)
    expect(await code('FetchJWTSVID', { audience: [''] })).toBe(codes.INVALID_ARGUMENT)
    expect(await code('FetchJWTSVID', { audience: [audience], spiffe_id: 'orders' })).toBe(codes.INVALID_ARGUMENT)
    expect(await code('FetchJWTSVID', { audience: Array(21).fill(audience) })).toBe(codes.INVALID_ARGUMENT)
    expect(await code('ValidateJWTSVID', { audience: '', svid: 'x' })).toBe(codes.INVALID_ARGUMENT)
    expect(await code('ValidateJWTSVID', { audience, svid: '' })).toBe(codes.INVALID_ARGUMENT)
    expect(await code('ValidateJWTSVID', { audience, svid: 'a.b.c' })).toBe(codes.INVALID_ARGUMENT)
  })

  test('[W7] an identity of others is refused with PermissionDenied', async () => {
    const request = { audience: [audience], spiffe_id: world.server.spiffeId('elsewhere') }
    expect((await refusalOf(callUnary(client, 'FetchJWTSVID', request))).code).toBe(codes.PERMISSION_DENIED)
    const own = { ...request, spiffe_id: world.server.spiffeId('second') }
    expect((await callUnary<JwtAnswer>(client, 'FetchJWTSVID', own)).svids, 'control: its own').toHaveLength(1)
  })

  test('[W8] certificates are DER with the leaf first, the key is PKCS#8, the bundle DER; hints are unique', async () => {
    const { svids, crl } = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
    expect(svids.map(({ hint }) => hint)).toEqual(['tests', 'second'])
    expect(crl).toEqual([])
    const keys = new Set<string>()
    for (const svid of svids) {
      const [leaf] = splitCertificates(svid.x509_svid).map((der) => new X509Certificate(der))
      const [root] = splitCertificates(svid.bundle).map((der) => new X509Certificate(der))
      const publicKey = createPublicKey({ key: svid.x509_svid_key, format: 'der', type: 'pkcs8' } as never)
      expect(leaf?.subjectAltName).toBe(`URI:${svid.spiffe_id}`)
      expect(leaf?.ca).toBe(false)
      expect(leaf?.checkIssued(root as X509Certificate) && leaf.verify((root as X509Certificate).publicKey)).toBe(true)
      const other = new X509Certificate((await makeCertificateAuthority('example.org')).certificate)
      expect(leaf?.verify(other.publicKey), 'control: by another authority').toBe(false)
      expect(publicKey.export({ format: 'jwk' })).toEqual(leaf?.publicKey.export({ format: 'jwk' }))
      keys.add(JSON.stringify(publicKey.export({ format: 'jwk' })))
    }
    expect(keys.size, 'each identity has a key of its own').toBe(2)
  })

  test('[W10] FetchJWTSVID without an identity gives one token for each; with one, that one', async () => {
    const all = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
    const ids = [world.server.spiffeId('tests'), world.server.spiffeId('second')]
    expect(all.svids.map(({ spiffe_id }) => spiffe_id)).toEqual(ids)
    for (const { svid, spiffe_id } of all.svids)
      expect(decodeJwt(svid)).toMatchObject({ sub: spiffe_id, aud: [audience] })
    expect(decodeProtectedHeader(all.svids[0]?.svid ?? '').kid).toMatch(/./)
    const again = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
    expect(
      again.svids.map(({ svid }) => svid),
      'kept until half of its life',
    ).toEqual(all.svids.map(({ svid }) => svid))
    const both = { audience: [audience, 'https://b.example.com'], spiffe_id: ids[1] }
    const one = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', both)
    expect(one.svids.map(({ spiffe_id }) => spiffe_id)).toEqual([ids[1]])
    expect(decodeJwt(one.svids[0]?.svid ?? '').aud).toEqual(both.audience)
  })

  test('[W10] ValidateJWTSVID gives the identity and the claims', async () => {
    const spiffeId = world.server.spiffeId('peer')
    const more = { claims: { act: { sub: 'x' }, list: [1, 'two', null, true] } }
    const { token } = await world.server.authority().sign({ sub: spiffeId, aud: [audience] }, 60, more)
    const answer = await callUnary<{ spiffe_id: string; claims: { fields: Record<string, unknown> } }>(
      client,
      'ValidateJWTSVID',
      { audience, svid: token },
    )
    expect(answer.spiffe_id).toBe(spiffeId)
    expect(answer.claims.fields).toMatchObject({
      sub: { stringValue: spiffeId },
      act: { structValue: { fields: { sub: { stringValue: 'x' } } } },
      exp: { numberValue: expect.any(Number) },
      list: {
        listValue: {
          values: [{ numberValue: 1 }, { stringValue: 'two' }, { nullValue: 'NULL_VALUE' }, { boolValue: true }],
        },
      },
    })
    const wrong = await refusalOf(callUnary(client, 'ValidateJWTSVID', { audience: 'https://other', svid: token }))
    expect(wrong, 'control: for somebody else').toMatchObject({ code: codes.INVALID_ARGUMENT })
    const [head = '', body = '', signature = ''] = token.split('.')
    const forged = [head, body, `${signature.slice(0, -4)}AAAA`].join('.')
    expect((await refusalOf(callUnary(client, 'ValidateJWTSVID', { audience, svid: forged }))).code).toBe(
      codes.INVALID_ARGUMENT,
    )
  })
})

test('[W7] a workload that no identity fits is refused with PermissionDenied by every method', async () => {
  await using world = await startHostAgentWorld({ bind: [{ identity: 'other', selectors: ['unix:uid:4294967'] }] })
  const client = openClient(world.target)
  for (const method of ['FetchX509SVID', 'FetchX509Bundles', 'FetchJWTBundles']) {
    expect((await watchStream(client, method).ended).code, method).toBe(codes.PERMISSION_DENIED)
  }
  const { token } = await world.server.authority().sign({ sub: world.server.spiffeId('other'), aud: [audience] }, 60)
  for (const [method, request] of [
    ['FetchJWTSVID', { audience: [audience] }],
    ['ValidateJWTSVID', { audience, svid: token }],
  ] as const) {
    expect((await refusalOf(callUnary(client, method, request))).code, method).toBe(codes.PERMISSION_DENIED)
  }
  world.server.bind({ identity: 'tests', selectors: [`unix:uid:${ownUid}`] })
  const answered = await until(
    () => callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] }).catch(() => undefined),
    { describe: 'control: it is entitled once it is bound' },
  )
  expect(answered.svids).toHaveLength(1)
  client.close()
})

test('[W7] while the server has never been reached the answer is Unavailable, and comes once it is', async () => {
  await using world = await startHostAgentWorld({ startsAway: true })
  const client = openClient(world.target)
  expect((await watchStream(client, 'FetchX509SVID').ended).code).toBe(codes.UNAVAILABLE)
  expect((await refusalOf(callUnary(client, 'FetchJWTSVID', { audience: [audience] }))).code).toBe(codes.UNAVAILABLE)
  await world.server.comeBack()
  await until(() => world.agent.isReady(), { describe: 'the agent has found its server', withinMs: 20_000 })
  expect((await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)).svids).toHaveLength(1)
  client.close()
})

test('[W6] the first message comes at once, and each one is the full state: rotation, bundle change, redaction', async () => {
  await using world = await startHostAgentWorld({
    bind: [
      { identity: 'tests', selectors: [`unix:uid:${ownUid}`] },
      { identity: 'second', selectors: [`unix:uid:${ownUid}`] },
    ],
    settings: { x509TtlSeconds: 4 },
  })
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  const bundles = watchStream<BundlesAnswer>(client, 'FetchX509Bundles')
  const first = await watch.at(0)
  await bundles.at(0)
  expect(first.svids).toHaveLength(2)

  // Renewed at half of their life: both certificates with keys of their own, in full states.
  const renewed = await until(
    () =>
      watch.messages.find(({ svids }) =>
        svids.every((svid, at) => !svid.x509_svid.equals(first.svids[at]?.x509_svid ?? svid.x509_svid)),
      ),
    { describe: 'both are renewed' },
  )
  expect(renewed.svids).toHaveLength(2)
  expect(renewed.svids[0]?.x509_svid_key.equals(first.svids[0]?.x509_svid_key ?? Buffer.alloc(0))).toBe(false)

  await world.server.rotate()
  const withBoth = await until(
    () => watch.messages.find(({ svids }) => splitCertificates(svids[0]?.bundle ?? Buffer.alloc(0)).length === 2),
    { describe: 'the new authority is in the bundle' },
  )
  expect(withBoth.svids).toHaveLength(2)
  const told = () => splitCertificates(bundles.messages.at(-1)?.bundles['spiffe://example.org'] ?? Buffer.alloc(0))
  await until(() => told().length === 2, { describe: 'the stream of bundles tells it too' })

  world.server.suspend('second')
  const left = await until(() => watch.messages.find(({ svids }) => svids.length === 1), {
    describe: 'what was taken away is not in the next message',
  })
  expect(left.svids[0]?.spiffe_id).toBe(world.server.spiffeId('tests'))
  watch.call.cancel()
  bundles.call.cancel()
  client.close()
})

test('[W6] the end of the last identity ends every stream with PermissionDenied within a second, and a new one is refused', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const watches = ['FetchX509SVID', 'FetchX509Bundles', 'FetchJWTBundles'].map((method) => watchStream(client, method))
  await Promise.all(watches.map((watch) => watch.at(0)))
  const startedMs = performance.now()
  world.server.suspend('tests')
  const ends = await Promise.all(watches.map(({ ended }) => ended))
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  expect(ends.map(({ code }) => code)).toEqual(Array(3).fill(codes.PERMISSION_DENIED))
  expect((await watchStream(client, 'FetchX509SVID').ended).code).toBe(codes.PERMISSION_DENIED)
  const jwt = refusalOf(callUnary(client, 'FetchJWTSVID', { audience: [audience] }))
  expect((await jwt).code).toBe(codes.PERMISSION_DENIED)
  client.close()
})

test('[W9] bundles are keyed by the SPIFFE ID of the trust domain; those for tokens hold keys for tokens only', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const x509 = watchStream<BundlesAnswer>(client, 'FetchX509Bundles')
  const jwt = watchStream<BundlesAnswer>(client, 'FetchJWTBundles')
  const own = await x509.at(0)
  expect(Object.keys(own.bundles), 'control: before').toEqual(['spiffe://example.org'])
  const partner = await makeCertificateAuthority('partner.example')
  world.server.federate(partner)
  const both = await until(() => x509.messages.find(({ bundles }) => 'spiffe://partner.example' in bundles), {
    describe: 'the federated bundle has come',
  })
  expect(splitCertificates(both.bundles['spiffe://partner.example'] ?? Buffer.alloc(0))).toEqual([partner.certificate])
  expect(splitCertificates(both.bundles['spiffe://example.org'] ?? Buffer.alloc(0)), 'never merged').toHaveLength(1)
  const svid = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
  expect(Object.keys(svid.federated_bundles)).toEqual(['spiffe://partner.example'])

  const sets = await until(() => jwt.messages.find(({ bundles }) => 'spiffe://partner.example' in bundles), {
    describe: 'the federated keys have come',
  })
  const keySet = JSON.parse(String(sets.bundles['spiffe://partner.example'])) as { keys: Record<string, unknown>[] }
  expect(keySet.keys).toHaveLength(1)
  expect(Object.keys(keySet)).toEqual(['keys'])
  expect(keySet.keys[0]).not.toHaveProperty('x5c')
  expect(keySet.keys[0]).not.toHaveProperty('use')
  const { token } = await partner.sign({ sub: 'spiffe://partner.example/a', aud: [audience] }, 60)
  await jwtVerify(token, createLocalJWKSet(keySet as never), { audience })
  client.close()
})

interface ReflectionAnswer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] }
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] }
  readonly error_response?: { readonly error_code: number }
}

async function reflect(client: Client, request: object): Promise<ReflectionAnswer> {
  const { loadSync } = await import('@grpc/proto-loader')
  const { createRequire } = await import('node:module')
  const file = createRequire(import.meta.url).resolve(
    '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
  )
  const definitions = loadSync(file, { keepCase: true, oneofs: false })
  const service = definitions['grpc.reflection.v1.ServerReflection'] as unknown as {
    readonly ServerReflectionInfo: {
      readonly path: string
      readonly requestSerialize: (value: object) => Buffer
      readonly responseDeserialize: (bytes: Buffer) => ReflectionAnswer
    }
  }
  const { path, requestSerialize, responseDeserialize } = service.ServerReflectionInfo
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata(), {})
  const answer = new Promise<ReflectionAnswer>((resolve, reject) => {
    call.on('data', resolve)
    call.on('error', reject)
  })
  call.write(request)
  const value = await answer
  call.end()
  return value
}
