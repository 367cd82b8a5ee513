/** Through the use cases of the server, from the registration of a resource to the entries of its end. */
import { mysqlProvider } from '@mayfly/provider-mysql'
import { expect, test } from 'vitest'
import { actorRecord } from '../../../packages/server/src/application/context.ts'
import { issueCredential } from '../../../packages/server/src/application/credential/issue-credential.ts'
import { renewCredential } from '../../../packages/server/src/application/credential/renew-credential.ts'
import { registerResource } from '../../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../../packages/server/src/application/registry/register-role.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { createTestDatabase, until } from '../../support/index.ts'
import { openLifecycle } from '../lifecycle/open-lifecycle.ts'
import { canLogIn, openSession, prepareMysql } from './mysql-fixture.ts'

test('an identity that is revoked has no login, no session and no account at the target, and entries tell it', async () => {
  await using prepared = await prepareMysql()
  const store = await createTestDatabase()
  await using _dropped = { [Symbol.asyncDispose]: () => store.drop() }
  await using life = await openLifecycle(store.url, { providers: [mysqlProvider] })
  await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner('orders-team', 'ada@example.org')
  const identity = await life.makeIdentity('nightly-report', 'orders-team')
  const { host, port, schema, database } = prepared.settings
  await life.change((at) =>
    registerResource(life.registry, at, {
      name: 'orders-db',
      provider: 'mysql',
      environment: 'staging',
      reach: 'data',
      dataClass: 'internal',
      exposure: 'internal',
      delivery: 'direct',
      owner: 'orders-team',
      settings: {
        host,
        port,
        schema,
        database,
        tls: { mode: 'disabled_loopback_only' },
        account_host: { mode: 'attested_address' },
      },
      secret: prepared.mayflyLogin,
    }),
  )
  await life.change((at) =>
    registerRole(life.registry, at, {
      resource: 'orders-db',
      name: 'readonly',
      permission: { role: prepared.readers },
    }),
  )
  await life.startWorkers()
  const call = await life.callOf(identity.identity_id)
  const issued = await Promise.all(
    [1, 2, 3].map(async () => issueCredential(life.deps, call, { role: 'orders-db/readonly', ttlSeconds: 60 })),
  )
  const accounts = issued.map(({ row, fields }) => ({
    fields: fields ?? {},
    boundTo: row.bound_to ?? 'none',
    expiresAt: row.expires_at,
  }))
  expect(accounts.map(({ boundTo }) => boundTo)).toEqual(['address', 'address', 'address'])
  for (const account of accounts) expect(await canLogIn(account)).toBe(true)
  const [first] = issued
  const [account] = accounts
  if (first === undefined || account === undefined) throw new Error('nothing was issued')
  expect(await canLogIn(account, { password: 'not-the-password' }), 'control: the target checks passwords').toBe(false)
  const renewed = await renewCredential(life.deps, call, { credentialId: first.row.credential_id, ttlSeconds: 300 })
  expect(renewed.row.expires_at.getTime()).toBeGreaterThan(first.row.expires_at.getTime())
  const sessions = await Promise.all(accounts.map((one) => openSession(one)))

  await life.inTenant((tx) =>
    requestRevocation(tx, {
      selector: { kind: 'identity', id: identity.identity_id },
      cause: 'requested_by_operator',
      requestedBy: actorRecord(call.actor),
      now: life.clock.now(),
    }),
  )
  await until(async () => (await life.entries()).some(({ action }) => action === 'revocation.completed'), {
    withinMs: 20_000,
    describe: 'the revocation is complete',
  })
  expect(await Promise.all(sessions.map((session) => session.isAlive()))).toEqual([false, false, false])
  for (const one of accounts) expect(await canLogIn(one)).toBe(false)
  const names = issued.map(({ row }) => `'${row.account_name}'`).join(', ')
  expect(await prepared.sql(`select user from mysql.global_priv where user in (${names})`)).toEqual([])
  const actions = (await life.entries()).map(({ action }) => action)
  for (const action of ['credential.requested', 'credential.issued', 'credential.cut', 'credential.revoked']) {
    expect(
      actions.filter((one) => one === action),
      action,
    ).toHaveLength(3)
  }
})
