import { readdirSync, readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOrdersTarget, type DevWorld, type OrdersTarget, registerRole, startDevWorld } from './dev-world.ts'
import { type Prepared, prepareMysql } from '../integration/provider-mysql/mysql-fixture.ts'
import { openBrowser, type OpenIdProvider, startOpenIdProvider } from '../integration/people/openid-provider.ts'
import { placeholderUrl, readBrokerManifest } from '../integration/provider-http/rabbitmq-template.ts'
import { startTokenServer, type TokenServer } from '../integration/provider-http/token-server.ts'
import { type Broker, openBroker } from '../integration/provider-rabbitmq/rabbitmq-fixture.ts'
import { type PreparedNats, prepareNats } from '../integration/provider-nats/nats-fixture.ts'
import { type PreparedSsh, prepareSsh } from '../integration/provider-ssh/ssh-fixture.ts'
import { type Prepared as PreparedRedis, prepareRedis } from '../integration/provider-redis/redis-fixture.ts'
import { until, useServer } from '../support/index.ts'
import { type RunningCommand, startProcess } from './run-mayfly.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a page takes for granted, made true; and what stands in it for the reader's own. */
interface Scene {
  /** Where the page itself speaks of Ada: somebody else administers. */
  readonly administrator?: string
  readonly prepare: (world: DevWorld, target: OrdersTarget) => Promise<void>
  readonly env?: Readonly<Record<string, string>>
  readonly replace?: (target: OrdersTarget) => readonly (readonly [string, string])[]
  /** What the reader does beside, while the commands run. */
  readonly during?: (running: RunningCommand) => Promise<unknown>
  readonly finish?: () => Promise<void>
}

const addPayments = async (world: DevWorld) => {
  await world.json(['owner', 'add', 'payments', '--contact', '#payments', '--primary', 'ada@example.com'])
}

let maria: Prepared
let provider: OpenIdProvider
/** The identity `report` with a key, as the pages on clouds take for granted. */
const addReport = async (world: DevWorld) => {
  await addPayments(world)
  await world.json(
    ['identity', 'add', 'report', '--kind', 'service', '--owner', 'payments', '--environment', 'development'].concat([
      '--expires',
      '90d',
      '--purpose',
      'writes the report of the day',
    ]),
  )
  await world.json(['trust-provider', 'add', 'keys', '--kind', 'bound_key', '--fresh-for', '1h'])
  await world.json([
    'binding',
    'add',
    '--trust-provider',
    'keys',
    '--identity',
    'report',
    '--new-key',
    `${world.dir}/report.jwk`,
  ])
}

let redis: PreparedRedis
let nats: PreparedNats
let ssh: PreparedSsh
let broker: Broker
let tokens: TokenServer
const natsServers = () =>
  `--setting 'servers=[${nats.settings.servers.join()}]' --setting tls.mode=disabled_loopback_only`

