/** The whole way through the server: row with its key before the credential, one end, dead at the target, told in the log. */
import { natsProvider } from '@mayfly/provider-nats'
import { expect, test } from 'vitest'
import type { Provider } from '../../../packages/server/src/adapters/targets/targets.ts'
import { issueCredential } from '../../../packages/server/src/application/credential/issue-credential.ts'
import { registerResource } from '../../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../../packages/server/src/application/registry/register-role.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { handleOf } from '../../../packages/server/src/store/credential-rows.ts'
import { listEndedCredentials, listLongOver } from '../../../packages/server/src/store/ended-rows.ts'
import { createTestDatabase, until, useServer } from '../../support/index.ts'
import { openLifecycle } from '../lifecycle/open-lifecycle.ts'
import { canLogIn, noSignal, openSession, prepareNats } from './nats-fixture.ts'

const byOperator = { cause: 'requested_by_operator', requestedBy: { kind: 'person', id: 'test' } } as const

async function openCompany() {
  const [store, prepared] = await Promise.all([createTestDatabase(), useServer('nats').then(prepareNats)])
  // A provider that makes the same key twice when it is told to, as a workload that sends one twice would.
  let again: ReturnType<typeof natsProvider.prepareKey> | undefined
  const provider = { ...natsProvider, prepareKey: () => again ?? natsProvider.prepareKey({}) } as unknown as Provider
  const life = await openLifecycle(store.url, { providers: [provider] })
  await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner('orders-team', 'ada@example.org')
  const identity = await life.makeIdentity('nightly-report', 'orders-team')
  const { trusted_operator_keys: trusted, servers, account_public_key: account } = prepared.settings
  const resource = await life.change((at) =>
    registerResource(life.registry, at, {
      name: 'orders-bus',
      provider: 'nats',
      environment: 'staging',
      reach: 'data',
      dataClass: 'internal',
      exposure: 'internal',
      delivery: 'direct',
      owner: 'orders-team',
      settings: {
        servers,
        tls: { mode: 'disabled_loopback_only' },
        account_public_key: account,
        trusted_operator_keys: trusted,
      },
      secret: prepared.secret,
    }),
  )
  const role = await life.change((at) =>
    registerRole(life.registry, at, {
      resource: 'orders-bus',
      name: 'writer',
      permission: { publish: { allow: ['orders.>'] } },
    }),
  )
  const call = await life.callOf(identity.identity_id)
  const issue = async () => {
    const { row, fields } = await issueCredential(life.deps, call, { role: 'orders-bus/writer' })
    if (fields === undefined) throw new Error('what was issued has fields')
    return { row, account: { fields, boundTo: row.bound_to, expiresAt: row.expires_at } }
  }
  return {
    life,
    prepared,
    identity,
    resource: resource.row,
    role: role.row,
    issue,
    useKey: (key: typeof again) => {
      again = key
    },
    revokeAll: () =>
      life.inTenant((tx) =>
        requestRevocation(tx, {
          selector: { kind: 'identity', id: identity.identity_id },
          ...byOperator,
          now: life.clock.now(),
        }),
      ),
    async [Symbol.asyncDispose]() {
      await life.close()
      await prepared[Symbol.asyncDispose]()
      await store.drop()
    },
  }
}

