import { type CredentialId, type JsonObject, newId } from '@mayfly/domain'
import { postgresProvider } from '@mayfly/provider-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sealPlace } from '../../../packages/server/src/adapters/keys/seal-place.ts'
import { createTargets, type OpenTarget, type Targets } from '../../../packages/server/src/adapters/targets/targets.ts'
import { withAuthority } from '../../../packages/server/src/application/decision/with-authority.ts'
import { rotateDataKey } from '../../../packages/server/src/application/proof/rotate-data-key.ts'
import { keepKeys } from '../../../packages/server/src/application/proof/run-key-upkeep.ts'
import {
  type LoginDeps,
  type LoginGate,
  rotateLogin,
  runLoginUpkeep,
} from '../../../packages/server/src/application/registry/adopt-login.ts'
import { publishDocument } from '../../../packages/server/src/application/inventory/publish-document.ts'
import { changeResource } from '../../../packages/server/src/application/registry/change-resource.ts'
import {
  checkResource,
  type ResourceCheckDeps,
} from '../../../packages/server/src/application/registry/check-resource.ts'
import { registerResource } from '../../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../../packages/server/src/application/registry/register-role.ts'
import type { RequestContext } from '../../../packages/server/src/application/context.ts'
import { getResource } from '../../../packages/server/src/store/resource-rows.ts'
import { canLogIn, until } from '../../support/index.ts'
import { tenantId } from '../decision/decision-fixture.ts'
import {
  everyWay,
  makeStaticAccount,
  type Prepared,
  preparePostgres,
  requestFor,
} from '../provider-postgres/postgres-fixture.ts'
import { brokerTemplate } from '../provider-http/rabbitmq-template.ts'
import { prepareCertified } from '../provider-postgres/certificate-fixture.ts'
import { trustClientsOf } from '../provider-postgres/server-files.ts'
import { createRegistryFixture, refusalOf, type RegistryFixture, resourceInput } from './registry-fixture.ts'

let registry: RegistryFixture
let deps: LoginDeps & LoginGate & ResourceCheckDeps
let ctx: RequestContext
const open: Targets[] = []

beforeAll(async () => {
  registry = await createRegistryFixture()
  await registry.makeCompany()
  deps = {
    ...registry.deps,
    gate: (by, request, work) => withAuthority(registry.authorityDeps, by, request, work),
  }
  ctx = await registry.personContext(await registry.makePerson('administrator'), 'administrator')
})
afterAll(async () => {
  await Promise.all(open.map((targets) => targets.close()))
  await registry.close()
})

const noSignal = new AbortController().signal
let count = 0

/** A resource at the target, with a role to try. */
async function register(target: Prepared, over: object = {}): Promise<string> {
  const name = `adopted-${(count += 1)}`
  const given = { settings: target.settings, secret: target.mayflyLogin, ...over }
  await registry.change((by) => registerResource(deps, by, { ...resourceInput(name), ...given }))
  const permission = { member_of: [target.readers] }
  await registry.change((by) => registerRole(deps, by, { resource: name, name: 'ro', permission }))
  return name
}

const rowOf = (name: string) => registry.inTenant((tx) => getResource(tx, name))
const check = (name: string, signal = noSignal) => checkResource(deps, ctx, name, signal)
const upkeep = (over: Partial<LoginDeps> = {}) => runLoginUpkeep({ ...deps, ...over }, tenantId, noSignal)

