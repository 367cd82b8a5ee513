import { expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import { createFixture } from './lifecycle-fixture.ts'

test.each([18, 15] as const)('revocation wins against minting under load on PostgreSQL %i', async (version) => {
  await using fixture = await createFixture(version, { poolSize: 16, limits: { issuesPerMinute: 100_000 } })
  const { life, identity } = fixture
  await life.startWorkers()
  await life.makeRole('orders-db', 'many', fixture.group, { maxLivePerIdentity: 100_000 })
  let minting = true
  let granted = 0
  const refusals = new Set<string>()
  const minter = async () => {
    while (minting) {
      try {
        await fixture.issue({ role: 'orders-db/many' })
        granted += 1
      } catch (error) {
        refusals.add((error as { code?: string }).code ?? String(error))
        minting = false
      }
    }
  }
  const minters = Array.from({ length: 8 }, minter)
  await until(() => granted >= 20, { withinMs: 20_000, describe: 'minting is well under way' })
  const beforeMs = performance.now()
  const requested = await life.revoke({ kind: 'identity', id: identity.identity_id })
  // Those who come after it wait for it, not it for them: it waits for the few issues that are under way.
  expect(performance.now() - beforeMs).toBeLessThan(2_000)
  await Promise.all(minters)
  expect(requested?.total).toBeGreaterThanOrEqual(20)
  for (const code of refusals) expect(['policy_denied', 'credential_overtaken']).toContain(code)
  await until(
    async () => {
      const rows = await life.inTenant((tx) => tx.query.selectFrom('credential').select('state').execute())
      return rows.every((row) => row.state === 'revoked')
    },
    { withinMs: 25_000, describe: 'all that was minted is revoked, the overtaken too' },
  )
  expect(await fixture.accountsWithoutRow()).toEqual([])
  const [left] = await fixture.sql(
    `select count(*)::int as count from pg_auth_members m join pg_roles g on g.oid = m.roleid where g.rolname = $1`,
    [fixture.group],
  )
  expect(left).toEqual({ count: 0 })
})