test('the end of an identity is the end at the target: no login, no session, and every step has its entry', async () => {
  await using company = await openCompany()
  const { life, prepared } = company
  const [first, second] = [await company.issue(), await company.issue()]
  const bystander = await prepared.issue()
  expect(first.row.target_key, 'the row holds the key that its end needs').toBe(first.account.fields['user_public_key'])
  const session = await openSession(first.account)
  const other = await openSession(bystander.account)
  expect(await canLogIn(second.account)).toBe(true)
  await life.startWorkers()
  await company.revokeAll()
  await until(
    async () => {
      const rows = await life.inTenant((tx) => tx.query.selectFrom('credential').selectAll().execute())
      return rows.every((row) => row.state === 'revoked')
    },
    { withinMs: 20_000, describe: 'all are revoked' },
  )
  expect(await session.isAlive()).toBe(false)
  expect(await other.isAlive(), 'control: what others have signed goes on').toBe(true)
  for (const { account } of [first, second]) expect(await canLogIn(account)).toBe(false)
  await other.close()

  const of = (await life.entries()).filter(({ content }) => {
    const subject = content['subject'] as Readonly<Record<string, unknown>>
    return subject['credential_id'] === first.row.credential_id
  })
  expect(of.map((entry) => entry.action)).toEqual([
    'credential.requested',
    'credential.issued',
    'credential.cut',
    'credential.revoked',
  ])
  expect(of[0]?.content['body']).toMatchObject({ target_key: first.row.target_key })
  const findings = async () => {
    await life.sequence()
    return (await life.verify()).findings.filter(({ table }) => table === 'credential')
  }
  expect(await findings(), 'the entries state the rows as they are').toEqual([])
  await life.inTenant((tx) =>
    tx.query
      .updateTable('credential')
      .set({ target_key: bystander.handle.targetKey })
      .where('credential_id', '=', first.row.credential_id)
      .execute(),
  )
  expect(await findings(), 'control: a key that was changed behind the log is found').toHaveLength(1)
})

test('an older list that someone puts in place is seen by asking, and said again by ending again', async () => {
  await using company = await openCompany()
  const { life, prepared } = company
  const issued = await company.issue()
  const older = await prepared.stored()
  await life.startWorkers()
  await company.revokeAll()
  await until(async () => !(await canLogIn(issued.account)), { describe: 'it is refused' })
  await prepared.push(older)
  expect(await canLogIn(issued.account), 'control').toBe(true)
  const handle = handleOf(issued.row)
  await life.useTarget(company.resource.resource_id, async (way) => {
    expect((await way.observe([handle], noSignal))[0]?.state).toBe('usable')
    const note = async () => undefined
    await way.revoke([handle], { cut: note, removed: note, pending: note }, noSignal)
    expect((await way.observe([handle], noSignal))[0]?.state).toBe('absent')
  })
  expect(await canLogIn(issued.account)).toBe(false)
})

test('a key is of one credential: asked for a second one with it, the answer names the field', async () => {
  await using company = await openCompany()
  const key = natsProvider.prepareKey({})
  company.useKey(key)
  const first = await company.issue()
  expect(first.row.target_key).toBe(key.targetKey)
  await expect(company.issue()).rejects.toMatchObject({
    code: 'request_invalid',
    options: { fields: [{ pointer: '/public_key' }] },
  })
  company.useKey(undefined)
  expect((await company.issue()).row.target_key, 'control').not.toBe(key.targetKey)
  const rows = await company.life.inTenant((tx) => tx.query.selectFrom('credential').select('credential_id').execute())
  expect(rows, 'nothing of the refused one is left').toHaveLength(2)
})

test('what has ended of the resource is told with its keys, and what is long over by them', async () => {
  await using company = await openCompany()
  const { life } = company
  const issued = await company.issue()
  await company.revokeAll()
  const key = issued.row.target_key ?? ''
  await life.inTenant(async (tx) => {
    const now = life.clock.now()
    const [ended, ...more] = await listEndedCredentials(tx, company.resource.resource_id, now)
    expect(more).toEqual([])
    expect(ended).toMatchObject({ credentialId: issued.row.credential_id, targetKey: key })
    const keys = [key, natsProvider.prepareKey({}).targetKey]
    const end = issued.row.expires_at.getTime()
    const over = (before: Date) => listLongOver(tx, company.resource.resource_id, keys, before)
    expect(await over(new Date(end + 1))).toEqual(new Set([key]))
    expect(await over(new Date(end)), 'control: not yet').toEqual(new Set())
  })
})
