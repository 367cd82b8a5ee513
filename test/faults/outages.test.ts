import { setTimeout as pause } from 'node:timers/promises'
import { functionsGuide } from '@mayfly/provider-postgres'
import { defaultTenantId } from '@mayfly/domain'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { migrate } from '../../packages/server/src/store/migrate.ts'
import { openLifecycle, newKek } from '../integration/lifecycle/open-lifecycle.ts'
import { issueCredential } from '../../packages/server/src/application/credential/issue-credential.ts'
import { startDurableCluster, until, withClient } from '../support/index.ts'
import { prepareTarget } from '../integration/lifecycle/lifecycle-fixture.ts'
import { allGone, createFaultFixture, expectSound, processes } from './fault-fixture.ts'

test('a target that is down for a while loses no revocation: authority ends at once, the account when it is back', async () => {
  await using fixture = await createFaultFixture(18)
  const { life, identity } = fixture
  const cluster = await startDurableCluster({ version: 18 })
  const url = cluster.url('postgres')
  const login = { username: 'mayfly', password: 'a-password-of-a-test' }
  await withClient(url, async (client) => {
    await client.query('create role app_readers')
    await client.query(functionsGuide({ login: login.username, groups: ['app_readers'] }))
    await client.query(`alter role ${login.username} password '${login.password}'`)
  })
  const { host, port } = cluster.access
  await life.makeResource('flaky-db', 'orders-team', { host, port, database: 'postgres', login })
  await life.makeRole('flaky-db', 'readonly', 'app_readers')
  const issued = await Promise.all(Array.from({ length: 10 }, () => fixture.issue({ role: 'flaky-db/readonly' })))
  const elsewhere = await fixture.issue()
  await life.startWorkers()
  await cluster.server.stop('immediate')
  await fixture.revoke({ kind: 'identity', id: identity.identity_id })
  await fixture.becomes(elsewhere.row, 'revoked')
  await until(async () => (await fixture.rowOf(issued[0]?.row ?? elsewhere.row)).last_error !== null, {
    withinMs: 15_000,
    describe: 'the reason is told',
  })
  for (const { row } of issued) expect((await fixture.rowOf(row)).state, 'never called revoked').toBe('revoking')
  await expect(fixture.issue()).rejects.toMatchObject({ code: 'policy_denied' })

  // As after a long outage: all but one are put off for an hour.
  await life.deps.database.transaction(defaultTenantId, ({ query }) =>
    sql`update credential set next_attempt_at = next_attempt_at + interval '1 hour'
        where state = 'revoking' and credential_id <> ${issued[0]?.row.credential_id ?? ''}`.execute(query),
  )

  await using again = await startDurableCluster({ version: 18, dataDir: cluster.dataDir, port })
  // One success says that the target is back; then nobody waits for an hour.
  await allGone(fixture)
  const left = await withClient(again.url('postgres'), (client) =>
    client.query(`select from pg_roles where rolname like 'mayfly\\_%'`),
  )
  expect(left.rowCount, 'nothing is left at the target').toBe(0)
  await expectSound(fixture)
})

test('a store that is restarted under load forgets nothing: what was answered is there, what was not leaves no account', async () => {
  const kek = newKek()
  const cluster = await startDurableCluster({ version: 18 })
  await withClient(cluster.url('postgres'), async (client) => {
    await client.query(`create role store login password 'a-password'`)
    await client.query('create database store owner store')
  })
  const storeUrl = cluster.url('store', { user: 'store', password: 'a-password' })
  await migrate(storeUrl)
  await using life = await openLifecycle(storeUrl, {
    kek,
    limits: { createTimeoutMs: 2_500, issuesPerMinute: 100_000 },
  })
  const { target, place, group } = await prepareTarget(18)
  await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner('orders-team', 'ada@example.org')
  const identity = await life.makeIdentity('nightly-report', 'orders-team')
  await life.makeResource('orders-db', 'orders-team', place)
  await life.makeRole('orders-db', 'readonly', group, { maxLivePerIdentity: 10_000 })
  const call = await life.callOf(identity.identity_id)
  await life.startWorkers()

  const answered: string[] = []
  let failed = 0
  const loading = new AbortController()
  const load = async () => {
    while (!loading.signal.aborted) {
      await issueCredential(life.deps, call, { role: 'orders-db/readonly' }).then(
        ({ row }) => answered.push(row.credential_id),
        async () => {
          failed += 1
          // The store is away: asking without pause would only burn the processor that it needs to come back.
          await pause(50)
        },
      )
    }
  }
  const loaders = Array.from({ length: 4 }, load)
  await until(() => answered.length > 20, { withinMs: 20_000, describe: 'the load is under way' })
  await cluster.server.stop('immediate')
  await until(() => failed > 3, { withinMs: 20_000, describe: 'the load feels it' })
  await using _again = await startDurableCluster({
    version: 18,
    dataDir: cluster.dataDir,
    port: cluster.access.port,
  })
  const before = answered.length
  await until(() => answered.length > before + 20, { withinMs: 30_000, describe: 'the load goes on' })
  loading.abort()
  await Promise.all(loaders)

  const rows = await life.inTenant((tx) => tx.query.selectFrom('credential').selectAll().execute())
  const active = new Set(rows.filter((row) => row.state === 'active').map((row) => row.credential_id as string))
  expect(
    answered.filter((id) => !active.has(id)),
    'what was answered is there',
  ).toEqual([])
  const store = { url: storeUrl } as Parameters<typeof processes>[0]['store']
  const fixture = { life, ...processes({ life, store }, kek) }
  await fixture.revoke({ kind: 'identity', id: identity.identity_id })
  await allGone(fixture)
  const left = await withClient(target.superuser.url, (client) =>
    client.query(
      `select r.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member
       where g.rolname = $1 and r.rolname like 'mayfly\\_%' and r.rolname <> $2`,
      [group, place.login.username],
    ),
  )
  expect(left.rows, 'no account is left').toEqual([])
  await life.sequence()
  expect((await life.verify()).log.findings).toEqual([])
  await target.drop()
})
