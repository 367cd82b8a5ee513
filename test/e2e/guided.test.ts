import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Prepared as PreparedRedis, prepareRedis } from '../integration/provider-redis/redis-fixture.ts'
import { startTokenServer } from '../integration/provider-http/token-server.ts'
import { makeTempDir, until } from '../support/index.ts'
import { makeHostKey, type RunningSshd, startSshd } from '../support/servers/start-sshd.ts'
import { createOrdersTarget, type DevWorld, type OrdersTarget, startDevWorld } from './dev-world.ts'
import { startProcess } from './run-mayfly.ts'

const bin = fileURLToPath(new URL('../../packages/cli/bin/mayfly.cjs', import.meta.url))

/** What is typed, or what is done before it is. */
type Answer = string | (() => Promise<string>)

/** A person at a terminal: `script` gives the command one, and each answer follows its question. */
async function atTerminal(world: DevWorld, args: readonly string[], answers: readonly (readonly [RegExp, Answer])[]) {
  const line = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
  const running = startProcess('script', ['-qefc', line, '/dev/null'], {
    cwd: world.dir,
    env: { ...world.env },
    keepStdinOpen: true,
  })
  let read = 0
  for (const [question, answer] of answers) {
    await until(
      () => {
        if (running.child.exitCode !== null)
          throw new Error(`it has ended and never asked ${question}:\n${running.stdout()}`)
        const found = question.exec(running.stdout().slice(read))
        if (found === null) return false
        read += found.index + found[0].length
        return true
      },
      { describe: `it asks ${question}; it said:\n${running.stdout().slice(-2_000)}`, withinMs: 30_000 },
    )
    running.child.stdin?.write(`${typeof answer === 'string' ? answer : await answer()}\n`)
  }
  const ran = await running.ended
  return { code: ran.code, shown: ran.stdout }
}

