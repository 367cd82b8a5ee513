/** The server goes away, comes back, or stops believing: what is served meanwhile, and what is not. */
import { status as codes } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import {
  callUnary,
  type JwtAnswer,
  openClient,
  ownUid,
  refusalOf,
  startHostAgentWorld,
  watchStream,
  type X509Answer,
} from './host-agent-fixture.ts'

const audience = 'https://orders.example.com'
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1_000))

test('while the server is away what is valid is served, also to a new connection; unknown processes are not', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const first = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
  const jwt = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
  await world.server.goAway()
  const later = openClient(world.target)
  const again = await watchStream<X509Answer>(later, 'FetchX509SVID').at(0)
  expect(again.svids[0]?.x509_svid).toEqual(first.svids[0]?.x509_svid)
  expect(await callUnary<JwtAnswer>(later, 'FetchJWTSVID', { audience: [audience] })).toEqual(jwt)
  const other = { audience: ['https://never-asked.example.com'] }
  expect((await refusalOf(callUnary(later, 'FetchJWTSVID', other))).code, 'what it never had').toBe(codes.UNAVAILABLE)
  client.close()
  later.close()
})

test('without grace nothing is served past the freshness of the attestation', async () => {
  await using world = await startHostAgentWorld({ settings: { freshSeconds: 2 } })
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  await watch.at(0)
  await world.server.goAway()
  const startedMs = performance.now()
  expect((await watch.ended).code).toBe(codes.UNAVAILABLE)
  expect(performance.now() - startedMs).toBeLessThan(2_500)
  expect((await refusalOf(callUnary(client, 'FetchJWTSVID', { audience: [audience] }))).code).toBe(codes.UNAVAILABLE)
  expect(world.server.graceUses).toEqual([])
  await world.server.comeBack()
  const answered = await until(
    () => callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] }).catch(() => undefined),
    { describe: 'control: it is served once the server is back', withinMs: 20_000 },
  )
  expect(answered.svids).toHaveLength(1)
  client.close()
})

test('within the grace what is valid is served, and told to the server afterwards; not past its end', async () => {
  await using world = await startHostAgentWorld({
    settings: { freshSeconds: 2, x509TtlSeconds: 3_600, jwtTtlSeconds: 3_600 },
    config: { grace_seconds: 4 },
  })
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  const first = await watch.at(0)
  const jwt = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
  const wentMs = Date.now()
  await world.server.goAway()
  const held = () => world.server.attestations.filter((one) => !one.hasEnded)
  const freshUntilMs = Math.max(...held().map((one) => one.freshUntilMs))
  await seconds((freshUntilMs - Date.now()) / 1_000 + 0.5)
  const inGrace = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
  expect(inGrace.svids[0]?.x509_svid).toEqual(first.svids[0]?.x509_svid)
  expect(await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })).toEqual(jwt)
  expect((await watch.ended).code, 'the grace is over').toBe(codes.UNAVAILABLE)
  expect(Date.now()).toBeGreaterThan(freshUntilMs + 3_900)
  expect((await refusalOf(callUnary(client, 'FetchJWTSVID', { audience: [audience] }))).code).toBe(codes.UNAVAILABLE)
  await world.server.comeBack()
  const told = await until(() => (world.server.graceUses.length > 0 ? world.server.graceUses : undefined), {
    describe: 'what was served in grace is told',
    withinMs: 20_000,
  })
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ attestation_id: held().at(-1)?.id ?? '', count: 2 })
  const fromMs = Date.parse(String(told[0]?.['served_from']))
  expect(fromMs, 'from when the server was not heard').toBeGreaterThanOrEqual(wentMs)
  expect(fromMs).toBeLessThanOrEqual(freshUntilMs)
  expect(Date.parse(String(told[0]?.['served_until']))).toBeGreaterThan(freshUntilMs)
  client.close()
})

test('a revocation that came while the events were interrupted is learnt on the way back', async () => {
  await using world = await startHostAgentWorld({ config: { grace_seconds: 3_600 } })
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  await watch.at(0)
  await world.server.goAway()
  world.server.suspend('tests')
  await world.server.comeBack()
  expect((await watch.ended).code).toBe(codes.PERMISSION_DENIED)
  client.close()
})