/** Every page with commands that are marked `sh` has a line here. */
const scenes: Readonly<Record<string, Scene>> = {
  'README.md': { prepare: (world) => symlink(join(root, 'docs'), `${world.dir}/docs`) },
  'docs/guides/apply.md': {
    administrator: 'admin@example.com',
    prepare: async (world) => writeFile(`${world.dir}/registry.yaml`, fence('docs/guides/apply.md', 'yaml')),
    env: { ORDERS_DB_PASSWORD: 'not-used-before-a-check' },
  },
  'docs/guides/aws-without-a-stored-secret.md': { prepare: addReport },
  'docs/guides/azure-without-a-stored-secret.md': { prepare: addReport },
  'docs/guides/google-without-a-stored-secret.md': { prepare: addReport },
  'docs/guides/tokens-for-your-api.md': { prepare: addPayments },
  'docs/guides/what-mayfly-sees-at-a-target.md': { prepare: addPayments },
  'docs/guides/connect-an-existing-postgresql.md': {
    prepare: addPayments,
    replace: ({ database, login, group }) => [
      [
        '--setting host=db.example.com --setting database=orders',
        `--setting host=${database.host} --setting port=${database.port} --setting database=${database.database} ` +
          '--setting tls.mode=disabled_loopback_only',
      ],
      ['username=mayfly', `username=${login.username}`],
      ['app_readonly', group],
    ],
  },
  'docs/guides/connect-mysql.md': {
    async prepare(world) {
      await addPayments(world)
      maria = await prepareMysql()
    },
    get env() {
      return { ORDERS_DB_PASSWORD: maria.mayflyLogin.password }
    },
    replace: () => [
      [
        '--setting host=db.example.com --setting database=orders',
        `--setting host=${maria.access.host} --setting port=${maria.access.port} --setting schema=${maria.schema} ` +
          `--setting database=${maria.app} --setting tls.mode=disabled_loopback_only`,
      ],
      ['username=mayfly', `username=${maria.mayflyLogin.username}`],
      ['role=app_readonly', `role=${maria.readers}`],
    ],
    finish: async () => maria[Symbol.asyncDispose](),
  },
  'docs/guides/connect-nats.md': {
    async prepare(world) {
      await addPayments(world)
      nats = await useServer('nats').then(prepareNats)
      await writeFile(`${world.dir}/account.seed`, nats.secret.account_signing_key)
      await writeFile(`${world.dir}/operator.seed`, nats.secret.operator_signing_key)
      await writeFile(`${world.dir}/mayfly.creds`, nats.secret.system_credentials)
    },
    replace: () => [
      ["--setting 'servers=[nats-1.example.com:4222, nats-2.example.com:4222]'", natsServers()],
      ['ACCOUNT_ID', nats.account],
      ['OPERATOR_ID', String(nats.settings.trusted_operator_keys[0])],
    ],
    finish: async () => nats[Symbol.asyncDispose](),
  },
  'docs/guides/connect-redis.md': {
    async prepare(world) {
      await addPayments(world)
      redis = await prepareRedis()
      await writeFile(`${world.dir}/mayfly.password`, redis.mayflyLogin.password)
    },
    replace: () => [
      [
        '--setting host=redis.example.com',
        `--setting host=${redis.access.host} --setting port=${redis.access.port} --setting tls.mode=disabled_loopback_only`,
      ],
      ['env:ORDERS_CACHE_PASSWORD', 'file:mayfly.password'],
    ],
    finish: async () => redis[Symbol.asyncDispose](),
  },
  'docs/guides/connect-x509.md': { prepare: addPayments },
  'docs/guides/connect-rabbitmq.md': {
    async prepare(world) {
      await addPayments(world)
      broker = await openBroker()
      await broker.ask('PUT', 'users/mayfly-of-the-guide', { password: 'as-it-was-entered', tags: 'administrator' })
    },
    env: { ORDERS_BROKER_PASSWORD: 'as-it-was-entered' },
    replace: () => [
      [
        '--setting management_url=https://rabbit.example.com:15671 --setting host=rabbit.example.com',
        `--setting management_url=${broker.settings.management_url} --setting host=${broker.settings.host} ` +
          `--setting port=${broker.settings.port} --setting amqp_tls=false`,
      ],
      ['username=mayfly', 'username=mayfly-of-the-guide'],
    ],
    finish: async () => void (await broker.ask('DELETE', 'users/mayfly-of-the-guide')),
  },
  'docs/guides/connect-http.md': {
    async prepare(world) {
      await addPayments(world)
      tokens = await startTokenServer()
      const manifest = fence('docs/guides/connect-http.md', 'yaml').replace('https://ci.example.com', tokens.url)
      await writeFile(`${world.dir}/registry.yaml`, manifest)
      broker = await openBroker()
      const { access } = broker
      await writeFile(
        `${world.dir}/broker.yaml`,
        readBrokerManifest()
          .replace(placeholderUrl, access.managementUrl)
          .replace('username: mayfly', `username: ${access.username}`),
      )
    },
    get env() {
      return { CI_ADMIN_TOKEN: tokens.adminToken, ORDERS_BROKER_PASSWORD: broker.access.password }
    },
    finish: async () => tokens[Symbol.asyncDispose](),
  },
  'docs/guides/connect-ssh.md': {
    async prepare(world) {
      await addPayments(world)
      ssh = await prepareSsh()
    },
    // The host is set up here, not by the guide's script: that is for root of a machine of its own.
    replace: () => [
      ['> mayfly-user-ca.pub', `> ${ssh.dir}/user-ca.pub`],
      [
        '{"address":"host-1.example.com","port":22,"user":"mayfly","host_key":"HOST_KEY"}',
        JSON.stringify(ssh.settings.hosts[0]),
      ],
    ],
    finish: async () => ssh[Symbol.asyncDispose](),
  },
  'docs/guides/static-secrets.md': {
    async prepare(world) {
      await addPayments(world)
      redis = await prepareRedis()
      await redis.run('ACL', 'SETUSER', 'reporting', 'reset', 'on', '>what-it-takes-today', '+ping')
      await writeFile(`${world.dir}/login.json`, JSON.stringify(redis.mayflyLogin))
      await writeFile(`${world.dir}/current.secret`, 'what-it-takes-today')
    },
    replace: () => [
      [
        '{"host":"redis.example.com"}',
        JSON.stringify({
          host: redis.access.host,
          port: redis.access.port,
          tls: { mode: 'disabled_loopback_only' },
        }),
      ],
    ],
    finish: async () => redis[Symbol.asyncDispose](),
  },
  'docs/guides/federate-a-trust-domain.md': { prepare: async () => {} },
  'docs/guides/rotate-the-ca.md': { prepare: async () => {} },
  'docs/guides/spiffe.md': { prepare: async () => {} },
  'docs/guides/upstream-ca.md': { prepare: async () => {} },
  'docs/guides/join-a-machine.md': { prepare: addPayments },
  'docs/guides/run-a-command.md': { prepare: (world, target) => registerRole(world, target, 'production') },
  'docs/guides/sign-in.md': {
    async prepare() {
      provider = await startOpenIdProvider()
      provider.people.set('248289761001', { name: 'Ada', email: 'ada@example.com', email_verified: true, groups: [] })
    },
    replace: () => [['https://login.example.com', provider.issuer]],
    async during(running) {
      const [, address = '', code = ''] = await until(
        () => /open (\S+) and enter the code (\S+)/.exec(running.stderr()) ?? undefined,
        { describe: 'the page comes to the code', withinMs: 90_000 },
      )
      await openBrowser(provider.issuer).enterCode(address, code, '248289761001')
    },
    finish: async () => provider[Symbol.asyncDispose](),
  },
  'docs/guides/run-the-host-agent.md': { prepare: async () => {} },
  'docs/guides/write-a-policy.md': {
    prepare: async (world) => writeFile(`${world.dir}/cases.yaml`, fence('docs/guides/write-a-policy.md', 'yaml')),
  },
}

