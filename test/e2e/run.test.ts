import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/index.ts'
import { startTestIssuer } from '../integration/proof/test-issuer.ts'
import { createOrdersTarget, type DevWorld, type OrdersTarget, registerOrders, startDevWorld } from './dev-world.ts'
import type { RunningCommand } from './run-mayfly.ts'

/** Tells its login and its own process, then lives until a signal. */
const tellAndWait = 'echo "$ORDERS_DB_USERNAME $ORDERS_DB_PASSWORD $$"; exec sleep 300'

describe('mayfly run', { timeout: 120_000 }, () => {
  let world: DevWorld
  let target: OrdersTarget
  let asService: string[]

  beforeAll(async () => {
    target = await createOrdersTarget()
    world = await startDevWorld('run')
    const { keyFile } = await registerOrders(world, target, 'production')
    asService = ['--identity', 'orders-api', '--key-file', keyFile]
  }, 120_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
  })

  function run(script: string, more: readonly string[] = [], who = asService): RunningCommand {
    return world.start(['run', '--role', 'orders-db/readonly', ...who, ...more, '--', 'sh', '-c', script])
  }

  async function loginOf(command: RunningCommand): Promise<{ username: string; password: string; pid: number }> {
    const [, username = '', password = '', pid] = await until(() => toldBy(command), {
      describe: 'the command tells its login',
      withinMs: 30_000,
    })
    return { username, password, pid: Number(pid) }
  }

  function toldBy({ child, stdout, stderr }: RunningCommand): RegExpExecArray | null {
    if (child.exitCode !== null) throw new Error(`the command ended: ${stderr()}`)
    return /^(\S+) (\S+) (\d+)\n/m.exec(stdout())
  }

  test('the credential works while the command runs, and is absent when SIGTERM ended it', async () => {
    const command = run(tellAndWait)
    const { username, password } = await loginOf(command)
    expect(await target.canLogIn(username, password)).toBe(true)
    expect(await target.canLogIn(username, 'not-the-password'), 'control').toBe(false)
    command.child.kill('SIGTERM')
    const ended = await command.ended
    expect(ended.code, '128 + 15, as a shell tells it').toBe(143)
    expect(await target.exists(username)).toBe(false)
    expect(ended.stderr).toMatch(/credential [0-9a-f-]{36} active until \S+ \(\d+ s\), renewed while the command runs/)
    expect(ended.stderr).toMatch(/command ended \(SIGTERM\), credential absent at the target after/)
    expect(ended.stderr, 'no secret on the terminal').not.toContain(password)
    const [task] = (
      await world.json<{ items: { kind: string; state: string }[] }>(['task', 'list', '--all'])
    ).items.slice(-1)
    expect(task).toMatchObject({ kind: 'running_instance', state: 'failed' })
  })

  test.each([
    { script: 'exit 0', code: 0, taskState: 'completed' },
    { script: 'exit 7', code: 7, taskState: 'failed' },
    { script: 'kill -KILL $$', code: 137, taskState: 'failed' },
  ])('`$script` ends with $code, and the task is $taskState', async ({ script, code, taskState }) => {
    const ended = await run(`echo "$ORDERS_DB_USERNAME $ORDERS_DB_PASSWORD $$ $MAYFLY_TASK_ID"; ${script}`).ended
    expect(ended.code, ended.stderr).toBe(code)
    const [username = '', , , taskId = ''] = ended.stdout.trim().split(' ')
    expect(username).not.toBe('')
    expect(await target.exists(username)).toBe(false)
    expect(await world.json(['task', 'show', taskId])).toMatchObject({ state: taskState })
  })

  test.each(['SIGINT', 'SIGHUP', 'SIGUSR2'] as const)(
    '%s reaches the command, which decides what becomes of it',
    async (signal) => {
      const name = signal.slice(3)
      const command = run(`trap 'echo caught; exit 5' ${name}; echo ready; while :; do sleep 0.05; done`)
      await until(() => command.stdout().includes('ready'), { describe: 'the command is ready', withinMs: 30_000 })
      command.child.kill(signal)
      const ended = await command.ended
      expect(ended.stdout).toContain('caught')
      expect(ended.code, ended.stderr).toBe(5)
    },
  )

  test('a command that does not exist ends what was issued, too', async () => {
    const command = world.start(['run', '--role', 'orders-db/readonly', ...asService, '--', 'no-such-command'])
    const ended = await command.ended
    expect(ended.code).toBe(127)
    expect(ended.stderr).toMatch(/there is no command `no-such-command`\), credential absent at the target/)
  })

  test('into a file that only its owner may read, gone with the command', async () => {
    const file = `${world.dir}/credential.json`
    const command = run(`cat "$MAYFLY_CREDENTIAL_FILE"; echo; env | grep -c PASSWORD; exec sleep 300`, ['--file', file])
    await until(() => command.stdout().endsWith('\n0\n'), {
      describe: 'the command has read the file',
      withinMs: 30_000,
    })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const { fields } = JSON.parse(await readFile(file, 'utf8')) as { fields: { username: string; password: string } }
    expect(await target.canLogIn(fields.username, fields.password)).toBe(true)
    command.child.kill('SIGTERM')
    await command.ended
    await expect(stat(file)).rejects.toThrow(/ENOENT/)
  })

  test('it is renewed while it runs; with `run` itself killed, the target refuses it at its end', async () => {
    const startedMs = performance.now()
    const command = run(tellAndWait, ['--for', '8s'])
    const { username, password, pid } = await loginOf(command)
    try {
      // Renewed, or the target would have refused by now: eight seconds after it was issued.
      await until(() => performance.now() - startedMs > 12_000, {
        describe: 'twelve seconds have passed',
        withinMs: 20_000,
      })
      expect(await target.canLogIn(username, password), command.stderr()).toBe(true)
      const killed = once(command.child, 'exit')
      command.child.kill('SIGKILL')
      await killed
      await until(async () => !(await target.exists(username)), { describe: 'the login is gone', withinMs: 40_000 })
      expect(process.kill(pid, 0), 'control: the command itself still runs').toBe(true)
    } finally {
      process.kill(pid, 'SIGKILL')
    }
  })

  test('it proves itself again with what the platform gives; when that stops, the credential ends', async () => {
    await using issuer = await startTestIssuer({ now: () => new Date(), audience: world.url })
    await world.json(
      ['trust-provider', 'add', 'platform', '--kind', 'oidc', '--fresh-for', '10s', '--strength', 'platform'].concat([
        '--setting',
        `issuer=${issuer.url}`,
        '--setting',
        `audiences=[${world.url}]`,
      ]),
    )
    await world.json([
      'binding',
      'add',
      '--trust-provider',
      'platform',
      '--identity',
      'orders-api',
      '--subject',
      'pod-1',
    ])
    const tokenFile = `${world.dir}/token`
    const rotate = () => writeFile(tokenFile, issuer.token({ sub: 'pod-1' }))
    await rotate()
    const platform = setInterval(() => void rotate(), 500)
    const startedMs = performance.now()
    const command = run(tellAndWait, [], ['--identity', 'orders-api', '--token-file', tokenFile])
    const { username, password } = await loginOf(command)
    try {
      await until(() => performance.now() - startedMs > 16_000, {
        describe: 'the first proof is stale',
        withinMs: 30_000,
      })
      expect(await target.canLogIn(username, password), command.stderr()).toBe(true)
      clearInterval(platform)
      await until(async () => !(await target.exists(username)), { describe: 'the proof has lapsed', withinMs: 40_000 })
      expect(command.child.exitCode, 'control: the command itself still runs').toBe(null)
    } finally {
      clearInterval(platform)
      command.child.kill('SIGTERM')
      await command.ended
    }
  })

  test('what is denied starts no command', async () => {
    await world.json(['role', 'add', 'orders-db/other', '--permission', `member_of=[${target.group}]`])
    await world.json(['role', 'retire', 'orders-db/other'])
    const ended = await world.start([
      'run',
      '--role',
      'orders-db/other',
      ...asService,
      '--',
      'sh',
      '-c',
      'echo started',
    ]).ended
    expect(ended.code, ended.stderr).not.toBe(0)
    expect(ended.stdout).not.toContain('started')
    expect(ended.stderr).toMatch(/mayfly: error: /)
  })
})
