import { type CredentialId, newId } from '@mayfly/domain'
import { type HttpTarget, httpProvider, httpSettings } from '@mayfly/provider-http'
import { findPrinted, type RevokeReport, Secret } from '@mayfly/provider-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Broker, openBroker } from '../provider-rabbitmq/rabbitmq-fixture.ts'
import { brokerTemplate, openTemplate } from './rabbitmq-template.ts'

const signal = new AbortController().signal
const { permission, settings } = brokerTemplate('https://rabbit.example.com', 'mayfly')
let broker: Broker
let target: HttpTarget
beforeAll(async () => {
  broker = await openBroker()
  target = await openTemplate(broker)
}, 120_000)
afterAll(() => target?.close())

const plan = () => httpProvider.plan(newId<CredentialId>())
const request = (values: Readonly<Record<string, string>> = permission.values) => ({
  permission: { values },
  parameters: {},
  expiresAt: new Date(Date.now() + 60_000),
  createDeadlineAt: new Date(Date.now() + 10_000),
})

function recorded() {
  const removed: string[] = []
  const report: RevokeReport = {
    cut: async () => undefined,
    removed: async (handles) => void removed.push(...handles.map((one) => one.accountName)),
    pending: async (_, reason) => expect.unreachable(reason),
  }
  return { removed, report }
}

describe('what a create leaves', { timeout: 60_000 }, () => {
  test('one of which the broker carried out a half is seen, and removed', async () => {
    const values = { ...permission.values, vhost: 'that-was-deleted' }
    const choices = { ...(settings['choices'] as object), vhost: ['/', values.vhost] }
    const late = await openTemplate(broker, { choices })
    const handle = plan()
    await expect(late.issue(handle, request(values), signal)).rejects.toMatchObject({ code: 'target_refused' })
    expect((await broker.ask('GET', `users/${handle.accountName}`)).status, 'control: the user is there').toBe(200)
    expect(await late.observe([handle], signal)).toMatchObject([{ state: 'usable' }])
    const { removed, report } = recorded()
    await late.revoke([handle], report, signal)
    expect(removed).toEqual([handle.accountName])
    expect((await broker.ask('GET', `users/${handle.accountName}`)).status).toBe(404)
    await late.close()
  })

  test('what a role chooses arrives as it was written, and nothing more', async () => {
    const handle = plan()
    await target.issue(handle, request(), signal)
    const { vhost, read, write } = permission.values
    expect((await broker.ask('GET', `users/${handle.accountName}/permissions`)).body).toEqual([
      { user: handle.accountName, vhost, configure: '^$', read, write },
    ])
    expect((await broker.ask('GET', `users/${handle.accountName}`)).body).toMatchObject({ tags: [] })
    await target.revoke([handle], recorded().report, signal)
  })
})

describe('a call to set a secret that makes the account', { timeout: 60_000 }, () => {
  const next = new Secret('a-secret-of-an-account-that-is-gone')

  test('asks first: an account that somebody has removed does not come back', async () => {
    const gone = await broker.makeUser('monitoring')
    await gone.drop()
    const error = await target.rotate?.(gone.username, next, signal).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'target_refused',
      options: { publicDetail: `the system has no account \`${gone.username}\`` },
    })
    expect(findPrinted(error, [next.reveal()])).toEqual([])
    await expect(target.endPrevious?.(gone.username, next, signal)).rejects.toMatchObject({ code: 'target_refused' })
    expect((await broker.ask('GET', `users/${gone.username}`)).status).toBe(404)

    const { find, ...rotate } = settings['rotate'] as { readonly find: unknown }
    expect(find).toBeDefined()
    const careless = await openTemplate(broker, { rotate })
    await expect(careless.rotate?.(gone.username, next, signal), 'control: 201 is no change').rejects.toMatchObject({
      code: 'target_refused',
    })
    expect((await broker.ask('GET', `users/${gone.username}`)).status, 'control: it is made without `find`').toBe(200)
    await careless.close()
    await gone.drop()
  })

  test('sets it for one that is there, which keeps its rights', async () => {
    const own = await broker.makeUser('monitoring')
    await target.rotate?.(own.username, next, signal)
    expect(await broker.letsIn(own.username, next.reveal())).toBe(true)
    expect(await broker.letsIn(own.username, own.password), 'control').toBe(false)
    expect((await broker.ask('GET', `users/${own.username}`)).body).toMatchObject({ tags: ['monitoring'] })
    expect((await broker.ask('GET', `users/${own.username}/permissions`)).body).toHaveLength(1)
    await own.drop()
  })
})

describe('what a template for rotation must say', () => {
  const rotate = settings['rotate'] as {
    readonly set: object
    readonly find: object
    readonly try: object
  }
  const faultsOf = (over: object) =>
    httpSettings
      .safeParse({ ...settings, rotate: { ...rotate, ...over } })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

  test.each<[string, object, readonly RegExp[]]>([
    ['as it stands', {}, []],
    ['an account that is not looked for', { find: { path: '/api/users' } }, [/^rotate\.find\.path: .*`\{account\}`/]],
    [
      'a placeholder that is none in `find`',
      { find: { path: '/api/users/{account}/{next}' } },
      [/^rotate\.find\.path: there is no placeholder `\{next\}`/],
    ],
    [
      'a secret that is not sent',
      { set: { ...rotate.set, body: { tags: '' } } },
      [/^rotate\.set: does not say `\{next\}`/],
    ],
    [
      'an account that is not named',
      { set: { ...rotate.set, path: '/api/users/one' } },
      [/^rotate\.set: does not say `\{account\}`/],
    ],
    [
      'a placeholder in `try`, where nothing is filled in',
      { try: { ...rotate.try, path: '/api/users/{account}' } },
      [/^rotate\.try\.path: there is no placeholder `\{account\}` here; there is none/],
    ],
  ])('%s', (_, over, faults) => {
    const found = faultsOf(over)
    expect(found).toHaveLength(faults.length)
    for (const [at, fault] of faults.entries()) expect(found[at]).toMatch(fault)
  })
})
