import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { IdentityId, OwnerId, RoleId } from '@mayfly/domain'
import type { RequestContext } from '../../../packages/server/src/application/context.ts'
import { decide } from '../../../packages/server/src/application/decision/decide.ts'
import { explainDecision } from '../../../packages/server/src/application/decision/explain-decision.ts'
import { factsUnchanged } from '../../../packages/server/src/application/decision/facts-unchanged.ts'
import { loadFacts } from '../../../packages/server/src/application/decision/load-facts.ts'
import { recordDecision } from '../../../packages/server/src/application/decision/record-decision.ts'
import { factsInputOf, withAuthority } from '../../../packages/server/src/application/decision/with-authority.ts'
import { withClient } from '../../support/index.ts'
import { createDecisionFixture, type DecisionFixture } from './decision-fixture.ts'

let fixture: DecisionFixture
let owner: OwnerId
let job: IdentityId
let role: RoleId
let ctx: RequestContext

beforeAll(async () => {
  fixture = await createDecisionFixture()
  owner = await fixture.makeOwner('orders', await fixture.makePerson())
  job = await fixture.makeIdentity('report-job', owner)
  role = await fixture.makeRole(await fixture.makeResource('orders-db', owner), 'readonly')
  ctx = await fixture.identityContext(job)
})
afterAll(() => fixture.drop())

async function decideIssue() {
  const request = { action: 'credential.issue', resource: { type: 'Role', id: 'orders-db/readonly' } } as const
  return fixture.inTenant(async (tx) => {
    const facts = await loadFacts(fixture.deps, tx, factsInputOf(ctx, request, fixture.clock.now()))
    return decide(fixture.deps.policies, facts)
  })
}

test('a decision names every row that it rests on, and any change of one is seen', async () => {
  const { outcome, versions } = await decideIssue()
  expect(outcome).toBe('permit')
  expect(versions.map((row) => row.table).toSorted()).toEqual([
    'attestation',
    'identity',
    'owner',
    'policy_version',
    'resource',
    'role',
  ])
  const unchanged = () => fixture.inTenant((tx) => factsUnchanged(tx, versions))
  expect(await unchanged(), 'control: nothing has changed yet').toBe(true)
  for (const { table, id } of versions) {
    // The version moves on by itself with any update.
    await fixture.inTenant((tx) =>
      sql`update ${sql.table(table)} set version = version
      where ${sql.ref(`${table}_id`)} = ${id}`.execute(tx.query),
    )
    const { versions: present } = await decideIssue()
    const others = present.filter((row) => row.table !== table)
    const stale = versions.filter((row) => row.table === table)
    expect(await fixture.inTenant((tx) => factsUnchanged(tx, [...others, ...stale]))).toBe(false)
  }
})

test('what was decided on cannot change until whoever acts on it has committed', async () => {
  const { versions } = await decideIssue()
  const order: string[] = []
  const acted = Promise.withResolvers<undefined>()
  const locked = Promise.withResolvers<undefined>()
  const acting = fixture.inTenant(async (tx) => {
    expect(await factsUnchanged(tx, versions)).toBe(true)
    locked.resolve(undefined)
    await acted.promise
    order.push('acted')
  })
  await locked.promise
  const suspending = fixture
    .inTenant((tx) =>
      tx.query.updateTable('identity').set({ state: 'suspended' }).where('identity_id', '=', job).execute(),
    )
    .then(() => order.push('suspended'))
  // Whoever suspends is seen waiting at the database before the other goes on.
  await withClient(fixture.superuserUrl, async (client) => {
    let waiting = 0
    while (waiting === 0) {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      waiting = rows[0]?.n ?? 0
    }
  })
  acted.resolve(undefined)
  await Promise.all([acting, suspending])
  expect(order).toEqual(['acted', 'suspended'])
  expect(await fixture.inTenant((tx) => factsUnchanged(tx, versions)), 'and is seen by the next').toBe(false)
  await fixture.inTenant((tx) =>
    tx.query.updateTable('identity').set({ state: 'active' }).where('identity_id', '=', job).execute(),
  )
})

test('a decision is explained with the text of the policies that determined it', async () => {
  const decision = await decideIssue()
  await fixture.inTenant((tx) => recordDecision(tx, decision))
  const explained = await fixture.inTenant((tx) => explainDecision(fixture.deps.policies, tx, decision.decisionId))
  expect(explained).toMatchObject({
    outcome: 'permit',
    identityId: job,
    duties: { max_ttl_seconds: 3600 },
    policyVersion: { number: 1 },
    policies: [{ id: 'identities-use-data-of-their-owner', effect: 'permit' }],
  })
  expect(explained.policies[0]?.text).toContain('resource.owner == principal.owner')
})

test('names that policies speak of are fixed', async () => {
  for (const table of ['owner', 'identity', 'resource', 'role', 'trust_provider'] as const) {
    const renamed = fixture.inTenant((tx) => tx.query.updateTable(table).set({ name: 'renamed' }).execute())
    await expect(renamed).rejects.toThrow(/is fixed: policies speak of it/)
  }
})

test('what is held is found through the index of what changed', async () => {
  await fixture.makeCredentials(2, {
    identityId: job,
    roleId: role,
    attestationId: await fixture.attest({ identityId: job }),
  })
  await withClient(fixture.superuserUrl, async (client) => {
    // The table is too small for an index to pay; asked is whether one can serve.
    await client.query('set enable_seqscan = off; set enable_bitmapscan = off')
    for (const column of ['identity_id', 'role_id', 'resource_id', 'task_id', 'attestation_id', 'policy_version_id']) {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain select 1 from mayfly.credential c where c.state in ('requested', 'active') and c.${column} = $1::uuid`,
        [job],
      )
      const plan = rows.map((row) => row['QUERY PLAN']).join(' ')
      expect(plan).toMatch(new RegExp(`Index (Only )?Scan using .* Index Cond: \\(${column} = `))
    }
  })
})

test('somebody else’s tenant finds nothing at the gate', async () => {
  const stranger = { ...ctx, tenantId: '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f' as typeof ctx.tenantId }
  const asked = withAuthority(
    fixture.deps,
    stranger,
    { action: 'registry.read', resource: { type: 'Identity', id: 'report-job' }, readOnly: true },
    async () => 'seen',
  )
  await expect(asked).rejects.toMatchObject({ code: 'token_invalid' })
})
