/** A static secret through the whole server, at a real Redis, which knows two secrets for one account; the others: systems.test.ts. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import { isTaken, logInAs, type Prepared as PreparedRedis, prepareRedis } from '../provider-redis/redis-fixture.ts'
import { newPassword, openStaticCompany, soon, type StaticCompany } from './static-fixture.ts'

let redis: PreparedRedis
let company: StaticCompany
let secret: Awaited<ReturnType<StaticCompany['addSecret']>>
let made = 0

beforeAll(async () => {
  redis = await prepareRedis()
  company = await openStaticCompany()
  await company.permit(soon)
  await company.life.startWorkers()
})
afterAll(async () => {
  await company[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})

// What is a minute behind mints nothing, and one company serves them all.
beforeEach(() => company.life.sequence())

describe('at a Redis', () => {
  let account: string
  let first: string
  const accepted = (password: string) => isTaken(logInAs(redis.access, account, password))

  async function open(overlapSeconds: number) {
    account = `reporting_${newPassword().slice(0, 6)}`.replaceAll('-', 'x')
    first = newPassword()
    await redis.run('ACL', 'SETUSER', account, 'reset', 'on', `>${first}`, '~reports:*', '+@read', '+ping')
    const { host, port } = redis.access
    made += 1
    secret = await company.addSecret(`legacy-cache-${made}`, {
      system: 'redis',
      settings: { host, port, tls: { mode: 'disabled_loopback_only' } },
      login: redis.mayflyLogin,
      accounts: [account],
      current: first,
      overlapSeconds,
    })
  }

  test('only a policy with an end date permits to read it, and what is read lives no longer', async () => {
    await open(60)
    const { call } = await company.newReader('report-1')
    await company.permit()
    await expect(secret.read(call)).rejects.toMatchObject({
      code: 'policy_denied',
      options: { publicDetail: expect.stringContaining('@until') },
    })
    await company.permit('2020-01-01')
    await expect(secret.read(call)).rejects.toMatchObject({ code: 'policy_denied' })
    await company.permit(new Date(Date.now() + 90_000).toISOString().replace(/\.\d+Z/, 'Z'))
    const { row } = await secret.read(call)
    expect(row.expires_at.getTime()).toBeLessThanOrEqual(Date.now() + 90_000)
    await company.permit(soon)
    const { row: longer } = await secret.read(call)
    expect(longer.expires_at.getTime(), 'control').toBeGreaterThan(Date.now() + 120_000)
  })

  test('what is read logs in, is written down as read by that identity, and stands nowhere in clear', async () => {
    await open(60)
    const { call, identity } = await company.newReader('report-2')
    const { password, version, row, username } = await secret.read(call)
    expect({ username, version }).toEqual({ username: account, version: 1 })
    expect(await accepted(password)).toBe(true)
    expect(await accepted('not-the-secret-of-it'), 'control').toBe(false)
    const entries = (await company.dump()).map(({ data }) => data.toString('utf8'))
    const read = entries
      .map((data) => JSON.parse(data) as Record<string, unknown>)
      .find((one) => one['action'] === 'secret_version.read' && JSON.stringify(one['body']).includes(account))
    expect(read).toMatchObject({
      subject: { credential_id: row.credential_id, identity_id: identity.identity_id },
      body: { number: 1, account },
    })
    expect(row.identity_id).toBe(identity.identity_id)
    expect(entries.filter((data) => data.includes(password))).toEqual([])
    expect(JSON.stringify(await secret.versions())).not.toContain(password)
  })

  test('a rotation overlaps: the version before goes on until its end, and no consumer breaks meanwhile', async () => {
    await open(2)
    const { call } = await company.newReader('report-3')
    const before = await secret.read(call)
    await secret.upkeep({ rotate: 'on_demand' })
    const after = await secret.read(call)
    expect(after.version).toBe(before.version + 1)
    expect([await accepted(before.password), await accepted(after.password)]).toEqual([true, true])
    await until(async () => (await secret.upkeep(), !(await accepted(before.password))), {
      describe: 'the version before ends',
      withinMs: 10_000,
    })
    expect(await accepted(after.password)).toBe(true)
    const [ended] = await secret.versions()
    expect(ended).toMatchObject({ state: 'ended', sealed_secret: null })
  })

  test('ending the only reader ends what it read, at once and at the system, its sessions too', async () => {
    await open(600)
    await secret.upkeep({ rotate: 'on_demand', endNow: true })
    const { call, identity } = await company.newReader('report-4')
    const { password, row } = await secret.read(call)
    const session = await logInAs(redis.access, account, password)
    const closed = new Promise((resolve) => void session.once('error', resolve))
    await company.end(identity.identity_id)
    await until(async () => (await company.stateOf(row)).state === 'revoked', { describe: 'it is revoked' })
    expect(await accepted(password)).toBe(false)
    await closed
    session.destroy()
    const { call: another } = await company.newReader('other-5')
    expect(await accepted((await secret.read(another)).password), 'control: there is another version').toBe(true)
    expect(await secret.findings()).toEqual([])
  })

  test('where another identity would break there is a finding with a clock, and when it is over the secret is dead', async () => {
    await open(3)
    await secret.upkeep({ rotate: 'on_demand', endNow: true })
    const [leaving, staying] = [await company.newReader('leaving-6'), await company.newReader('staying-7')]
    const [told, kept] = [await secret.read(leaving.call), await secret.read(staying.call)]
    expect(kept.password).toBe(told.password)
    await company.end(leaving.identity.identity_id)
    const [finding] = await until(async () => ((await secret.findings()).length > 0 ? secret.findings() : undefined), {
      describe: 'the finding is raised',
    })
    expect(finding).toMatchObject({
      severity: 'high',
      closed_at: null,
      detail: expect.stringMatching(/ends at 20\d\d-.*1 other identity has read it/),
    })
    expect(await company.stateOf(told.row)).toMatchObject({ state: 'revoking' })
    expect(await accepted(kept.password), 'who stays goes on').toBe(true)
    const renewed = await secret.read(staying.call)
    expect(renewed.version).toBe(kept.version + 1)
    await until(async () => (await secret.upkeep(), !(await accepted(told.password))), {
      describe: 'it is dead',
      withinMs: 10_000,
    })
    await until(async () => (await company.stateOf(told.row)).state === 'revoked', { describe: 'and called revoked' })
    expect(await accepted(renewed.password)).toBe(true)
    expect((await secret.findings()).map((one) => one.closed_at === null)).toEqual([false])
  })

  test('an identity that has read anew holds the version by that, and ending the older read ends nothing', async () => {
    await open(600)
    await secret.upkeep({ rotate: 'on_demand', endNow: true })
    const { call } = await company.newReader('report-8')
    const [older, newer] = [await secret.read(call), await secret.read(call)]
    await company.life.inTenant((tx) =>
      tx.query
        .updateTable('credential')
        .set({ expires_at: new Date() })
        .where('credential_id', '=', older.row.credential_id)
        .execute(),
    )
    await until(async () => (await company.stateOf(older.row)).state === 'revoked', { describe: 'the older is over' })
    expect(await accepted(newer.password)).toBe(true)
    expect((await company.stateOf(newer.row)).state).toBe('active')
  })

  test('reported leaked, it is rotated with notice; where that is asked for, without', async () => {
    await open(600)
    const { call } = await company.newReader('report-9')
    const { password } = await secret.read(call)
    await secret.upkeep({ rotate: 'leaked' })
    expect(await accepted(password), 'who uses it by hand is not known').toBe(true)
    expect((await secret.findings())[0]).toMatchObject({ detail: expect.stringContaining('reported leaked') })
    await secret.upkeep({ rotate: 'leaked', endNow: true })
    expect(await accepted(password)).toBe(false)
    expect(await accepted((await secret.read(call)).password)).toBe(true)
  })

  test('a secret that does not fit is not called current, and the message says what to enter', async () => {
    await open(60)
    await redis.run('ACL', 'SETUSER', account, 'resetpass', `>${newPassword()}`)
    const { call } = await company.newReader('report-10')
    await expect(secret.read(call)).rejects.toMatchObject({
      code: 'target_refused',
      options: { hint: expect.stringContaining('`current`') },
    })
    expect((await secret.versions()).map((one) => one.state)).toEqual(['pending'])
  })

  test('the check tries what is in force, and says where somebody else has changed it', async () => {
    await open(0)
    const { call } = await company.newReader('report-12')
    await secret.read(call)
    await secret.upkeep({ rotate: 'on_demand' })
    expect(await secret.check()).toMatchObject([
      { check: 'account', outcome: 'passed', detail: expect.stringContaining('version 2') },
    ])
    await redis.run('ACL', 'SETUSER', account, 'resetpass', `>${newPassword()}`)
    expect(await secret.check()).toMatchObject([
      { check: 'account', outcome: 'failed', hint: expect.stringContaining('mayfly resource rotate-secret') },
    ])
    await secret.upkeep({ rotate: 'on_demand' })
    expect(await secret.check(), 'as the hint says').toMatchObject([{ outcome: 'passed' }])
    expect(await accepted((await secret.read(call)).password)).toBe(true)
  })

  test('a rotation that broke off is finished by whoever comes next', async () => {
    await open(0)
    const { call } = await company.newReader('report-11')
    const { password } = await secret.read(call)
    await redis.run('ACL', 'SETUSER', redis.mayflyLogin.username, 'off')
    await expect(secret.upkeep({ rotate: 'on_demand' })).rejects.toMatchObject({
      code: expect.stringMatching(/^target_/),
    })
    expect((await secret.versions()).map((one) => one.state)).toContain('pending')
    await redis.run('ACL', 'SETUSER', redis.mayflyLogin.username, 'on')
    await secret.upkeep()
    expect(await accepted(password)).toBe(false)
    expect(await accepted((await secret.read(call)).password)).toBe(true)
  })
})