/** What a check says of the login. */
function ownLogin(row: { check_result: unknown }) {
  const findings = row.check_result as { check: string; outcome: string; detail: string }[]
  expect(findings.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  return findings.find((finding) => finding.check === 'own_login')
}

const logsIn = (target: Prepared, password: string) =>
  canLogIn({
    host: target.settings.host,
    port: target.settings.port,
    database: target.database,
    user: target.mayflyLogin.username,
    password,
  })
const enteredLogsIn = (target: Prepared) => logsIn(target, target.mayflyLogin.password)

/** The password that is sealed with the resource. */
async function sealedPassword(name: string): Promise<string> {
  return ((await sealedSecret(name)) as { password: string }).password
}

async function sealedSecret(name: string): Promise<unknown> {
  return registry.inTenant(async (tx) => {
    const row = await getResource(tx, name)
    const opened = await deps.keys.open(tx, row.sealed_secret, sealPlace.resourceSecret(row.resource_id))
    return JSON.parse(opened.reveal()) as unknown
  })
}

/** Issues and revokes at the target, as `targets` of some server would. */
async function useIt(name: string, target: Prepared, targets: Targets = deps.targets): Promise<void> {
  const prepared = await registry.inTenant(async (tx) => targets.prepare(tx, await getResource(tx, name)))
  await prepared.use((way) => issueAndRevoke(way, target))
}

async function issueAndRevoke(way: OpenTarget, target: Prepared): Promise<void> {
  const handle = postgresProvider.plan(newId<CredentialId>())
  await way.issue(handle, requestFor(target.readers), noSignal)
  const nothing = async () => undefined
  await way.revoke([handle], { cut: nothing, removed: nothing, pending: nothing }, noSignal)
}

/** Another server: it shares the store and nothing else. */
function otherServer(): typeof deps {
  const { providers, keys, database, clock } = deps
  const issuerOf = async () => 'https://mayfly.example'
  const targets = createTargets({ providers, keys, database, clock, issuerOf, onCloseError: () => undefined })
  open.push(targets)
  return { ...deps, targets }
}

async function adoptedEntries(): Promise<number> {
  return (await registry.entries()).filter((entry) => entry.action === 'resource.login_adopted').length
}

/** Holds the login's row at the target, so that a change of its password has to wait. */
async function holdLogin(target: Prepared) {
  const client = new pg.Client(target.superuserUrl)
  // Where a test fails, the database is dropped under it.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('begin')
  await client.query('select 1 from pg_authid where rolname = $1 for update', [target.mayflyLogin.username])
  return {
    waiting: () =>
      until(
        async () => {
          const rows = await target.sql(
            `select 1 from pg_stat_activity where usename = $1 and wait_event_type = 'Lock' and query like '%alter role%'`,
            [target.mayflyLogin.username],
          )
          return rows.length > 0
        },
        { withinMs: 10_000, describe: 'the change of the password waits' },
      ),
    /** Returns when what waited has ended one way or the other: given up, or in force. */
    async release() {
      await client.end()
      const changing = `select 1 from pg_stat_activity where usename = $1 and state = 'active' and query like '%alter role%'`
      await until(async () => (await target.sql(changing, [target.mayflyLogin.username])).length === 0, {
        withinMs: 10_000,
        describe: 'no change of the password is under way',
      })
    },
  }
}

describe.each(everyWay)('a login on PostgreSQL $version by $mode', ({ version, mode }) => {
  test('after the first check that passes only Mayfly knows the password, and works with it', async () => {
    await using target = await preparePostgres(version, mode)
    const name = await register(target)
    expect(await enteredLogsIn(target), 'control: it logs in as it was entered').toBe(true)
    const before = (await registry.entries()).length
    const { row } = await check(name)
    expect(ownLogin(row)).toMatchObject({ outcome: 'passed', detail: expect.stringMatching(/only it knows/) })
    expect(row.login_adopted_at).toEqual(registry.clock.now())
    expect((await registry.entries()).slice(before).map((entry) => entry.action)).toEqual([
      'resource.checked',
      'resource.login_adopted',
    ])
    expect(await enteredLogsIn(target)).toBe(false)
    const next = await sealedPassword(name)
    expect(await logsIn(target, next)).toBe(true)
    await useIt(name, target)
    expect(ownLogin((await check(name)).row), 'a second check').toMatchObject({ outcome: 'passed' })
    expect(await sealedPassword(name), 'a second check changes nothing').toBe(next)

    const dump = JSON.stringify(
      await registry.bySuperuser(`select r::text as row from resource r
        union all select convert_from(data, 'utf8') from entry`),
    )
    expect(dump, 'control: the dump holds the settings').toContain(target.database)
    expect(dump).not.toContain(target.mayflyLogin.password)
    expect(dump).not.toContain(next)
    expect(JSON.stringify(registry.logged)).not.toContain(next)
  })

  test('whatever moment it crashes at, the target can be used, and a worker finishes', async () => {
    await using target = await preparePostgres(version, mode)
    const name = await register(target)
    // It dies while the target is being told: nobody knows which password is in force.
    const hold = await holdLogin(target)
    const dies = new AbortController()
    const checking = check(name, dies.signal)
    await hold.waiting()
    dies.abort()
    const { row } = await checking
    await hold.release()
    expect(ownLogin(row)).toMatchObject({ outcome: 'warned', detail: expect.stringMatching(/is changing/) })
    expect((await rowOf(name)).sealed_next_secret).not.toBeNull()
    await useIt(name, target, otherServer().targets)

    expect(await upkeep(), 'control: a change under way is left alone for a minute').toBe('idle')
    registry.clock.moveBySeconds(61)
    expect(await upkeep()).toBe('more')
    expect((await rowOf(name)).sealed_next_secret).toBeNull()
    expect(await enteredLogsIn(target)).toBe(false)
    await useIt(name, target)
  })

  test('dead between the target and the store, it goes on with what is in force', async () => {
    await using target = await preparePostgres(version, mode)
    const name = await register(target)
    const server = otherServer()
    await registry.inTenant(async (tx) => server.targets.prepare(tx, await getResource(tx, name)))
    const hold = await holdLogin(target)
    const dies = new AbortController()
    const checking = check(name, dies.signal)
    await hold.waiting()
    dies.abort()
    await checking
    await hold.release()
    // The target took it, and nobody was there any more to write that down.
    const next = await registry.inTenant(async (tx) => {
      const row = await getResource(tx, name)
      if (row.sealed_next_secret === null) throw new Error('nothing is under way')
      return deps.keys.open(tx, row.sealed_next_secret, sealPlace.resourceNextSecret(row.resource_id))
    })
    const secret = postgresProvider.secret.parse(JSON.parse(next.reveal()))
    if (await enteredLogsIn(target)) await target.target.adopt(secret, noSignal)
    expect(await enteredLogsIn(target), 'control: what the row says is not in force').toBe(false)

    await useIt(name, target, otherServer().targets)
    expect(ownLogin((await check(name)).row)).toMatchObject({ outcome: 'passed' })
    expect(await sealedPassword(name)).toBe(secret.password.reveal())
    await useIt(name, target)
  })
})

describe('rotation', () => {
  test('when someone asks: one entry, the old password is refused, and other servers go on', async () => {
    await using target = await preparePostgres(18, 'functions')
    const name = await register(target)
    const { row } = await check(name)
    const adopted = await sealedPassword(name)
    const server = otherServer()
    const stale = await server.database.transaction(tenantId, (tx) => server.targets.prepare(tx, row))
    expect((await refusalOf(rotateLogin(deps, ctx, name, noSignal))).code).toBe('state_not_allowed')
    registry.clock.moveBySeconds(61)
    const before = await registry.entries()
    await rotateLogin(deps, ctx, name, noSignal)
    const entries = (await registry.entries()).slice(before.length)
    expect(entries.map((entry) => entry.action)).toEqual(['resource.login_adopted'])
    expect(await logsIn(target, adopted)).toBe(false)
    expect(await logsIn(target, await sealedPassword(name)), 'control').toBe(true)
    await stale.use((way) => issueAndRevoke(way, target))
  })

  test('two servers at once make one change', async () => {
    await using target = await preparePostgres(18, 'functions')
    const name = await register(target)
    await check(name)
    registry.clock.moveBySeconds(61)
    const before = await adoptedEntries()
    const outcomes = await Promise.allSettled(
      [otherServer(), otherServer(), deps].map((server) => rotateLogin(server, ctx, name, noSignal)),
    )
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
    // One that came when all was done is told so; one that came meanwhile has helped.
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
    expect(refused).toEqual(refused.map(() => expect.objectContaining({ code: 'state_not_allowed' })))
    expect((await adoptedEntries()) - before).toBe(1)
    await useIt(name, target)
    await useIt(name, target, otherServer().targets)
  })

  test('on schedule, and not before; with 0 days never', async () => {
    await using target = await preparePostgres(18, 'functions')
    const name = await register(target)
    await check(name)
    const adopted = await sealedPassword(name)
    while ((await upkeep()) === 'more') expect(await sealedPassword(name)).toBe(adopted)
    registry.clock.moveBySeconds(30 * 86_400)
    while ((await upkeep()) === 'more') continue
    const rotated = await sealedPassword(name)
    expect(rotated).not.toBe(adopted)
    expect(await logsIn(target, rotated)).toBe(true)
    expect(await logsIn(target, adopted)).toBe(false)

    registry.clock.moveBySeconds(30 * 86_400)
    while ((await upkeep({ loginRotationDays: 0 })) === 'more') continue
    expect(await sealedPassword(name)).toBe(rotated)
    ctx = await registry.personContext(await registry.makePerson('administrator'), 'administrator')
  })

  test('a target that refuses the login is told of, tried again, and the finding closes', async () => {
    await using target = await preparePostgres(18, 'functions')
    const name = await register(target)
    await check(name)
    registry.clock.moveBySeconds(61)
    await target.sql(`alter role ${target.mayflyLogin.username} nologin`)
    const { resource_id: resourceId } = await rowOf(name)
    // Ways that are open stay open: only a server that comes anew is refused.
    const server = otherServer()
    await expect(rotateLogin(server, ctx, name, noSignal)).rejects.toMatchObject({ code: 'target_rights_missing' })
    registry.clock.moveBySeconds(61)
    const fresh = otherServer()
    while ((await upkeep({ targets: fresh.targets })) === 'more') continue
    const findings = () =>
      registry.bySuperuser<{ open: boolean }>(
        `select closed_at is null as open from finding where kind = 'login_not_changed' and subject = $1`,
        [`resource:${resourceId}`],
      )
    expect(await findings()).toEqual([{ open: true }])
    await target.sql(`alter role ${target.mayflyLogin.username} login`)
    registry.clock.moveBySeconds(301)
    while ((await upkeep()) === 'more') continue
    expect(await findings()).toEqual([{ open: false }])
    await useIt(name, target)
  })
})

describe('a login that Mayfly does not take over', () => {
  test('because the resource says so: it stays as it was entered, and the check says what that means', async () => {
    await using target = await preparePostgres(18, 'functions')
    const name = await register(target, { adoptLogin: false })
    expect(ownLogin((await check(name)).row)).toMatchObject({
      outcome: 'warned',
      detail: expect.stringMatching(/still knows it: the resource says `adopt_login: false`/),
    })
    expect(await enteredLogsIn(target)).toBe(true)
    expect((await refusalOf(rotateLogin(deps, ctx, name, noSignal))).code).toBe('state_not_allowed')
  })

  test('because another resource uses it: neither is locked out', async () => {
    await using target = await preparePostgres(18, 'functions')
    const first = await register(target)
    const second = await register(target)
    const warned = ownLogin((await check(first)).row)
    expect(warned).toMatchObject({ outcome: 'warned', detail: expect.stringContaining(`\`${second}\``) })
    expect(await enteredLogsIn(target)).toBe(true)
    const refusal = await refusalOf(rotateLogin(deps, ctx, first, noSignal))
    expect(refusal).toMatchObject({ code: 'state_not_allowed', detail: expect.stringContaining(`\`${second}\``) })
    await useIt(second, target)
  })

  test('a login that is Mayfly’s alone is not registered a second time', async () => {
    await using target = await preparePostgres(18, 'functions')
    const first = await register(target)
    await check(first)
    const refusal = await refusalOf(register(target))
    expect(refusal).toMatchObject({ code: 'request_invalid', detail: expect.stringContaining(`\`${first}\``) })
    await using another = await preparePostgres(18, 'functions')
    await register(another)
  })
})

describe('the login at a system where a static secret is kept', () => {
  async function registerStatic(system: string, settings: object, login: JsonObject, current: string, account: string) {
    const name = `adopted-${(count += 1)}`
    const given = {
      provider: 'static',
      settings: { system, settings, accounts: [account] },
      secret: { login, current },
    }
    await registry.change((by) => registerResource(deps, by, { ...resourceInput(name), ...given }))
    return name
  }

  test('is taken over after the first check, and the secret that is kept stays as it is', async () => {
    await using target = await preparePostgres(18, 'functions')
    const account = await makeStaticAccount(target)
    const secret = account.secret.reveal()
    const name = await registerStatic('postgres', target.settings, target.mayflyLogin, secret, account.account)
    expect(await enteredLogsIn(target), 'control: it logs in as it was entered').toBe(true)
    const { row } = await check(name)
    expect(ownLogin(row)).toMatchObject({ outcome: 'passed', detail: expect.stringMatching(/only it knows/) })
    expect(await enteredLogsIn(target)).toBe(false)
    const sealed = await sealedSecret(name)
    const { login, current } = sealed as { login: { password: string }; current: string }
    expect(await logsIn(target, login.password)).toBe(true)
    expect(current).toBe(secret)
    expect(await account.canLogIn(account.secret)).toBe(true)

    const prepared = await registry.inTenant(async (tx) => deps.targets.prepare(tx, await getResource(tx, name)))
    await prepared.use(async (way) => way.upkeep?.({ rotate: 'on_demand', endNow: true }, noSignal))
    expect(await account.canLogIn(account.secret), 'the new login rotates').toBe(false)
  })

  test('is not taken over where a resource of the system’s own kind uses it, and the reverse', async () => {
    await using target = await preparePostgres(18, 'functions')
    const account = await makeStaticAccount(target)
    const secret = account.secret.reveal()
    const logins = await register(target)
    const bridge = await registerStatic('postgres', target.settings, target.mayflyLogin, secret, account.account)
    expect(ownLogin((await check(bridge)).row)).toMatchObject({
      outcome: 'warned',
      detail: expect.stringContaining(`\`${logins}\``),
    })
    expect(ownLogin((await check(logins)).row)).toMatchObject({ detail: expect.stringContaining(`\`${bridge}\``) })
    expect(await enteredLogsIn(target)).toBe(true)
  })

  test('is left alone where the system’s kind does not change it', async () => {
    const { row } = await registry.change((by) =>
      registerResource(deps, by, {
        ...resourceInput(`adopted-${(count += 1)}`),
        provider: 'static',
        settings: {
          system: 'http',
          settings: brokerTemplate('https://broker.orders.example', 'mayfly').settings,
          accounts: ['reporting'],
        },
        secret: { login: { value: 'a-token' }, current: 'what-it-accepts' },
      }),
    )
    expect(row.login_fingerprint).toBeNull()
    const refusal = await refusalOf(rotateLogin(deps, ctx, row.name, noSignal))
    expect(refusal).toMatchObject({
      code: 'state_not_allowed',
      detail: expect.stringContaining('does not change its own login'),
    })
  })
})

describe('afterwards', () => {
  test('the same manifest is no change, another password is, and a check takes that over too', async () => {
    await using target = await preparePostgres(18, 'functions')
    const name = await register(target)
    await check(name)
    const adopted = await sealedPassword(name)
    const change = (input: Parameters<typeof changeResource>[3]) =>
      registry.change((by) => changeResource(deps, by, name, input))
    expect((await change({ secret: target.mayflyLogin, repeated: true })).outcome).toBe('unchanged')
    expect(await sealedPassword(name)).toBe(adopted)

    await target.sql(`alter role ${target.mayflyLogin.username} password 'set-by-hand'`)
    await change({ secret: { ...target.mayflyLogin, password: 'set-by-hand' } })
    expect((await rowOf(name)).login_adopted_at).toBeNull()
    expect(ownLogin((await check(name)).row)).toMatchObject({ outcome: 'passed' })
    expect(await logsIn(target, 'set-by-hand')).toBe(false)
  })

  test('a new data key seals what is under way again', async () => {
    await using target = await preparePostgres(18, 'functions')
    const name = await register(target)
    const hold = await holdLogin(target)
    const dies = new AbortController()
    const checking = check(name, dies.signal)
    await hold.waiting()
    dies.abort()
    await checking
    await hold.release()
    const now = registry.clock.now()
    const { dataKeyId } = await registry.inTenant((tx) =>
      rotateDataKey(deps, tx, { now, actor: { kind: 'system', worker: 'test' }, requestId: newId<string>() }),
    )
    while ((await keepKeys(deps, tenantId)) === 'more') continue
    const row = await rowOf(name)
    expect(row.sealed_secret.startsWith(`v1.${dataKeyId}.`)).toBe(true)
    expect(row.sealed_next_secret?.startsWith(`v1.${dataKeyId}.`)).toBe(true)
    registry.clock.moveBySeconds(61)
    while ((await upkeep()) === 'more') continue
    expect((await rowOf(name)).sealed_next_secret).toBeNull()
    await useIt(name, target)
  })

  test('the client CA is made when the resource is registered, told to all who ask, and outlives each password', async () => {
    await using certified = await prepareCertified(18, 'functions')
    const { prepared, cluster, settings } = certified
    const name = await register(prepared, { settings })
    const authority = async () => {
      const { resource_id: id } = await rowOf(name)
      const answer = await publishDocument(deps, tenantId, id, { document: 'client-ca.pem' }, noSignal)
      return Buffer.from(answer?.body ?? []).toString()
    }
    const made = await authority()
    expect(made).toContain('BEGIN CERTIFICATE')
    const failed = (row: { check_result: unknown }) =>
      (row.check_result as { check: string; outcome: string; hint?: string }[]).filter(
        ({ outcome }) => outcome === 'failed',
      )
    expect(failed((await check(name)).row), 'control: the target trusts another CA').toMatchObject([
      { check: 'login', hint: expect.stringMatching(/client-ca\.pem/) },
    ])
    await trustClientsOf(cluster, made)
    const { row } = await check(name)
    expect(failed(row)).toEqual([])
    expect(ownLogin(row)).toMatchObject({ outcome: 'passed' })
    expect(await enteredLogsIn(prepared), 'control: the password is another one').toBe(false)
    expect(await authority()).toBe(made)

    const again = { ...prepared.mayflyLogin, password: 'entered-by-hand' }
    await prepared.sql(`alter role ${again.username} password '${again.password}'`)
    await registry.change((by) => changeResource(deps, by, name, { secret: again }))
    expect(await authority()).toBe(made)
    expect(failed((await check(name)).row)).toEqual([])

    await using other = await preparePostgres(18, 'functions')
    const plain = await register(other)
    const { resource_id: id } = await rowOf(plain)
    expect(await publishDocument(deps, tenantId, id, { document: 'client-ca.pem' }, noSignal)).toBe(undefined)
    const dump = JSON.stringify(
      await registry.bySuperuser(`select r::text as row from resource r
      union all select convert_from(data, 'utf8') from entry`),
    )
    expect(dump).not.toMatch(/PRIVATE KEY/)
  })
})
