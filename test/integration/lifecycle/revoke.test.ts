import type { RevocationId } from '@mayfly/domain'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { isWithinBlastRadius } from '../../../packages/server/src/application/revocation/limit-blast-radius.ts'
import { previewRevocation } from '../../../packages/server/src/application/revocation/preview-revocation.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { listReceiptLines } from '../../../packages/server/src/application/revocation/revocation-receipt.ts'
import { declareTask } from '../../../packages/server/src/application/task/declare-task.ts'
import type { Selector } from '../../../packages/server/src/store/revocation-rows.ts'
import { until } from '../../support/index.ts'
import { canLogIn, createFixture, type Fixture, openSession } from './lifecycle-fixture.ts'

const byOperator = { cause: 'requested_by_operator', requestedBy: { kind: 'person', id: 'test' } } as const

/** Two owners, three resources, four identities; one credential of each kind. */
async function makeCompany(fixture: Fixture) {
  const { life, place, group, call, administrator } = fixture
  await life.makeOwner('billing-team', 'ada@example.org')
  const billing = await life.makeIdentity('billing', 'billing-team')
  await life.makeResource('billing-db', 'billing-team', place)
  await life.makeRole('billing-db', 'readonly', group)
  const development = await life.makeIdentity('workbench', 'orders-team', { environment: 'development' })
  await life.makeResource('bench-db', 'orders-team', place, 'development')
  await life.makeRole('bench-db', 'readonly', group)
  const second = await life.makeIdentity('second-report', 'orders-team')
  const other = await life.makeRole('orders-db', 'other', group)
  const { taskId } = await declareTask(life.deps, administrator, {
    identity: 'nightly-report',
    kind: 'declared',
    purpose: 'settle the orders of yesterday',
    roles: ['orders-db/readonly'],
    deadline: new Date(life.clock.now().getTime() + 600_000),
  })
  const again = await life.callOf(fixture.identity.identity_id)
  const billingCall = await life.callOf(billing.identity_id)
  const issued = {
    inTask: await fixture.issue({ taskId }),
    again: await fixture.issue({}, again),
    second: await fixture.issue({ role: 'orders-db/other' }, await life.callOf(second.identity_id)),
    billing: await fixture.issue({ role: 'billing-db/readonly' }, billingCall),
    development: await fixture.issue({ role: 'bench-db/readonly' }, await life.callOf(development.identity_id)),
  }
  const { actor } = billingCall
  if (actor.kind !== 'identity' || call.actor.kind !== 'identity') throw new Error('these are identities')
  const billingAttestation = await life.inTenant((tx) =>
    tx.query
      .selectFrom('attestation')
      .selectAll()
      .where('attestation_id', '=', actor.attestationId)
      .executeTakeFirstOrThrow(),
  )
  return { issued, taskId, other, callAttestationId: call.actor.attestationId, billingAttestation }
}

test('each selector ends what it names, and nothing else', async () => {
  await using fixture = await createFixture()
  const { life, identity, owner, resource } = fixture
  const { issued, taskId, other, callAttestationId, billingAttestation } = await makeCompany(fixture)
  const cases: readonly (readonly [Selector, readonly (keyof typeof issued)[]])[] = [
    [{ kind: 'credential', id: issued.again.row.credential_id }, ['again']],
    [{ kind: 'task', id: taskId }, ['inTask']],
    [{ kind: 'attestation', id: callAttestationId }, ['inTask']],
    [{ kind: 'identity', id: identity.identity_id }, ['inTask', 'again']],
    [{ kind: 'owner', id: owner.owner_id }, ['inTask', 'again', 'second', 'development']],
    [{ kind: 'role', id: other.role_id }, ['second']],
    [{ kind: 'resource', id: resource.resource_id }, ['inTask', 'again', 'second']],
    [{ kind: 'trust_provider', id: billingAttestation.trust_provider_id }, ['billing']],
    [{ kind: 'environment', id: 'development' }, ['development']],
    [
      { kind: 'policy', id: issued.inTask.row.policy_version_id },
      ['inTask', 'again', 'second', 'billing', 'development'],
    ],
  ]
  class Undo extends Error {}
  for (const [selector, expected] of cases) {
    const ended: string[] = []
    const undone = life.inTenant(async (tx) => {
      const preview = await previewRevocation(tx, selector, life.clock.now())
      expect(preview.total, `the preview of ${selector.kind}`).toBe(expected.length)
      expect(preview.groups.reduce((sum, each) => sum + each.credentials, 0)).toBe(expected.length)
      const done = await requestRevocation(tx, { selector, ...byOperator, now: life.clock.now() })
      expect(done?.total).toBe(expected.length)
      const rows = await tx.query.selectFrom('credential').selectAll().where('state', '=', 'revoking').execute()
      ended.push(...rows.map((row) => row.credential_id))
      throw new Undo()
    })
    await expect(undone).rejects.toThrow(Undo)
    const names = Object.entries(issued).filter(([, each]) => ended.includes(each.row.credential_id))
    expect(names.map(([name]) => name).toSorted(), `what ${selector.kind} ends`).toEqual(expected.toSorted())
  }
})