/** Pages that speak of more than one server are followed by a suite of their own. */
const followedElsewhere = {
  'docs/guides/without-a-network.md': 'test/e2e/without-a-network.test.ts',
} as const

function fences(path: string, language: string): string[] {
  const text = readFileSync(join(root, path), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  )
}

function fence(path: string, language: string): string {
  const [first] = fences(path, language)
  if (first === undefined) throw new Error(`${path} has no block of ${language}`)
  return first
}

const pages = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md']
  .concat(readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`))
  .filter((path) => path.endsWith('.md') && fences(path, 'sh').length > 0)

test('every page with commands has its scene', () => {
  const followed = [...Object.keys(scenes), ...Object.keys(followedElsewhere)]
  expect(pages.toSorted()).toEqual(followed.toSorted())
  for (const [page, suite] of Object.entries(followedElsewhere)) {
    expect(readFileSync(join(root, suite), 'utf8'), `${suite} follows it`).toContain(page.split('/').at(-1))
  }
})

describe.each(Object.entries(scenes))('%s', { timeout: 120_000 }, (path, scene) => {
  let world: DevWorld
  let target: OrdersTarget
  const [first = '', ...others] = fences(path, 'sh')
  const startsItself = first.startsWith('npx mayfly dev')

  beforeAll(async () => {
    target = await createOrdersTarget()
    world = await startDevWorld('docs', {
      signIn: !startsItself,
      ...(scene.administrator !== undefined && { email: scene.administrator }),
    })
    await scene.prepare(world, target)
  }, 120_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
    await scene.finish?.()
  })

  test('its commands run as they stand, in order', async () => {
    const blocks = startsItself ? others : [first, ...others]
    const replaced = (scene.replace?.(target) ?? []).reduce((text, [from, to]) => {
      expect(text, 'what stands for the reader’s own is still there').toContain(from)
      return text.replaceAll(from, to)
    }, blocks.join('\n'))
    // Inside the repository `npx` finds the command there; the folder of the test is elsewhere.
    const script = `set -e\nnpx() { "$@"; }\n${replaced}`
    const env = { ...world.env, ORDERS_DB_PASSWORD: target.login.password, ...scene.env }
    const running = startProcess('/bin/sh', ['-c', script], { cwd: world.dir, env })
    const [ran] = await Promise.all([running.ended, scene.during?.(running)])
    expect(ran.code, `${ran.stdout}\n${ran.stderr}`).toBe(0)
    expect(ran.stdout).not.toContain(target.login.password)
  })
})