describe('`resource add postgres`, step by step', { timeout: 120_000 }, () => {
  let world: DevWorld
  let target: OrdersTarget
  beforeAll(async () => {
    world = await startDevWorld('guided')
    target = await createOrdersTarget()
    await world.json(['owner', 'add', 'payments', '--contact', '#payments', '--primary', 'ada@example.com'])
  }, 90_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
  })

  const options = () => {
    const { host, port } = target.database
    const settings = [`host=${host}`, `port=${port}`, 'tls.mode=disabled_loopback_only']
    const given = ['--owner', 'payments', '--environment', 'development', '--reach', 'data', '--data-class', 'internal']
    return given.concat(['--exposure', 'internal'], ...settings.map((one) => ['--setting', one]))
  }
  const state = async () => (await world.json<{ items: { name: string }[] }>(['resource', 'list'])).items

  test('it prints the setup, asks, tries it at the target and registers; what is typed as a secret is not shown', async () => {
    const { code, shown } = await atTerminal(
      world,
      ['resource', 'add', 'postgres', ...options()],
      [
        [/has it been run\? \[y\/N\]/, 'y'],
        [/name of the resource/, 'orders-db'],
        [/database/, target.database.database],
        [/username/, target.login.username],
        [/password \(not shown\)/, target.login.password],
        [/name of its first role/, ''],
        [/member_of/, target.group],
      ],
    )
    expect(code, shown).toBe(0)
    expect(shown, 'the setup').toContain('$guide$')
    expect(shown).toMatch(/passed\s+\S*login/)
    expect(shown).not.toContain(target.login.password)
    const listed = await state()
    expect(listed.map(({ name }) => name)).toEqual(['orders-db'])
  })

  test('what the target refuses is not registered', async () => {
    const { code, shown } = await atTerminal(
      world,
      ['resource', 'add', 'postgres', '--name', 'other-db', ...options(), '--yes'],
      [
        [/database/, target.database.database],
        [/username/, target.login.username],
        [/password \(not shown\)/, 'not-the-password'],
        [/name of its first role/, ''],
        [/member_of/, target.group],
      ],
    )
    expect(code, shown).not.toBe(0)
    expect(shown).toContain('nothing was registered')
    expect((await state()).map(({ name }) => name)).not.toContain('other-db')
  })

  test('where nobody sits at a terminal all that is missing is named at once', async () => {
    const ran = await world.mayfly(['resource', 'add', 'postgres', '--name', 'third-db'])
    expect(ran.code).toBe(2)
    for (const flag of [
      '--owner',
      '--reach',
      '--setting host=…',
      '--secret password=…',
      '--permission member_of=…',
      '--yes',
    ]) {
      expect(ran.stderr).toContain(flag)
    }
  })

  test('a kind that is none is named, with those that are', async () => {
    const ran = await world.mayfly(['resource', 'add', 'oracle'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('`oracle` is not a kind of resource')
    expect(ran.stderr).toContain('postgres')
  })
})

const attributes = ['--environment', 'development', '--reach', 'data', '--data-class', 'internal'].concat([
  '--exposure',
  'internal',
])

interface Shown {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly checked_at?: string
  readonly check?: readonly { readonly outcome: string; readonly check: string; readonly detail: string }[]
}

describe('step by step by other kinds: answers that do not fit are asked for again', { timeout: 120_000 }, () => {
  let world: DevWorld
  beforeAll(async () => {
    world = await startDevWorld('guided-kinds')
    await world.json(['owner', 'add', 'payments', '--contact', '#payments', '--primary', 'ada@example.com'])
  }, 90_000)
  afterAll(async () => world?.[Symbol.asyncDispose]())

  const names = async () =>
    (await world.json<{ items: readonly { name: string }[] }>(['resource', 'list'])).items.map(({ name }) => name)

  test('`x509`: an authority that Mayfly makes, and a role that names somebody', async () => {
    const { code, shown } = await atTerminal(
      world,
      ['resource', 'add', 'x509', ...attributes],
      [
        [/has it been run\? \[y\/N\]/, 'y'],
        [/name of the resource/, 'orders-pki'],
        [/owner, the team/, 'paymnets'],
        [/`owner`: there is no owner of this name[\s\S]*owner, the team/, 'payments'],
        [/common_name \(what the authority is called, e\.g\. Orders internal CA\):/, 'x'.repeat(65)],
        [/`common_name`: must be at most 64 characters long[\s\S]*common_name .*:/, 'Orders internal CA'],
        [/organization .*\[none\]:/, ''],
        [/name of its first role/, 'server'],
        [/common_name \(the name \(CN\).*\[none\]:/, ''],
        [/dns \(DNS names.*\[none\]:/, ''],
        [/uses .*of server, client, code_signing, email; separated by commas:/, 'server, sever'],
        [/`uses\.1`: must be `server` or `client`[\s\S]*uses .*:/, 'server, client'],
        [/`dns`: names nobody: give `common_name`, `dns`[\s\S]*dns .*:/, 'API.orders.example'],
        [/`dns\.0`: not a DNS name in lower case[\s\S]*dns .*:/, 'api.orders.example, www.orders.example'],
      ],
    )
    expect(code, shown).toBe(0)
    const resource = await world.json<Shown>(['resource', 'show', 'orders-pki'])
    expect(resource).toMatchObject({ settings: { common_name: 'Orders internal CA' }, checked_at: expect.any(String) })
    expect(resource.settings).not.toHaveProperty('organization')
    expect(await world.json(['role', 'show', 'orders-pki/server'])).toMatchObject({
      permission: { uses: ['server', 'client'], dns: ['api.orders.example', 'www.orders.example'] },
    })
    const ca = await world.mayfly(['resource', 'document', 'orders-pki', 'ca.pem'])
    await writeFile(`${world.dir}/ca.pem`, ca.stdout)
    const { stdout } = await promisify(execFile)('openssl', [
      'x509',
      '-in',
      `${world.dir}/ca.pem`,
      '-noout',
      '-subject',
    ])
    expect(stdout).toContain('Orders internal CA')
  })

  test('`http`: a system that nobody knows by name, described call by call', async () => {
    await using system = await startTokenServer()
    const { code, shown } = await atTerminal(
      world,
      ['resource', 'add', 'http', '--name', 'ci', '--owner', 'payments', ...attributes],
      [
        [/has it been run\? \[y\/N\]/, 'y'],
        [/base_url .*:/, `${system.url}/`],
        [/`base_url`: write an https address[\s\S]*base_url .*:/, system.url],
        [/choices .*e\.g\. \{"scope": \["read", "deploy"\]\}\), as JSON \[\{\}\]:/, '{"scope": ["read", "deploy"]}'],
        [/generate .*\[\{\}\]:/, ''],
        [/create\.method/, 'POST'],
        [/create\.path/, '/tokens'],
        [/create\.body .*, as JSON \[none\]:/, '{label: x}'],
        [/that is not JSON[\s\S]*create\.body/, '{"label": "{account_nme}", "scope": "{permission.scope}"}'],
        [/create\.fields .*\[\{\}\]:/, '{"token": {"pointer": "/token"}}'],
        [/find\.path/, '/tokens'],
        [/find\.list .*\[none\]:/, '{"items": "/tokens", "label": "/label", "next": "/next"}'],
        [/find\.handle .*\[none\]:/, '/id'],
        [/delete\.method/, 'DELETE'],
        [/delete\.path/, '/tokens/{handle}'],
        [
          /`create\.body`: .*\{account_nme\}[\s\S]*create\.body/,
          '{"label": "{account_name}", "scope": "{permission.scope}"}',
        ],
        [/value .*\(not shown\)/, system.adminToken],
        [/name of its first role/, 'reader'],
        [/values .*\[\{\}\]:/, '{"scope": "read"}'],
      ],
    )
    expect(code, shown).toBe(0)
    expect(system.asked, 'a token was made and deleted there').toEqual(
      expect.arrayContaining(['POST /tokens', expect.stringMatching(/^DELETE \/tokens\/./)]),
    )
    expect(system.tokens.size, 'and nothing stays').toBe(0)
    const { settings } = await world.json<Shown>(['resource', 'show', 'ci'])
    expect(settings['create']).toMatchObject({ body: { label: '{account_name}', scope: '{permission.scope}' } })
    expect(settings['generate']).toEqual({})
  })

  test('what was given as options and does not fit is named, and nothing is registered', async () => {
    const { code, shown } = await atTerminal(
      world,
      ['resource', 'add', 'x509', '--owner', 'payments', '--yes', '--setting', 'colour=red', ...attributes],
      [
        [/name of the resource/, 'orders-pki'],
        [/`name`: the name is already in use[\s\S]*name of the resource/, 'other-pki'],
        [/common_name/, 'Other CA'],
        [/organization/, 'Example'],
      ],
    )
    // There is no question to which `colour` would be the answer.
    expect(code, shown).toBe(2)
    expect(shown).toContain('`colour`: is not known')
    expect(shown).toContain('nothing was registered')
    expect(await names()).not.toContain('other-pki')
  })

  describe('`ssh`', () => {
    let sshd: RunningSshd
    afterAll(async () => sshd?.[Symbol.asyncDispose]())

    /** What the setup does as root of a host, at one of the suite's own. */
    async function setUpHost(): Promise<void> {
      const dir = await makeTempDir('guided-sshd')
      await makeHostKey(dir)
      const authority = await world.mayfly(['resource', 'document', 'orders-hosts', 'user-ca.pub'])
      sshd = await startSshd(dir, { userAuthority: authority.stdout.trim(), principals: ['tester'] })
    }

    test('the authority comes first, then its hosts, one by one; one that is away can be tried again', async () => {
      const { code, shown } = await atTerminal(
        world,
        ['resource', 'add', 'ssh', '--owner', 'payments', ...attributes],
        [
          [/its setup is printed once it is registered[\s\S]*name of the resource/, 'orders-hosts'],
          [/known_hosts_pattern .*\[\*\]:/, '*.orders.example'],
          [/name of its first role/, 'deploy'],
          [/type \(user, host\)/, 'people'],
          [/none of them[\s\S]*type \(user, host\)/, 'user'],
          [/principals .*e\.g\. deploy\)/, 'mayfly-agent'],
          [/`principals\.0`: names that begin with `mayfly-` are not for roles[\s\S]*principals/, 'tester'],
          [/permit .*of pty, port-forwarding.*\[pty\]:/, ''],
          [
            /mayfly resource document orders-hosts user-ca\.pub[\s\S]*has it been run\?/,
            async () => {
              await setUpHost()
              return 'y'
            },
          ],
          [/hosts \(.*\): name one now\? \[y\/N\]/, 'y'],
          [/hosts\.0\.address \(.*e\.g\. host-1\.example\.com\):/, 'no host'],
          [/`hosts\.0\.address`: not a host name or an address[\s\S]*hosts\.0\.address/, '127.0.0.1'],
          [/hosts\.0\.port .*\[22\]:/, 'ssh'],
          [/`hosts\.0\.port`: must be a number[\s\S]*hosts\.0\.port/, async () => String(sshd.port)],
          [/hosts\.0\.user .*\[mayfly\]:/, async () => sshd.user],
          [/hosts\.0\.host_key .*\[none\]:/, 'ssh-ed25519 nonsense'],
          [/`hosts\.0\.host_key`: not a public key of SSH[\s\S]*hosts\.0\.host_key/, async () => sshd.hostKey],
          [
            /name another one\? \[y\/N\]/,
            async () => {
              await sshd.stop()
              return 'n'
            },
          ],
          [
            /1 of 1 failed; it stays registered[\s\S]*check again\? \[y\/N\]/,
            async () => {
              await sshd.start()
              return 'y'
            },
          ],
        ],
      )
      expect(code, shown).toBe(0)
      const { settings, check } = await world.json<Shown>(['resource', 'check', 'orders-hosts'])
      expect(settings).toMatchObject({
        known_hosts_pattern: '*.orders.example',
        hosts: [{ address: '127.0.0.1', port: sshd.port, user: sshd.user, host_key: sshd.hostKey }],
      })
      expect(check?.map(({ outcome }) => outcome)).toEqual(['passed', 'passed'])
      expect(check?.at(-1)?.detail, 'at the real sshd').toContain('was ended with its session, and is refused')
      expect(sshd.log(), 'it was there').toContain('Accepted publickey')
    })

    test('whoever has no host yet has a resource all the same, and is told how to name them', async () => {
      const { code, shown } = await atTerminal(
        world,
        ['resource', 'add', 'ssh', '--owner', 'payments', '--name', 'later-hosts', ...attributes],
        [
          [/known_hosts_pattern/, ''],
          [/name of its first role/, 'deploy'],
          [/type/, 'host'],
          [/principals .*names that the host has/, 'host-1.orders.example'],
          [/has it been run\?/, 'n'],
        ],
      )
      expect(code, shown).toBe(0)
      expect(shown).toContain("mayfly resource update later-hosts --setting 'hosts=…'")
      expect(await world.json<Shown>(['resource', 'show', 'later-hosts'])).toMatchObject({
        settings: { known_hosts_pattern: '*', hosts: [] },
      })
    })
  })

  describe('`static`', () => {
    let redis: PreparedRedis
    const current = 'what-the-account-takes-today'
    // Each has a login of its own: Mayfly changes it.
    beforeEach(async () => {
      redis = await prepareRedis()
      await redis.run('ACL', 'SETUSER', 'guided-report', 'reset', 'on', `>${current}`, '+ping')
    })
    afterEach(async () => {
      await redis.run('ACL', 'DELUSER', 'guided-report')
      await redis[Symbol.asyncDispose]()
    })

    /** All questions, in the words of the system's own kind. */
    const answers = (typed: string): readonly (readonly [RegExp, Answer])[] => [
      [/system .*\(http, mysql, postgres, rabbitmq, redis\)/, 'oracle'],
      [/none of them[\s\S]*system/, 'redis'],
      [/ACL SETUSER[\s\S]*has it been run\?/, 'y'],
      [/settings\.host/, redis.access.host],
      [/accounts .*at redis name one\)/, 'guided-report, guided-other'],
      [/`accounts`: `redis` knows two secrets for one account: name one[\s\S]*accounts/, 'guided-report'],
      [/rotate_every_seconds .*\[2592000\]:/, ''],
      [/overlap_seconds .*\[3600\]:/, '60'],
      [/login\.username/, redis.mayflyLogin.username],
      [/login\.password \(not shown\)/, redis.mayflyLogin.password],
      [/current \(what the first account accepts today\) \(not shown\)/, typed],
      [/name of its first role/, 'read'],
    ]
    const args = (name: string) =>
      ['resource', 'add', 'static', '--name', name, '--owner', 'payments', ...attributes].concat([
        '--setting',
        `settings.port=${redis.access.port}`,
        '--setting',
        'settings.tls.mode=disabled_loopback_only',
      ])

    test('it is asked for in the words of its system, and tried there', async () => {
      const { code, shown } = await atTerminal(world, args('legacy-cache'), answers(current))
      expect(code, shown).toBe(0)
      expect(shown).toMatch(/passed\s+account\s+`guided-report` logs in with the secret that was entered/)
      for (const secret of [current, redis.mayflyLogin.password]) expect(shown).not.toContain(secret)
      const { check, settings } = await world.json<Shown>(['resource', 'check', 'legacy-cache'])
      expect(settings).toMatchObject({
        system: 'redis',
        settings: { host: redis.access.host, port: redis.access.port },
        accounts: ['guided-report'],
        overlap_seconds: 60,
        rotate_every_seconds: 2_592_000,
      })
      expect(check).toMatchObject([
        { check: 'account', outcome: 'passed' },
        { check: 'own_login', outcome: 'passed' },
      ])
    })

    test('a secret that the account does not accept is not registered', async () => {
      const { code, shown } = await atTerminal(world, args('wrong-cache'), answers('not-what-it-takes'))
      expect(code, shown).not.toBe(0)
      expect(shown).toContain('nothing was registered')
      expect(shown).toContain('enter with `current` what the account accepts today')
      expect(await names()).not.toContain('wrong-cache')
    })

    test('where nobody sits at a terminal, what the system needs is named too', async () => {
      const ran = await world.mayfly(['resource', 'add', 'static', '--name', 'x', '--setting', 'system=redis'])
      expect(ran.code).toBe(2)
      for (const flag of [
        '--setting settings.host=…',
        '--setting accounts=…',
        '--secret login=…',
        '--secret current=…',
      ])
        expect(ran.stderr).toContain(flag)
      expect(ran.stderr).not.toContain('overlap_seconds')
    })
  })
})