test('revoking an identity ends its proofs and tasks too: nothing is issued until it proves itself again', async () => {
  await using fixture = await createFixture()
  const { life, identity } = fixture
  const { taskId } = await makeCompany(fixture)
  await life.revoke({ kind: 'identity', id: identity.identity_id })
  await expect(fixture.issue()).rejects.toMatchObject({ code: 'policy_denied' })
  const [task, attestations] = await life.inTenant(async (tx) => [
    await tx.query.selectFrom('task').select('state').where('task_id', '=', taskId).executeTakeFirst(),
    await tx.query.selectFrom('attestation').selectAll().where('identity_id', '=', identity.identity_id).execute(),
  ])
  expect(task?.state).toBe('revoked')
  expect(attestations.map((row) => row.state)).toEqual(['revoked', 'revoked'])
  const proven = await life.callOf(identity.identity_id)
  expect((await fixture.issue({}, proven)).row.state, 'control: a new proof opens the way again').toBe('active')
})

test('an identity with 200 logins and open sessions loses them all at once, each with its entries', async () => {
  await using fixture = await createFixture(18)
  const { life, identity } = fixture
  await life.startWorkers()
  await life.makeRole('orders-db', 'many', fixture.group, { maxLivePerIdentity: 1_000 })
  const issued = await fixture.issueMany(200, { role: 'orders-db/many' })
  const sessions = await Promise.all(issued.slice(0, 40).map(openSession))
  const requested = await life.revoke({ kind: 'identity', id: identity.identity_id })
  const revocation = await until(
    () =>
      life.inTenant((tx) =>
        tx.query.selectFrom('revocation').selectAll().where('state', '=', 'complete').executeTakeFirst(),
      ),
    { withinMs: 20_000, describe: 'the revocation is complete' },
  )
  expect(revocation).toMatchObject({ total: 200, cut_count: 200, removed_count: 200 })
  expect(revocation.cut_at?.getTime()).toBeLessThanOrEqual(revocation.completed_at?.getTime() ?? 0)
  for (const session of sessions) expect(await session.works()).toBe(false)
  await Promise.all(sessions.map((session) => session.close()))
  expect(await fixture.accountsWithoutRow()).toEqual([])
  const left = await fixture.sql('select from pg_roles where rolname = any($1)', [
    issued.map(({ row }) => row.account_name),
  ])
  expect(left).toEqual([])
  const lines = await life.inTenant((tx) =>
    listReceiptLines(tx, requested?.revocationId as RevocationId, { limit: 500 }),
  )
  expect(lines).toHaveLength(200)
  for (const line of lines)
    expect(line.entries.map((entry) => entry.action)).toEqual(['credential.cut', 'credential.revoked'])
})

test('a second revocation waits for what the first has not yet removed', async () => {
  await using fixture = await createFixture()
  const { life, identity, role } = fixture
  await Promise.all([fixture.issue(), fixture.issue()])
  const first = await life.revoke({ kind: 'role', id: role.role_id })
  const second = await life.revoke({ kind: 'identity', id: identity.identity_id })
  expect([first?.ended, second?.ended, second?.total]).toEqual([2, 0, 2])
  await life.startWorkers()
  await until(
    async () => {
      const rows = await life.inTenant((tx) => tx.query.selectFrom('revocation').selectAll().execute())
      return rows.every((row) => row.state === 'complete' && row.removed_count === 2)
    },
    { describe: 'both are complete' },
  )
})

test('where there is nothing to end nothing is recorded, unless it was asked for', async () => {
  await using fixture = await createFixture()
  const { life, role } = fixture
  const selector = { kind: 'role', id: role.role_id } as const
  expect(await life.revoke(selector)).toBeUndefined()
  const asked = await life.inTenant((tx) =>
    requestRevocation(tx, { selector, ...byOperator, now: life.clock.now(), recordEmpty: true }),
  )
  expect(asked?.total).toBe(0)
  const rows = await life.inTenant((tx) => tx.query.selectFrom('revocation').select(['state', 'total']).execute())
  expect(rows).toEqual([{ state: 'complete', total: 0 }])
})

