import { redisProvider } from '@mayfly/provider-redis'
import { expect, test } from 'vitest'
import { issueCredential } from '../../../packages/server/src/application/credential/issue-credential.ts'
import { createTestDatabase, until } from '../../support/index.ts'
import { openLifecycle } from '../lifecycle/open-lifecycle.ts'
import { ask, canLogIn, logIn, prepareRedis, sessionOf } from './redis-fixture.ts'

test('from registration to the end of the identity: a user of Redis lives for its task, and dies with its holder', async () => {
  const store = await createTestDatabase()
  await using prepared = await prepareRedis()
  const life = await openLifecycle(store.url, { providers: [redisProvider] })
  try {
    await life.makePerson('ada@example.org', 'administrator')
    await life.makeOwner('orders-team', 'ada@example.org')
    const identity = await life.makeIdentity('order-cache', 'orders-team')
    await life.makeTarget('orders-cache', 'orders-team', {
      provider: 'redis',
      settings: {
        host: prepared.access.host,
        port: prepared.access.port,
        tls: { mode: 'disabled_loopback_only' },
      },
      secret: prepared.mayflyLogin,
      role: 'customer',
      permission: { categories: ['read', 'write'], keys: ['orders:{{customer}}:*'] },
      parameters: { customer: { one_of: ['acme', 'initech'] } },
    })
    const call = await life.callOf(identity.identity_id)
    await life.startWorkers()

    const role = 'orders-cache/customer'
    const issued = await issueCredential(life.deps, call, { role, parameters: { customer: 'acme' } })
    const account = { fields: issued.fields ?? {}, boundTo: 'none' as const, expiresAt: issued.row.expires_at }
    const client = await logIn(account)
    expect(await ask(client, 'SET', 'orders:acme:1', 'x')).toBe('OK')
    await expect(ask(client, 'SET', 'orders:initech:1', 'x'), 'control: the parameter binds').rejects.toThrow('NOPERM')

    await life.revoke({ kind: 'identity', id: identity.identity_id })
    const gone = await until(
      () =>
        life.inTenant((tx) =>
          tx.query
            .selectFrom('credential')
            .selectAll()
            .where('credential_id', '=', issued.row.credential_id)
            .where('state', '=', 'revoked')
            .executeTakeFirst(),
        ),
      { withinMs: 15_000, describe: 'the credential is revoked' },
    )
    expect(gone.cut_at).not.toBeNull()
    expect(await sessionOf(client).isAlive()).toBe(false)
    expect(await canLogIn(account)).toBe(false)
    expect(await prepared.run('ACL', 'USERS')).toBe('default,mayfly')
    const actions = (await life.entries()).map((entry) => entry.action).filter((action) => /^(cred|revo)/.test(action))
    expect(actions).toEqual([
      'credential.requested',
      'credential.issued',
      'revocation.requested',
      'credential.cut',
      'credential.revoked',
      'revocation.completed',
    ])
    await life.sequence()
    // The proof of this test's identity stands without entries; what is ours has them.
    const { findings } = await life.verify()
    expect(findings.filter(({ table }) => !['binding', 'attestation', 'trust_provider'].includes(table))).toEqual([])
  } finally {
    await life.close()
    await store.drop()
  }
})
