import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { AttestationId, CredentialId, IdentityId, OwnerId, PersonId, RoleId } from '@mayfly/domain'
import type { RequestContext } from '../../../packages/server/src/application/context.ts'
import { activatePolicy } from '../../../packages/server/src/application/decision/activate-policy.ts'
import { draftPolicy } from '../../../packages/server/src/application/decision/draft-policy.ts'
import { ensureDefaultPolicy } from '../../../packages/server/src/application/decision/ensure-default-policy.ts'
import { previewActivation } from '../../../packages/server/src/application/decision/preview-activation.ts'
import { runRedecisions } from '../../../packages/server/src/application/decision/run-redecisions.ts'
import { getPolicyVersion } from '../../../packages/server/src/store/policy-rows.ts'
import { requestRedecision } from '../../../packages/server/src/store/redecision-rows.ts'
import { createDecisionFixture, type DecisionFixture, tenantId } from './decision-fixture.ts'

const defaults = await readFile(new URL('../../../packages/server/policies/default.cedar', import.meta.url), 'utf8')
const neverAborted = new AbortController().signal

let fixture: DecisionFixture
let administrator: RequestContext
let administratorId: PersonId
let owner: OwnerId
let reportJob: IdentityId
let mailJob: IdentityId
let ordersRole: RoleId
let mailRole: RoleId
let reportProof: AttestationId
let mailProof: AttestationId

beforeAll(async () => {
  fixture = await createDecisionFixture()
  administratorId = await fixture.makePerson('administrator')
  administrator = await fixture.personContext(administratorId)
  owner = await fixture.makeOwner('orders', administratorId)
  reportJob = await fixture.makeIdentity('report-job', owner)
  mailJob = await fixture.makeIdentity('mail-job', owner)
  ordersRole = await fixture.makeRole(await fixture.makeResource('orders-db', owner), 'readonly')
  mailRole = await fixture.makeRole(await fixture.makeResource('mail-db', owner), 'readonly')
  reportProof = await fixture.attest({ identityId: reportJob })
  mailProof = await fixture.attest({ identityId: mailJob })
})
afterAll(() => fixture.drop())

beforeEach(async () => {
  await runAll()
  const { row } = await draftPolicy(fixture.deps, administrator, { text: defaults })
  await activatePolicy(fixture.deps, administrator, { policyVersionId: row.policy_version_id })
  await runAll()
})

async function draft(extra: string) {
  const { row } = await draftPolicy(fixture.deps, administrator, { text: `${defaults}\n${extra}` })
  return row
}

async function runAll(): Promise<void> {
  while ((await runRedecisions(fixture.deps, tenantId, neverAborted)) === 'more') continue
}

async function stateOf(ids: readonly CredentialId[]): Promise<string> {
  const rows = await fixture.inTenant((tx) =>
    tx.query.selectFrom('credential').select('state').distinct().where('credential_id', 'in', ids).execute(),
  )
  return rows
    .map((row) => row.state)
    .toSorted()
    .join()
}

async function count(table: 'decision' | 'revocation' | 'redecision'): Promise<number> {
  return fixture.inTenant(async (tx) => {
    const row = await tx.query
      .selectFrom(table)
      .select((of) => of.fn.countAll<string>().as('n'))
      .executeTakeFirstOrThrow()
    return Number(row.n)
  })
}

const noReports =
  '@id("no-reports") @description("reports are closed") forbid (principal == Identity::"report-job", action == Action::"credential.issue", resource);'