test('an automatic cause does not end most of an environment; a person does', async () => {
  await using fixture = await createFixture()
  const { life, identity, call, administrator } = fixture
  await fixture.issueMany(21)
  const request = { selector: { kind: 'identity', id: identity.identity_id }, now: life.clock.now() } as const
  const judge = (actor: typeof call.actor, cause: 'anomaly' | 'task_completed') =>
    life.inTenant((tx) => isWithinBlastRadius(tx, { ...request, cause, actor }))
  expect(await judge(call.actor, 'anomaly')).toBe(false)
  expect(await judge(administrator.actor, 'anomaly')).toBe(true)
  expect(await judge(call.actor, 'task_completed'), 'what is over is never held').toBe(true)
  const findings = await life.inTenant((tx) => tx.query.selectFrom('finding').select(['kind', 'severity']).execute())
  expect(findings).toEqual([{ kind: 'revocation_held', severity: 'critical' }])
})

test('a dead target delays only itself, says so after a minute, and is finished when it is back', async () => {
  await using fixture = await createFixture()
  const { life, target, place, group, identity } = fixture
  const dead = await life.makeResource('dead-db', 'orders-team', place)
  await life.makeRole('dead-db', 'readonly', group)
  const there = await fixture.issue({ role: 'dead-db/readonly' })
  // The target forgets Mayfly's login for one resource only: the rows then point to a database that is not there.
  await life.inTenant((tx) =>
    tx.query
      .updateTable('resource')
      .set({ settings: JSON.stringify({ ...(dead.settings as object), database: 'no_such_database' }) })
      .where('resource_id', '=', dead.resource_id)
      .execute(),
  )
  const here = await fixture.issue()
  await life.startWorkers()
  await life.revoke({ kind: 'identity', id: identity.identity_id })
  await fixture.becomes(here.row, 'revoked')
  const waiting = await until(
    async () => {
      const row = await fixture.rowOf(there.row)
      return row.last_error === null ? undefined : row
    },
    { describe: 'the reason is told' },
  )
  expect(waiting.state).toBe('revoking')
  expect(waiting.last_error).not.toContain(target.host)
  await expect(fixture.issue(), 'authority has ended all the same').rejects.toMatchObject({ code: 'policy_denied' })
  // As if a minute had passed.
  await life.inTenant((tx) =>
    tx.query
      .updateTable('credential')
      .set({ revoking_at: new Date(Date.now() - 61_000) })
      .where('credential_id', '=', there.row.credential_id)
      .execute(),
  )
  const openFindings = () =>
    life.inTenant((tx) =>
      tx.query.selectFrom('finding').select(['kind', 'subject']).where('closed_at', 'is', null).execute(),
    )
  await until(async () => (await openFindings()).length > 0, { withinMs: 15_000, describe: 'a finding is open' })
  expect(await openFindings()).toEqual([{ kind: 'revocation_overdue', subject: `resource:${dead.resource_id}` }])
  expect(await canLogIn(there), 'control: the account still stands at the target').toBe(true)

  await life.inTenant((tx) =>
    tx.query
      .updateTable('resource')
      .set({ settings: JSON.stringify(dead.settings) })
      .where('resource_id', '=', dead.resource_id)
      .execute(),
  )
  await fixture.becomes(there.row, 'revoked', 20_000)
  expect(await canLogIn(there)).toBe(false)
  await until(async () => (await openFindings()).length === 0, { describe: 'the finding is closed' })
})

test('a revocation of more than fits one statement is still one: one row, all of them, stated to the last', async () => {
  await using fixture = await createFixture()
  const { life } = fixture
  const { row } = await fixture.issue()
  await life.inTenant(async (tx) => {
    await sql`insert into credential (credential_id, identity_id, attestation_id, role_id, resource_id, provider_kind,
          account_name, environment, decision_id, policy_version_id, requested_at, create_deadline_at,
          expires_at, max_expires_at)
        select gen_random_uuid(), identity_id, attestation_id, role_id, resource_id, provider_kind, 'mayfly_' || n,
          environment, decision_id, policy_version_id, requested_at, create_deadline_at, expires_at, max_expires_at
        from credential, generate_series(1, 5200) n where credential_id = ${row.credential_id}`.execute(tx.query)
    await sql`update credential set state = 'active', active_at = requested_at where state = 'requested'`.execute(
      tx.query,
    )
  })
  const done = await life.revoke({ kind: 'environment', id: 'staging' })
  expect(done).toMatchObject({ total: 5_201, ended: 5_201 })
  const [revocation, live] = await life.inTenant(async (tx) => [
    await tx.query.selectFrom('revocation').selectAll().executeTakeFirstOrThrow(),
    await tx.query.selectFrom('credential').select('state').where('state', '<>', 'revoking').execute(),
  ])
  expect(revocation).toMatchObject({ state: 'running', total: 5_201, cut_count: 0 })
  expect(live).toEqual([])
  const entries = (await life.entries()).filter((entry) => entry.action.startsWith('revocation.'))
  const stated = entries.flatMap((entry) => entry.content['rows'] as readonly { table: string }[])
  expect(stated.filter((each) => each.table === 'credential')).toHaveLength(5_201)
})
