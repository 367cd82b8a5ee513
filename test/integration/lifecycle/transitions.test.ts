import { credentialStates, mayBecome, nextCredentialStates, nextTaskStates, taskStates } from '@mayfly/domain'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { declareTask } from '../../../packages/server/src/application/task/declare-task.ts'
import { createFixture } from './lifecycle-fixture.ts'

class Undo extends Error {}

test('the database takes exactly the transitions of a credential that the domain names', async () => {
  await using fixture = await createFixture()
  const { life } = fixture
  const { row } = await fixture.issue()
  const path = {
    requested: [],
    active: ['active'],
    revoking: ['active', 'revoking'],
    revoked: ['active', 'revoking', 'revoked'],
    abandoned: ['active', 'revoking', 'abandoned'],
  } as const
  for (const from of credentialStates) {
    for (const to of credentialStates) {
      if (from === to) continue
      const outcome = await life
        .inTenant(async (tx) => {
          // A fresh row at the beginning of its life, led to `from` step by step.
          const id = row.credential_id.replace(/^.{8}/, '11111111')
          await sql`insert into revocation (revocation_id, cause, selector, requested_by, total, authority_ended_at)
            values (${id}, 'anomaly', '{}', '{}', 1, now())`.execute(tx.query)
          await sql`insert into credential (credential_id, identity_id, attestation_id, role_id, resource_id,
              provider_kind, account_name, environment, decision_id, policy_version_id, requested_at,
              create_deadline_at, expires_at, max_expires_at)
            select ${id}, identity_id, attestation_id, role_id, resource_id, provider_kind, 'mayfly_transition',
              environment, decision_id, policy_version_id, requested_at, create_deadline_at, expires_at, max_expires_at
            from credential where credential_id = ${row.credential_id}`.execute(tx.query)
          const move = (state: string) =>
            sql`update credential set state = ${state},
              active_at = coalesce(active_at, case when ${state} = 'active' then now() end),
              revocation_id = case when ${state} in ('requested', 'active') then null else ${id}::uuid end,
              revoking_at = now(), cut_at = now(), ended_unborn = active_at is null,
              removed_at = case when ${state} = 'revoked' then now() end
            where credential_id = ${id}`.execute(tx.query)
          for (const step of path[from]) await move(step)
          await move(to)
          throw new Undo()
        })
        .catch((error: unknown) => (error instanceof Undo ? 'taken' : String(error)))
      const expected = mayBecome(nextCredentialStates, from, to) ? 'taken' : `does not go from ${from} to ${to}`
      expect(outcome, `${from} to ${to}`).toContain(expected)
    }
  }
})

test('a task that has ended stays as it ended', async () => {
  await using fixture = await createFixture()
  const { life, administrator } = fixture
  const { taskId } = await declareTask(life.deps, administrator, {
    identity: 'nightly-report',
    kind: 'declared',
    purpose: 'settle the orders of yesterday',
    roles: ['orders-db/readonly'],
    deadline: new Date(life.clock.now().getTime() + 600_000),
  })
  for (const from of taskStates) {
    for (const to of taskStates) {
      if (from === to) continue
      const outcome = await life
        .inTenant(async (tx) => {
          const move = (state: string) =>
            sql`update task set state = ${state},
            ended_at = case when ${state} = 'active' then null else now() end where task_id = ${taskId}`.execute(
              tx.query,
            )
          if (from !== 'active') await move(from)
          await move(to)
          throw new Undo()
        })
        .catch((error: unknown) => (error instanceof Undo ? 'taken' : String(error)))
      const expected = mayBecome(nextTaskStates, from, to) ? 'taken' : 'stays as it ended'
      expect(outcome, `${from} to ${to}`).toContain(expected)
    }
  }
})

test('a credential row outlives its account: it cannot be deleted, nor given another account', async () => {
  await using fixture = await createFixture()
  const { life } = fixture
  const { row } = await fixture.issue()
  const by = (statement: ReturnType<typeof sql>) => life.inTenant((tx) => statement.execute(tx.query))
  await expect(by(sql`delete from credential where credential_id = ${row.credential_id}`)).rejects.toThrow(/law 1/)
  await expect(
    by(sql`update credential set account_name = 'mayfly_other' where credential_id = ${row.credential_id}`),
  ).rejects.toThrow(/fixed/)
  await expect(
    by(sql`update credential set max_expires_at = max_expires_at + interval '1 hour'`),
    'the hard end does not move out',
  ).rejects.toThrow(/fixed/)
})