test('a stricter version ends what it no longer permits, and nothing else', async () => {
  const reports = await fixture.makeCredentials(1000, {
    identityId: reportJob,
    roleId: ordersRole,
    attestationId: reportProof,
  })
  const mails = await fixture.makeCredentials(3, { identityId: mailJob, roleId: mailRole, attestationId: mailProof })
  const version = await draft(noReports)
  const preview = await fixture.inTenant((tx) => previewActivation(fixture.deps, tx, version, fixture.clock.now()))
  expect(preview).toMatchObject({ added: ['no-reports'], changed: [], removed: [], wouldEnd: 1000, concerned: 1000 })
  expect(preview.ending[0]).toMatchObject({ identity: 'report-job', role: 'orders-db/readonly' })
  expect(preview.ending[0]?.reasons[0]?.detail).toBe('reports are closed')

  const decisions = await count('decision')
  await activatePolicy(fixture.deps, administrator, { policyVersionId: version.policy_version_id, expectedToEnd: 1000 })
  expect(await stateOf(reports), 'control: authority ends by the worker, by the one path').toBe('active')
  await runAll()
  expect(await stateOf(reports)).toBe('revoking')
  expect(await stateOf(mails)).toBe('active')
  // The permit of the activation, and one denial for the thousand.
  expect((await count('decision')) - decisions).toBe(2)
  const revocation = await fixture.inTenant((tx) =>
    tx.query.selectFrom('revocation').selectAll().orderBy('revocation_id', 'desc').executeTakeFirstOrThrow(),
  )
  expect(revocation).toMatchObject({ cause: 'no_longer_permitted', total: 1000 })
  expect(revocation.reason).toMatch(/^policy version \d+ was activated: reports are closed \(decision /)
  expect(await count('redecision')).toBe(0)
})

test('an activation is refused when more would end than the preview showed', async () => {
  await fixture.makeCredentials(2, { identityId: reportJob, roleId: ordersRole, attestationId: reportProof })
  const version = await draft(noReports)
  const refused = activatePolicy(fixture.deps, administrator, {
    policyVersionId: version.policy_version_id,
    expectedToEnd: 1,
  })
  await expect(refused).rejects.toMatchObject({ code: 'preview_changed' })
  const row = await fixture.inTenant((tx) => getPolicyVersion(tx, version.policy_version_id))
  expect(row.state, 'nothing was activated').toBe('draft')
})

test('a version that would lock every administrator out is refused, whatever way it does it', async () => {
  const lockouts = {
    'nothing at all': '',
    'no activation': `${defaults}\n@id("x") forbid (principal, action == Action::"policy.activate", resource);`,
    'no drafts': `${defaults}\n@id("x") forbid (principal, action == Action::"policy.write", resource);`,
    'no sign-in': `${defaults}\n@id("x") forbid (principal is Person, action == Action::"token.issue", resource);`,
    'an error in every decision': `${defaults}\n@id("x") forbid (principal is Person, action, resource) when { 9223372036854775807 + context.risk + 1 > 0 };`,
    'an approval that nobody can give': '@id("x") @require_approval permit (principal, action, resource);',
  }
  for (const text of Object.values(lockouts)) {
    const { row } = await draftPolicy(fixture.deps, administrator, { text })
    const activated = activatePolicy(fixture.deps, administrator, { policyVersionId: row.policy_version_id })
    await expect(activated).rejects.toMatchObject({ code: 'policy_locks_out_administrators' })
  }
  const harmless = await draft('@id("y") forbid (principal, action == Action::"key.rotate", resource);')
  const activated = await activatePolicy(fixture.deps, administrator, { policyVersionId: harmless.policy_version_id })
  expect(activated.row.state, 'control: another forbid passes').toBe('active')
})

test('an activation is one entry with the decision that permits it, and the old version is superseded', async () => {
  const version = await draft('')
  const before = await fixture.inTenant((tx) => tx.query.selectFrom('entry').select('entry_id').execute())
  const { row, receipt } = await activatePolicy(fixture.deps, administrator, {
    policyVersionId: version.policy_version_id,
  })
  const entries = await fixture.inTenant((tx) => tx.query.selectFrom('entry').selectAll().execute())
  const known = new Set(before.map((entry) => entry.entry_id))
  const fresh = entries.filter((entry) => !known.has(entry.entry_id))
  expect(fresh.map((entry) => entry.action)).toEqual(['policy_version.activated'])
  expect(fresh[0]).toMatchObject({ entry_id: receipt.entryId })
  expect(fresh[0]?.decision_id).not.toBeNull()
  const active = await fixture.inTenant((tx) =>
    tx.query.selectFrom('policy_version').select('policy_version_id').where('state', '=', 'active').execute(),
  )
  expect(active).toEqual([{ policy_version_id: row.policy_version_id }])
})

test('the text of a version never changes', async () => {
  const version = await draft('')
  const changed = fixture.inTenant((tx) =>
    tx.query
      .updateTable('policy_version')
      .set({ policy_text: 'permit (principal, action, resource);' })
      .where('policy_version_id', '=', version.policy_version_id)
      .execute(),
  )
  await expect(changed).rejects.toThrow('a policy version is immutable')
})

test('a changed attribute is decided again through its own selector', async () => {
  const live = await fixture.makeCredentials(5, { identityId: mailJob, roleId: mailRole, attestationId: mailProof })
  const again = (why: string) =>
    fixture.inTenant((tx) =>
      requestRedecision(tx, {
        selectorKind: 'identity',
        selectorId: mailJob,
        why,
        requestedBy: { kind: 'person', id: administratorId },
        now: fixture.clock.now(),
      }),
    )
  await again('nothing of weight changed')
  await runAll()
  expect(await stateOf(live), 'control: what is still permitted stays').toBe('active')
  await fixture.inTenant((tx) =>
    tx.query.updateTable('identity').set({ environment: 'development' }).where('identity_id', '=', mailJob).execute(),
  )
  await again('its environment changed')
  await runAll()
  expect(await stateOf(live)).toBe('revoking')
  await fixture.inTenant((tx) =>
    tx.query.updateTable('identity').set({ environment: 'staging' }).where('identity_id', '=', mailJob).execute(),
  )
})

test('a policy that minds the remaining life ends only those that live too long', async () => {
  const of = { identityId: reportJob, roleId: ordersRole, attestationId: reportProof }
  const short = await fixture.makeCredentials(2, { ...of, ttlSeconds: 60 })
  const long = await fixture.makeCredentials(2, { ...of, ttlSeconds: 3000 })
  const version = await draft(
    '@id("short") forbid (principal, action == Action::"credential.issue", resource == Role::"orders-db/readonly") when { context has ttl_seconds && context.ttl_seconds > 300 };',
  )
  await activatePolicy(fixture.deps, administrator, { policyVersionId: version.policy_version_id })
  await runAll()
  expect(await stateOf(long)).toBe('revoking')
  expect(await stateOf(short)).toBe('active')
})

test('a re-decision whose worker died is taken up again, and an engine that fails ends nothing', async () => {
  const live = await fixture.makeCredentials(2, {
    identityId: reportJob,
    roleId: ordersRole,
    attestationId: reportProof,
  })
  const version = await draft(noReports)
  await activatePolicy(fixture.deps, administrator, { policyVersionId: version.policy_version_id })
  const failing = {
    ...fixture.deps,
    policies: { ...fixture.deps.policies, ask: () => ({ outcome: 'failed' as const, message: 'trapped' }) },
  }
  expect(await runRedecisions(failing, tenantId, neverAborted)).toBe('more')
  expect(await stateOf(live)).toBe('active')
  expect(await runRedecisions(fixture.deps, tenantId, neverAborted), 'control: it waits before it is tried again').toBe(
    'idle',
  )
  fixture.clock.moveBySeconds(61)
  await runAll()
  expect(await stateOf(live)).toBe('revoking')
})

test('starting again does not make another version', async () => {
  const versions = () =>
    fixture
      .inTenant((tx) => tx.query.selectFrom('policy_version').select('number').execute())
      .then((rows) => rows.length)
  const before = await versions()
  await fixture.inTenant((tx) => ensureDefaultPolicy(tx, fixture.clock.now()))
  expect(await versions()).toBe(before)
})
