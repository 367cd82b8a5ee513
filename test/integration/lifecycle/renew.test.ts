import { expect, test } from 'vitest'
import { renewCredential } from '../../../packages/server/src/application/credential/renew-credential.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { declareTask } from '../../../packages/server/src/application/task/declare-task.ts'
import { canLogIn, createFixture } from './lifecycle-fixture.ts'

test('a renewal moves the end at the target, and never past the hard end', async () => {
  await using fixture = await createFixture()
  const { life, call, administrator } = fixture
  const deadline = new Date(life.clock.now().getTime() + 200_000)
  const { taskId } = await declareTask(life.deps, administrator, {
    identity: 'nightly-report',
    kind: 'declared',
    purpose: 'settle the orders of yesterday',
    roles: ['orders-db/readonly'],
    deadline,
  })
  const issued = await fixture.issue({ taskId, ttlSeconds: 60 })
  const { credential_id: credentialId } = issued.row
  const renewed = await renewCredential(life.deps, call, { credentialId, ttlSeconds: 120 })
  expect(renewed.row.expires_at.getTime()).toBeGreaterThan(issued.row.expires_at.getTime())
  const [at] = await fixture.sql('select rolvaliduntil from pg_roles where rolname = $1', [issued.row.account_name])
  const until = at?.['rolvaliduntil'] as Date | undefined
  expect(until?.getTime(), 'the target knows').toBeGreaterThan(issued.row.expires_at.getTime())
  expect(await canLogIn(issued)).toBe(true)

  const last = await renewCredential(life.deps, call, { credentialId, ttlSeconds: 86_400 })
  expect(last.row.expires_at, 'not past the deadline of the task').toEqual(deadline)
  await expect(renewCredential(life.deps, call, { credentialId })).rejects.toMatchObject({
    code: 'credential_not_renewable',
  })
})

test('only its holder renews a credential, and only while it lives', async () => {
  await using fixture = await createFixture()
  const { life, call } = fixture
  const issued = await fixture.issue({ ttlSeconds: 60 })
  const { credential_id: credentialId } = issued.row
  const other = await life.makeIdentity('somebody-else', 'orders-team')
  await expect(
    renewCredential(life.deps, await life.callOf(other.identity_id), { credentialId }),
    'another learns nothing of it',
  ).rejects.toMatchObject({ code: 'resource_not_found' })
  await renewCredential(life.deps, call, { credentialId, ttlSeconds: 100 })
  await life.inTenant((tx) =>
    requestRevocation(tx, {
      selector: { kind: 'credential', id: credentialId },
      cause: 'requested_by_holder',
      requestedBy: { kind: 'identity', id: 'test' },
      now: life.clock.now(),
    }),
  )
  await expect(renewCredential(life.deps, call, { credentialId, ttlSeconds: 200 })).rejects.toMatchObject({
    code: 'credential_not_renewable',
  })
})

test('no renewal outlives the proof under which it is asked; a newer proof carries it on', async () => {
  await using fixture = await createFixture()
  const { life, call } = fixture
  const issued = await fixture.issue({ ttlSeconds: 60 })
  const { credential_id: credentialId } = issued.row
  if (call.actor.kind !== 'identity') throw new Error('an identity calls')
  const { attestationId } = call.actor
  const freshUntil = new Date(life.clock.now().getTime() + 90_000)
  const setFreshness = (until: Date) =>
    life.inTenant((tx) =>
      tx.query
        .updateTable('attestation')
        .set({ fresh_until: until })
        .where('attestation_id', '=', attestationId)
        .execute(),
    )
  await setFreshness(freshUntil)
  const renewed = await renewCredential(life.deps, call, { credentialId, ttlSeconds: 3_600 })
  expect(renewed.row.expires_at).toEqual(freshUntil)
  await expect(renewCredential(life.deps, call, { credentialId, ttlSeconds: 3_600 })).rejects.toMatchObject({
    code: 'credential_not_renewable',
    options: { hint: expect.stringContaining('prove anew') },
  })
  const later = new Date(freshUntil.getTime() + 3_600_000)
  await setFreshness(later)
  const again = await renewCredential(life.deps, call, { credentialId, ttlSeconds: 300 })
  expect(again.row.expires_at.getTime(), 'control').toBeGreaterThan(freshUntil.getTime())
})
