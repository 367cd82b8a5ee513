/** A static secret through the whole server, at each real system that knows one secret for an account. */
import { Secret, type StaticAccount } from '@mayfly/provider-kit'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import { openStaticCompany, soon, type StaticCompany } from './static-fixture.ts'
import { type PreparedSystem, type StaticSystemKind, staticSystems } from './static-systems.ts'

let company: StaticCompany
let made = 0
beforeAll(async () => {
  company = await openStaticCompany()
  await company.permit(soon)
  await company.life.startWorkers()
})
afterAll(() => company?.[Symbol.asyncDispose]())
// What is a minute behind mints nothing, and one company serves them all.
beforeEach(() => company.life.sequence())

describe.for(Object.keys(staticSystems) as readonly StaticSystemKind[])('at %s', { timeout: 120_000 }, (kind) => {
  let system: PreparedSystem
  let own: readonly [StaticAccount, StaticAccount]
  beforeAll(async () => {
    system = await staticSystems[kind]()
  }, 120_000)
  afterAll(() => system?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    own = [await system.makeAccount(), await system.makeAccount()]
  })
  afterEach(async () => {
    for (const account of own) await account.drop()
  })

  const addSecret = (accounts: readonly StaticAccount[], overlapSeconds: number) => {
    made += 1
    return company.addSecret(`legacy-${made}`, {
      system: kind,
      settings: system.settings,
      login: system.login,
      accounts: accounts.map(({ account }) => account),
      current: own[0].secret.reveal(),
      overlapSeconds,
    })
  }
  type Read = Awaited<ReturnType<Awaited<ReturnType<typeof addSecret>>['read']>>
  const accountOf = ({ username }: Read) => {
    const found = own.find(({ account }) => account === username)
    if (found === undefined) throw new Error(`\`${username}\` is none of them`)
    return found
  }
  const accepted = (read: Read, password = read.password) => accountOf(read).canLogIn(new Secret(password))
  const newReader = (label: string) => company.newReader(`${label}-${kind}-${made}`)

  test('only a policy with an end permits to read it', async () => {
    const secret = await addSecret([own[0]], 60)
    const { call } = await newReader('bridge')
    await company.permit()
    await expect(secret.read(call)).rejects.toMatchObject({
      code: 'policy_denied',
      options: { publicDetail: expect.stringContaining('@until') },
    })
    await company.permit(soon)
    const read = await secret.read(call)
    expect(read).toMatchObject({ username: own[0].account, password: own[0].secret.reveal(), version: 1 })
    expect(read.place, 'it says where the system is').toEqual(system.told)
    expect(await accepted(read), 'control').toBe(true)
  })

  test.for([1, 2])(
    'ends with the identity that read it, %i account(s) to take turns, its sessions too',
    async (count) => {
      const secret = await addSecret(own.slice(0, count), 600)
      await secret.upkeep({ rotate: 'on_demand', endNow: true })
      const { call, identity } = await newReader('leaving')
      const read = await secret.read(call)
      expect(read.version).toBe(2)
      expect(await accepted(read), 'control: it works before').toBe(true)
      expect(await accepted(read, 'not-the-secret-of-it'), 'control: secrets are checked').toBe(false)
      const session = await accountOf(read).openSession(new Secret(read.password))
      expect(await session.isAlive(), 'control').toBe(true)

      await company.end(identity.identity_id)
      await until(async () => (await company.stateOf(read.row)).state === 'revoked', { describe: 'it is revoked' })
      expect(await accepted(read), 'the target refuses it').toBe(false)
      await until(async () => !(await session.isAlive()), { describe: 'its session has ended' })
      await session.close()
      await expect(secret.read(call)).rejects.toMatchObject({ code: 'policy_denied' })

      const { call: another } = await newReader('next')
      const next = await secret.read(another)
      expect(next.version).toBe(3)
      expect(next.username === read.username).toBe(count === 1)
      expect(await accepted(next), 'the version that follows is taken').toBe(true)
      expect((await secret.versions()).map(({ state, sealed_secret: kept }) => [state, kept === null])).toEqual([
        ['ended', true],
        ['ended', true],
        ['current', false],
      ])
      const entries = (await company.dump()).map(({ data }) => data.toString('utf8'))
      for (const { password } of [read, next]) expect(entries.filter((data) => data.includes(password))).toEqual([])
    },
  )

  test('where another identity has read it too, that one goes on until the notice is over', async () => {
    const secret = await addSecret(own, 3)
    await secret.upkeep({ rotate: 'on_demand', endNow: true })
    const [leaving, staying] = [await newReader('leaving'), await newReader('staying')]
    const [told, kept] = [await secret.read(leaving.call), await secret.read(staying.call)]
    expect(kept.password).toBe(told.password)
    await company.end(leaving.identity.identity_id)
    await until(async () => (await secret.findings()).length > 0, { describe: 'the finding is raised' })
    expect(await company.stateOf(told.row), 'not called revoked yet').toMatchObject({ state: 'revoking' })
    expect(await accepted(kept), 'who stays goes on').toBe(true)
    const renewed = await secret.read(staying.call)
    expect(renewed.username, 'the other account has its turn').not.toBe(kept.username)
    expect(await accepted(renewed)).toBe(true)
    await until(async () => (await secret.upkeep(), !(await accepted(told))), { describe: 'it is dead' })
    await until(async () => (await company.stateOf(told.row)).state === 'revoked', { describe: 'and called revoked' })
    expect(await accepted(renewed), 'who read again in time never broke').toBe(true)
  })

  test('two accounts take turns, so that whoever reads again in time never breaks', async () => {
    const secret = await addSecret(own, 2)
    const { call } = await newReader('report')
    const told = [await secret.read(call)]
    for (let turn = 0; turn < 2; turn += 1) {
      await secret.upkeep({ rotate: 'on_demand' })
      const next = await secret.read(call)
      const before = told.at(-1)
      if (before === undefined) throw new Error('there was one')
      expect([await accepted(before), await accepted(next)]).toEqual([true, true])
      await until(async () => (await secret.upkeep(), !(await accepted(before))), { describe: 'the one before ends' })
      expect(await accepted(next)).toBe(true)
      told.push(next)
    }
    expect(told.map((one) => one.username)).toEqual([own[0].account, own[1].account, own[0].account])
  })
})
