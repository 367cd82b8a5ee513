/** `mayfly host-agent` and `mayfly run`, as processes of their own. */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { cleanEnvironment, type RunningCommand, startMayfly } from '../../e2e/run-mayfly.ts'
import { makeTempDir, until } from '../../support/index.ts'
import { type AuthorityServer, startAuthorityServer } from './authority-server.ts'
import { ownUid, startHostAgentWorld } from './host-agent-fixture.ts'

const running: RunningCommand[] = []
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
})

async function startCommands(server: AuthorityServer, env: Readonly<Record<string, string>> = {}) {
  const dir = await makeTempDir('command')
  return {
    dir,
    start: (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
      const command = startMayfly(args, {
        cwd: dir,
        env: { ...cleanEnvironment(dir), MAYFLY_URL: server.url, ...env, ...more },
      })
      running.push(command)
      return command
    },
  }
}

test(
  'the agent starts from a file, tells its socket, answers health, and removes the socket when it ends',
  { timeout: 60_000 },
  async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await using server = await startAuthorityServer(privateKey)
    const { dir, start } = await startCommands(server)
    const keyFile = join(dir, 'host-7.jwk')
    await writeFile(keyFile, JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: 0o600 })
    const socket = join(dir, 'agent.sock')
    const config = ['identity: host-7', `key_file: ${keyFile}`, `socket: ${socket}`, 'grace_seconds: 60', ''].join('\n')
    await writeFile(join(dir, 'agent.yaml'), config)

    const early = await start(['host-agent', 'health', '--socket', socket]).ended
    expect(early.code, 'control: nothing answers yet').toBe(4)
    const agent = start(['host-agent', '--config', 'agent.yaml', '--json'])
    const told = await until(() => (agent.stdout().trimEnd().endsWith('}') ? agent.stdout() : undefined), {
      describe: 'the agent listens',
      withinMs: 20_000,
    })
    expect(JSON.parse(told)).toEqual({ socket })
    await until(() => agent.stderr().includes('"bundles_changed"'), {
      describe: 'it has the bundles',
      withinMs: 20_000,
    })
    const health = await start(['host-agent', 'health', '--socket', socket, '--json']).ended
    expect([health.code, JSON.parse(health.stdout)]).toEqual([0, { socket, status: 'serving' }])

    const check = await start(['host-agent', 'check', String(agent.child.pid), '--json']).ended
    expect((JSON.parse(check.stdout) as { selectors: string[] }).selectors).toEqual(
      expect.arrayContaining([`unix:uid:${ownUid}`, `unix:path:${process.execPath}`]),
    )
    const table = await start(['host-agent', 'check', String(agent.child.pid)]).ended
    expect(table.stdout).toMatch(/^TYPE +VALUE\nunix:uid +\d+\n/)
    expect((await start(['host-agent', 'check', '4194304']).ended).code).toBe(2)

    agent.child.kill('SIGTERM')
    await agent.ended
    expect(existsSync(socket)).toBe(false)
    for (const line of agent.stderr().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event')
  },
)

test('every fault of a configuration is told at once, with the field and the fix', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await using server = await startAuthorityServer(privateKey)
  const { dir, start } = await startCommands(server)
  const text = 'sokcet: /a\ngrace_seconds: 4000\nfiles:\n  - { name: orders, mode: 600, certificate: /a.pem }\n'
  await writeFile(join(dir, 'agent.yaml'), text)
  const ended = await start(['host-agent', '--config', 'agent.yaml', '--as', 'host-7']).ended
  expect(ended.code).toBe(2)
  expect(ended.stderr).toContain('`sokcet`: unrecognised (did you mean `socket`?)')
  expect(ended.stderr).toContain('`grace_seconds`: must be a whole number from 0 to 3600')
  expect(ended.stderr).toContain("`files[0].mode`: must be octal and a text: `'0600'`")
  expect(ended.stderr).toContain('`certificate` and `key` go together')
  const nobody = await start(['host-agent', '--socket', join(dir, 'a.sock')]).ended
  expect(nobody.stderr).toContain('it is not said which identity this agent is')
})

test(
  '`mayfly run` proves itself by the Workload API, with no key and no token of its own',
  { timeout: 60_000 },
  async () => {
    await using world = await startHostAgentWorld({
      bind: [
        { identity: 'first', selectors: [`unix:uid:${ownUid}`] },
        { identity: 'orders-api', selectors: [`unix:uid:${ownUid}`] },
      ],
    })
    const { start } = await startCommands(world.server, { SPIFFE_ENDPOINT_SOCKET: `unix://${world.socketPath}` })
    const script = ['--', 'sh', '-c', 'echo "$ORDERS_DB_USERNAME"']
    const run = (...more: string[]) => start(['run', '--role', 'orders-db/readonly', ...more, ...script]).ended
    const ran = await run()
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'user-of-first\n'])
    expect((await run('--as', 'orders-api')).stdout, 'the identity that is asked for').toBe('user-of-orders-api\n')
    const other = await run('--as', 'payroll-api')
    expect(other.code, 'control: not another').toBe(2)
    expect(other.stderr).toContain('it vouches for it as `first`, `orders-api`')

    for (const identity of ['first', 'orders-api']) world.server.suspend(identity)
    const denied = await run()
    expect(denied.code).toBe(3)
    expect(denied.stderr).toContain('hint: run `mayfly host-agent check PID`')
    const wrong = await start(['run', '--role', 'a/b', ...script], { SPIFFE_ENDPOINT_SOCKET: 'unix://relative' }).ended
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('SPIFFE_ENDPOINT_SOCKET')])
  },
)

test('a key that is given stands above the Workload API', { timeout: 60_000 }, async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await using server = await startAuthorityServer(privateKey)
  const { dir, start } = await startCommands(server, { SPIFFE_ENDPOINT_SOCKET: 'unix:///nobody/listens/here.sock' })
  const keyFile = join(dir, 'own.jwk')
  await writeFile(keyFile, JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: 0o600 })
  const script = ['--', 'true']
  const own = await start(['run', '--role', 'a/b', '--as', 'host-7', '--key-file', keyFile, ...script]).ended
  expect(own.stderr, 'its own proof was accepted: what the agent may not have is denied').toContain('policy_denied')
  const without = await start(['run', '--role', 'a/b', ...script]).ended
  expect(without.stderr, 'control: without it').toContain('the Workload API at')
})
