/** go-spiffe, a client of the Workload API that is not ours, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { makeTempDir, until } from '../../support/index.ts'
import { startProcess } from '../../e2e/run-mayfly.ts'
import { startHostAgentWorld } from './host-agent-fixture.ts'

const source = fileURLToPath(new URL('go-client', import.meta.url))
let binary = ''
const children: ChildProcess[] = []

beforeAll(async () => {
  binary = join(await makeTempDir('go-client', 'disk'), 'go-client')
  const env = Object.fromEntries(
    Object.entries(process.env).filter((one): one is [string, string] => one[1] !== undefined),
  )
  const built = await startProcess('go', ['build', '-o', binary, '.'], { cwd: source, env }).ended.catch(
    (error: unknown) => {
      throw new Error('go is needed to build the client that is not ours: install golang-go (1.24 or newer)', {
        cause: error,
      })
    },
  )
  if (built.code !== 0) throw new Error(`the client that is not ours could not be built: ${built.stderr}`)
}, 900_000)
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

type Line = Readonly<Record<string, unknown>> & { readonly event: string }

function startClient(
  endpoint: string,
  audience: string,
): { lines: Line[]; at: (event: string, index?: number) => Promise<Line> } {
  const child = spawn(binary, [endpoint, audience], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines: Line[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line))
  return {
    lines,
    at: (event, index = 0) =>
      until(
        () => {
          const failed = lines.find((line) => line.event === 'failed')
          if (failed !== undefined && event !== 'failed') throw new Error(JSON.stringify(failed))
          return lines.filter((line) => line.event === event)[index]
        },
        { describe: `the client tells \`${event}\``, withinMs: 20_000 },
      ),
  }
}

const audience = 'https://orders.example.com'

test('it fetches, verifies and validates SVIDs, speaks mutual TLS with them, sees a rotation and the end', async () => {
  await using world = await startHostAgentWorld({
    bind: [{ identity: 'orders', selectors: [`unix:path:${binary}`] }],
    settings: { x509TtlSeconds: 20 },
  })
  const client = startClient(world.target, audience)
  const id = world.server.spiffeId('orders')
  expect(await client.at('x509')).toMatchObject({ id, hint: 'orders', chains: 1, svids: 1 })
  expect(await client.at('bundles')).toMatchObject({ x509: 1, jwt: 1 })
  expect(await client.at('jwt')).toMatchObject({ id, audience: [audience] })
  expect(await client.at('validated')).toMatchObject({ id, wrongAudience: 'InvalidArgument' })
  expect(await client.at('mtls')).toMatchObject({ greeting: 'hello' })
  const first = await client.at('x509_update')
  expect(first).toMatchObject({ id, authorities: 1, trustDomains: 1 })
  await world.server.taint()
  const next = await until(
    () => client.lines.find((line) => line.event === 'x509_update' && line['serial'] !== first['serial']),
    {
      describe: 'it was told of the certificate of the new authority',
    },
  )
  expect(next['id']).toBe(id)
  const startedMs = performance.now()
  world.server.suspend('orders')
  expect(await client.at('x509_error')).toMatchObject({ code: 'PermissionDenied' })
  expect(performance.now() - startedMs).toBeLessThan(1_000)
})

test('it is refused where its program is not the one that is bound', async () => {
  await using world = await startHostAgentWorld({
    bind: [{ identity: 'orders', selectors: ['unix:path:/usr/bin/other'] }],
  })
  const client = startClient(world.target, audience)
  expect(await client.at('failed')).toMatchObject({ code: 'PermissionDenied' })
})
