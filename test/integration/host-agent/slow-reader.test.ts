/** Streams that nobody reads cost no memory, and end all the same. */
import { connect, type ClientHttp2Stream } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import { messageOf } from '../../../packages/host-agent/src/grpc/load-services.ts'
import { type BundlesAnswer, startHostAgentWorld } from './host-agent-fixture.ts'
import { makeCertificateAuthority } from './certificate-authority.ts'

/** A stream whose reader can stop reading: raw HTTP/2, since a gRPC client reads ahead. */
function openRaw(socketPath: string): { stream: ClientHttp2Stream; close: () => void; ended: Promise<void> } {
  const session = connect('http://workload', {
    createConnection: () => connectSocket(socketPath),
  })
  const stream = session.request({
    ':method': 'POST',
    ':path': '/SpiffeWorkloadAPI/FetchX509Bundles',
    'content-type': 'application/grpc',
    te: 'trailers',
    'workload.spiffe.io': 'true',
  })
  session.on('error', () => {})
  stream.on('error', () => {})
  stream.end(Buffer.alloc(5))
  // Not that of the stream: what is not read keeps that open.
  const ended = new Promise<void>((resolve) => session.on('close', resolve))
  return { stream, close: () => session.destroy(), ended }
}

test('a reader that stops reading gets the newest state afterwards, and not all those between', async () => {
  await using world = await startHostAgentWorld()
  // Each state is larger than what a client reads ahead.
  const federate = async (name: string) => {
    world.server.federate(await makeCertificateAuthority(name))
    await until(() => world.logLines.at(-1)?.includes(name), { describe: `${name} is known` })
  }
  for (let at = 0; at < 200; at += 1) world.server.federate(await makeCertificateAuthority(`large-${at}.example`))
  await federate('large.example')
  const { stream, close } = openRaw(world.socketPath)
  const first = await new Promise<Buffer>((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk)))
  stream.pause()
  const chunks = [first]
  const changes = 20
  for (let at = 0; at < changes; at += 1) await federate(`partner-${at}.example`)
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.resume()
  const messages = await until(
    () => {
      const all = split(Buffer.concat(chunks))
      return `spiffe://partner-${changes - 1}.example` in (all.at(-1)?.bundles ?? {}) ? all : undefined
    },
    { describe: 'the newest state has come' },
  )
  expect(messages.length, 'the first, what was on its way, and the newest').toBeLessThanOrEqual(4)
  expect(messages.length, 'control: it did stop').toBeGreaterThan(1)
  close()
})

test('a reader that reads nothing is cut off within a second of the end of its identity', async () => {
  await using world = await startHostAgentWorld()
  for (let at = 0; at < 200; at += 1) world.server.federate(await makeCertificateAuthority(`large-${at}.example`))
  await until(() => world.logLines.at(-1)?.includes('large-199.'), { describe: 'each state is large' })
  const { stream, ended, close } = openRaw(world.socketPath)
  await new Promise((resolve) => stream.once('data', resolve))
  stream.pause()
  for (let at = 0; at < 10; at += 1) world.server.federate(await makeCertificateAuthority(`partner-${at}.example`))
  await until(() => world.logLines.at(-1)?.includes('partner-9.'), { describe: 'more is to be sent than is read' })
  const startedMs = performance.now()
  world.server.suspend('tests')
  await ended
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  close()
})

/** gRPC frames: a byte, four of length, the message. */
function split(bytes: Buffer): BundlesAnswer[] {
  const type = messageOf<BundlesAnswer>('X509BundlesResponse')
  const found: BundlesAnswer[] = []
  for (let at = 0; at + 5 <= bytes.length;) {
    const size = bytes.readUInt32BE(at + 1)
    if (at + 5 + size > bytes.length) break
    found.push(type.deserialize(bytes.subarray(at + 5, at + 5 + size)))
    at += 5 + size
  }
  return found
}
