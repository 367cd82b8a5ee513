/** A real server, a real host agent, a workload that holds no secret: from the process to the database, and to the end. */
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openClient, watchStream, type X509Answer } from '../integration/host-agent/host-agent-fixture.ts'
import { until } from '../support/index.ts'
import { createOrdersTarget, type DevWorld, type OrdersTarget, registerRole, startDevWorld } from './dev-world.ts'
import type { RunningCommand } from './run-mayfly.ts'

const permissionDenied = 7
const spiffeId = 'spiffe://mayfly.internal/development/service/orders-api'
const uid = String(process.getuid?.())

describe('a workload behind a host agent', { timeout: 120_000 }, () => {
  let world: DevWorld
  let target: OrdersTarget
  let agent: RunningCommand
  let socket: string

  beforeAll(async () => {
    target = await createOrdersTarget()
    world = await startDevWorld('host-agent')
    socket = `${world.dir}/agent.sock`
    await registerRole(world, target, 'development')
    for (const [name, purpose] of [
      ['host-7', 'vouches for the processes of host-7'],
      ['orders-api', 'serves orders to the web shop'],
    ] as const) {
      await world.json(
        ['identity', 'add', name, '--kind', 'service', '--owner', 'payments', '--environment', 'development'].concat([
          '--expires',
          '90d',
          '--purpose',
          purpose,
        ]),
      )
    }
    const add = (...args: string[]) => world.json(args)
    await add('trust-provider', 'add', 'keys', '--kind', 'bound_key', '--fresh-for', '1h')
    await add(
      'binding',
      'add',
      '--trust-provider',
      'keys',
      '--identity',
      'host-7',
      '--new-key',
      `${world.dir}/host.jwk`,
    )
    await add('trust-provider', 'add', 'hosts', '--kind', 'host_agent', '--setting', 'agents=[host-7]')
    await add('binding', 'add', '--trust-provider', 'hosts', '--identity', 'orders-api', '--subject', `unix:uid:${uid}`)
    const own = ['--setting', 'trust_domain=mayfly.internal', '--setting', 'bundle.from=own']
    await add('trust-provider', 'add', 'own-svids', '--kind', 'spiffe', ...own)
    await add('binding', 'add', '--trust-provider', 'own-svids', '--identity', 'orders-api', '--subject', spiffeId)
    agent = world.start(['host-agent', '--as', 'host-7', '--key-file', `${world.dir}/host.jwk`, '--socket', socket])
    await until(
      async () => {
        if (agent.child.exitCode !== null) throw new Error(`the agent ended: ${agent.stderr()}`)
        return (await world.mayfly(['host-agent', 'health', '--socket', socket])).code === 0 || undefined
      },
      { describe: 'the agent is ready', withinMs: 30_000 },
    )
  }, 120_000)
  afterAll(async () => {
    agent?.child.kill('SIGTERM')
    await agent?.ended
    await world?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
  })

  test('it gets its SVID without a secret, and with it a login for as long as a command runs', async () => {
    using client = disposable(openClient(`unix://${socket}`))
    const watch = watchStream<X509Answer>(client.it, 'FetchX509SVID')
    const [svid] = (await watch.at(0)).svids
    watch.call.cancel()
    const leaf = new X509Certificate(svid?.x509_svid ?? '')
    const authority = new X509Certificate(svid?.bundle ?? '')
    expect([svid?.spiffe_id, leaf.subjectAltName]).toEqual([spiffeId, `URI:${spiffeId}`])
    expect(leaf.verify(authority.publicKey)).toBe(true)
    expect(authority.verify(leaf.publicKey), 'control: not the other way round').toBe(false)

    const ran = await world.start(
      ['run', '--role', 'orders-db/readonly', '--', 'sh', '-c', 'echo "$ORDERS_DB_USERNAME $ORDERS_DB_PASSWORD"'],
      { env: { SPIFFE_ENDPOINT_SOCKET: `unix://${socket}` } },
    ).ended
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/credential absent at the target after \d+ ms/),
    })
    const [username = ''] = ran.stdout.trim().split(' ')
    expect(username).toMatch(/^[a-z0-9_]{8,63}$/)
    expect(await target.exists(username)).toBe(false)
  })

  test('when its identity is suspended the stream ends with PermissionDenied, and stays shut', async () => {
    using client = disposable(openClient(`unix://${socket}`))
    const watch = watchStream<X509Answer>(client.it, 'FetchX509SVID')
    expect((await watch.at(0)).svids, 'control: it is entitled').toHaveLength(1)
    await world.json(['identity', 'suspend', 'orders-api'])
    expect((await watch.ended).code).toBe(permissionDenied)
    const again = watchStream<X509Answer>(client.it, 'FetchX509SVID')
    expect((await again.ended).code).toBe(permissionDenied)
    expect(again.messages).toEqual([])
  })
})

function disposable<T extends { close(): void }>(it: T): { readonly it: T } & Disposable {
  return { it, [Symbol.dispose]: () => it.close() }
}