test('a connection that is cut without a word is noticed, what is served from then on is told, and the end is learnt on the way back', async () => {
  const silenceSeconds = 5
  await using world = await startHostAgentWorld({ throughProxy: true, config: { silence_seconds: silenceSeconds } })
  const { proxy, server } = world
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  const first = await watch.at(0)
  const interrupted = () => world.logLines.find((line) => line.includes('events_interrupted'))
  await seconds(silenceSeconds * 1.3)
  expect(interrupted(), 'control: a stream on which nothing happens is heard').toBeUndefined()

  proxy?.cut()
  const cutMs = Date.now()
  const servedBefore = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
  expect(servedBefore.svids).toHaveLength(1)
  server.suspend('tests')
  const line = await until(interrupted, { describe: 'the silence is noticed', withinMs: 20_000 })
  const noticedMs = Date.now()
  expect(line).toContain('nothing was heard for 5 s')
  expect(noticedMs - cutMs).toBeGreaterThan(silenceSeconds * 1_000 - 1_500)
  expect(noticedMs - cutMs).toBeLessThan(silenceSeconds * 1_000 + 2_000)

  const again = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
  expect(again.svids[0]?.x509_svid, 'it is fresh, and served').toEqual(first.svids[0]?.x509_svid)
  expect(server.graceUses).toEqual([])
  await seconds(silenceSeconds)
  proxy?.mend()
  expect((await watch.ended).code, 'what came meanwhile').toBe(codes.PERMISSION_DENIED)
  const [told] = await until(() => (server.graceUses.length > 0 ? server.graceUses : undefined), {
    describe: 'what was served unheard is told',
    withinMs: 20_000,
  })
  expect(told).toMatchObject({ attestation_id: server.attestations[0]?.id, count: 1 })
  expect(Date.parse(String(told?.['served_from']))).toBeGreaterThan(cutMs)
  expect(Date.parse(String(told?.['served_from']))).toBeLessThanOrEqual(noticedMs)
  expect(Date.parse(String(told?.['served_until'])), 'open streams count too').toBeGreaterThan(
    noticedMs + (silenceSeconds - 1) * 1_000,
  )
  client.close()
}, 90_000)

test('a renewal that is refused ends the stream with PermissionDenied, also where no event told it', async () => {
  await using world = await startHostAgentWorld({ settings: { x509TtlSeconds: 2 } })
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  await watch.at(0)
  const [attestation] = world.server.attestations
  if (attestation !== undefined) attestation.hasEnded = true
  expect((await watch.ended).code).toBe(codes.PERMISSION_DENIED)
  const again = await until(
    () => callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] }).catch(() => undefined),
    { describe: 'control: only that attestation had ended' },
  )
  expect(again.svids).toHaveLength(1)
  client.close()
})

test('what only ended its attestation may be attested again', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  await watch.at(0)
  world.server.endAttestations('tests')
  expect((await watch.ended).code).toBe(codes.PERMISSION_DENIED)
  const again = await until(
    () => callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] }).catch(() => undefined),
    { describe: 'it is attested anew' },
  )
  expect(again.svids).toHaveLength(1)
  client.close()
})

test('a key that is not to be believed any more leads to new certificates and tokens at once', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  const first = await watch.at(0)
  const jwt = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
  await world.server.taint()
  const isNew = ({ svids }: X509Answer) =>
    !svids[0]?.x509_svid.equals(first.svids[0]?.x509_svid ?? Buffer.alloc(0)) &&
    svids[0]?.bundle.equals(world.server.authority().certificate)
  await until(() => watch.messages.find(isNew), { describe: 'a certificate of the new authority', withinMs: 2_000 })
  const next = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
  expect(next.svids[0]?.svid).not.toBe(jwt.svids[0]?.svid)
  client.close()
})

test('an agent that is not believed any more ends what it vouched for', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const watch = watchStream<X509Answer>(client, 'FetchX509SVID')
  await watch.at(0)
  world.server.disbelieveAgent()
  expect((await watch.ended).code).toBe(codes.PERMISSION_DENIED)
  expect((await watchStream(client, 'FetchX509SVID').ended).code).not.toBe(codes.OK)
  client.close()
})

test('the log has ids and reasons, and neither keys nor tokens', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const { svids } = await watchStream<X509Answer>(client, 'FetchX509SVID').at(0)
  const jwt = await callUnary<JwtAnswer>(client, 'FetchJWTSVID', { audience: [audience] })
  world.server.suspend('tests')
  await until(() => world.logLines.find((line) => line.includes('attestation_ended')), { describe: 'it is logged' })
  const text = world.logLines.join('')
  expect(world.logLines.map((line) => (JSON.parse(line) as { event: string }).event)).toContain('workload_attested')
  expect(text).toContain(`"uid":${ownUid}`)
  for (const secret of [svids[0]?.x509_svid_key.toString('base64') ?? '', jwt.svids[0]?.svid ?? '']) {
    expect(secret.length).toBeGreaterThan(50)
    expect(text).not.toContain(secret)
  }
  client.close()
})
