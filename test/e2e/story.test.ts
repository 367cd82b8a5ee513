import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, withClient } from '../support/index.ts'
import {
  createOrdersTarget,
  type DevWorld,
  loginArgs,
  type OrdersTarget,
  registerOrders,
  startDevWorld,
} from './dev-world.ts'

interface Issued {
  readonly credential_id: string
  readonly account_name: string
  readonly state: string
  readonly fields: { readonly username: string; readonly password: string }
}

describe('the whole story, by commands only', { timeout: 120_000 }, () => {
  let world: DevWorld
  let target: OrdersTarget
  let keyFile: string
  let asService: string[]

  beforeAll(async () => {
    target = await createOrdersTarget()
    world = await startDevWorld('story', { signIn: false })
  }, 90_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
  })

  test('the first administrator signs in once, with a secret that nobody else can read', async () => {
    const secretFile = `${world.dir}/.mayfly/bootstrap`
    expect((await stat(secretFile)).mode & 0o777).toBe(0o600)
    const before = await world.mayfly(['whoami'])
    expect(before.code, before.stderr).toBe(2)
    expect(before.stderr).toContain('hint: run `mayfly login`')

    const signedIn = await world.json<{ key_file: string }>(loginArgs(world))
    expect((await stat(signedIn.key_file)).mode & 0o777).toBe(0o600)
    expect(await world.json(['whoami'])).toMatchObject({ name: 'Ada Lovelace', url: world.url })

    const again = await world.mayfly(loginArgs(world), { env: { XDG_CONFIG_HOME: `${world.dir}/elsewhere` } })
    expect(again.code, 'the secret is used up').not.toBe(0)
  })

  test('an identity without an owner is refused, naming the field', async () => {
    const refused = await world.mayfly(
      ['identity', 'add', 'orphan', '--kind', 'service', '--owner', 'nobody', '--environment', 'production'].concat([
        '--expires',
        '90d',
        '--purpose',
        'serves orders to the web shop',
      ]),
    )
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('identity_owner_missing')
    expect(refused.stderr).toContain('`/owner`')
  })

  test('register, check the target by doing, and bind a key', async () => {
    ;({ keyFile } = await registerOrders(world, target, 'production'))
    asService = ['--as', 'orders-api', '--key-file', keyFile]
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    const checked = await world.mayfly(['resource', 'check', 'orders-db'])
    expect(checked.code, checked.stdout + checked.stderr).toBe(0)
    expect(checked.stdout).toContain('passed')
    expect(await world.json(['whoami', ...asService])).toMatchObject({
      subject: 'spiffe://mayfly.internal/production/service/orders-api',
    })
  })

  test('production without a task is denied, and explain says why', async () => {
    const denied = await world.mayfly(['issue', 'orders-db/readonly', '--for', '5m', ...asService])
    expect(denied.code).toBe(3)
    expect(denied.stdout).toBe('')
    const [, decision = ''] = /hint: run `mayfly explain ([0-9a-f-]{36})`/.exec(denied.stderr) ?? []
    const explained = await world.mayfly(['explain', decision])
    expect(explained.stdout).toContain('production-only-within-a-task')
    expect(explained.stdout).toMatch(/^deny {2}credential\.issue/)
  })

  test('a task, a credential that works, and the end of the task is its end', async () => {
    const task = await world.json<{ task_id: string }>(
      ['task', 'declare', '--identity', 'orders-api', '--role', 'orders-db/readonly', '--deadline', '1h'].concat([
        '--purpose',
        'look at the orders of today',
      ]),
    )
    const issued = await world.json<Issued>([
      'issue',
      'orders-db/readonly',
      '--for',
      '5m',
      '--task',
      task.task_id,
      ...asService,
    ])
    const { username, password } = issued.fields
    expect(await target.canLogIn(username, password)).toBe(true)
    expect(await target.canLogIn(username, 'not-the-password'), 'control: the target checks').toBe(false)
    await withClient(target.database.url(username, password), async (client) => {
      expect((await client.query('select id from orders')).rowCount).toBe(2)
    })
    const held = await world.json<{ credentials: unknown[]; tasks: unknown[] }>(['identity', 'holds', 'orders-api'])
    expect([held.credentials.length, held.tasks.length]).toEqual([1, 1])

    const ended = await world.json<{ revocation_id: string }>(['task', 'complete', task.task_id])
    expect(ended.revocation_id).toMatch(/^[0-9a-f-]{36}$/)
    const gone = await world.json<{ total: number }>([
      'revoke',
      'identity',
      'orders-api',
      '--reason',
      'end of the test',
    ])
    expect(gone.total, 'it was on its way out already').toBeLessThanOrEqual(1)
    expect(await target.canLogIn(username, password)).toBe(false)
    expect(await world.json(['credential', 'show', issued.credential_id])).toMatchObject({ state: 'revoked' })

    const traced = await world.mayfly(['trace', 'credential', issued.credential_id])
    expect(traced.stdout).toMatch(/^person Ada Lovelace/)
    expect(traced.stdout).toMatch(/end task_completed/)
    expect(traced.stdout).not.toContain(password)
  })

  test('revoke shows beforehand what it would end, and waits until the target says absent', async () => {
    const task = await world.json<{ task_id: string }>(
      ['task', 'declare', '--identity', 'orders-api', '--role', 'orders-db/readonly', '--deadline', '1h'].concat([
        '--purpose',
        'two credentials at once',
      ]),
    )
    const names: string[] = []
    for (let n = 0; n < 2; n++) {
      const args = ['issue', 'orders-db/readonly', '--task', task.task_id, ...asService]
      names.push((await world.json<Issued>(args)).account_name)
    }
    expect(await world.json(['revoke', 'resource', 'orders-db', '--preview'])).toMatchObject({ total: 2 })
    expect(await target.exists(names[0] ?? ''), 'control: a preview ends nothing').toBe(true)
    const wary = await world.mayfly(['revoke', 'resource', 'orders-db', '--expected-total', '1'])
    expect(wary.stderr).toContain('preview_changed')
    const revoked = await world.mayfly(['revoke', 'resource', 'orders-db', '--reason', 'a test'])
    expect(revoked.code, revoked.stderr).toBe(0)
    expect(revoked.stderr).toMatch(/authority of 2 credentials has ended/)
    expect(revoked.stderr).toMatch(/all 2 are absent at their targets after \d+ ms|s/)
    for (const name of names) expect(await target.exists(name)).toBe(false)
  })

  test.each([
    'person list',
    'owner list',
    'identity list --owner payments',
    'resource list --environment production',
    'role list --resource orders-db',
    'trust-provider list --state active',
    'binding list --identity orders-api',
    'task list --identity orders-api --state completed',
    'credential list --state revoked --limit 1',
    'policy list',
    'finding list',
    'key list',
  ])('%s', async (command) => {
    const listed = await world.json<{ items: unknown[] }>(command.split(' '))
    expect(listed.items.length).toBeGreaterThanOrEqual(command === 'finding list' ? 0 : 1)
    const shown = await world.mayfly(command.split(' '))
    expect(shown.stdout).toMatch(/^[A-Z_]+ /)
  })

  test('a key is changed in steps, and tokens go on working', async () => {
    expect(await world.json(['key', 'rotate', 'access_token'])).toMatchObject({ key: { state: 'prepared' } })
    expect(await world.json(['key', 'rotate', 'data'])).toHaveProperty('data_key_id')
    expect(await world.json(['whoami'])).toMatchObject({ name: 'Ada Lovelace' })
  })

  test('the log verifies, continues itself, and a copy verifies without the server', async () => {
    const first = await world.json<{ size: number; compared_with: number | null }>(['audit', 'verify', '--state'])
    expect(first).toMatchObject({ verified: true, compared_with: null })
    const second = await world.json<{ compared_with: number }>(['audit', 'verify'])
    expect(second.compared_with).toBe(first.size)
    const copied = await world.mayfly(['audit', 'export', `${world.dir}/log`])
    expect(copied.code, copied.stderr).toBe(0)
    const checked = await world.json(['audit', 'verify', '--export', `${world.dir}/log`])
    expect(checked).toMatchObject({ verified: true })
  })

  test('a byte that was changed in the copy is found, and so is a log that was cut', async () => {
    const bundles = await readdir(`${world.dir}/log/tile/entries`, { recursive: true, withFileTypes: true })
    const [bundle] = bundles.filter((file) => file.isFile())
    const path = `${bundle?.parentPath ?? ''}/${bundle?.name ?? ''}`
    const bytes = await readFile(path)
    const at = bytes.indexOf('orders-api')
    bytes.write('orders-apj', at)
    await writeFile(path, bytes)
    const found = await world.mayfly(['audit', 'verify', '--export', `${world.dir}/log`])
    expect(at, 'control: there is an entry to change').toBeGreaterThan(0)
    expect(found.code).toBe(1)
    expect(found.stdout).toContain('the log does NOT verify')
    expect(found.stdout).toMatch(/entry_changed: entry \d+/)

    bytes.write('orders-api', at)
    await writeFile(path, bytes)
    const old = `${world.dir}/old.checkpoint`
    await cp(`${world.dir}/log/checkpoint`, old)
    await world.json(['whoami'])
    await until(
      async () => (await world.json<{ size: number }>(['audit', 'verify'])).size > sizeOf(await readFile(old, 'utf8')),
      {
        describe: 'the log has grown',
        withinMs: 20_000,
      },
    )
    const cut = await world.json<{ findings: { kind: string }[] }>(['audit', 'verify', '--checkpoint-file', old])
    expect(cut, 'control: the server still continues it').toMatchObject({ verified: true })
    const behind = await world.mayfly(['audit', 'verify', '--export', `${world.dir}/log`, '--json'])
    expect(JSON.parse(behind.stdout)).toMatchObject({ verified: false, findings: [{ kind: 'log_truncated' }] })
  })

  test('a stricter policy says what it would end before it does', async () => {
    const standard = await world.mayfly(['policy', 'default'])
    const strict = standard.stdout.replace('"identities-use-data-of-their-owner"', '"renamed"')
    const drafted = await world.mayfly(['policy', 'upload', '-', '--note', 'a rename', '--json'], { stdin: strict })
    expect(drafted.code, drafted.stderr).toBe(0)
    const { policy_version_id: id } = JSON.parse(drafted.stdout) as { policy_version_id: string }
    expect(await world.json(['policy', 'preview', id])).toMatchObject({ would_end: 0, added: ['renamed'] })
    expect(await world.json(['policy', 'activate', id, '--expected-to-end', '0'])).toMatchObject({ state: 'active' })
    const broken = await world.mayfly(['policy', 'upload', '-'], { stdin: 'permit (principal, action' })
    expect(broken.code).toBe(1)
    expect(broken.stderr).toContain('policy_invalid')
  })

  test('the server ends clean', async () => {
    world.server.child.kill('SIGTERM')
    const ended = await world.server.ended
    expect([ended.code, ended.signal], ended.stderr).toEqual([0, null])
  })
})

/** The second line of a checkpoint (C2SP tlog-checkpoint). */
function sizeOf(checkpoint: string): number {
  return Number(checkpoint.split('\n')[1])
}
