/** Law 11: what was issued within a task rests on whoever declared it, too. */
import { readFile } from 'node:fs/promises'
import type { AttestationId, CredentialId, IdentityId, OwnerId, PersonId, RoleId } from '@mayfly/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { signInSettings } from '../../../packages/server/src/adapters/trust-providers/sign-in/sign-in-settings.ts'
import { activatePolicy } from '../../../packages/server/src/application/decision/activate-policy.ts'
import { draftPolicy } from '../../../packages/server/src/application/decision/draft-policy.ts'
import { ensureDefaultPolicy } from '../../../packages/server/src/application/decision/ensure-default-policy.ts'
import { runRedecisions } from '../../../packages/server/src/application/decision/run-redecisions.ts'
import { admitPerson } from '../../../packages/server/src/application/proof/sign-in/admit-person.ts'
import type { Change } from '../../../packages/server/src/application/registry/change.ts'
import { changePerson } from '../../../packages/server/src/application/registry/change-person.ts'
import { retireTrustProvider } from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { getTrustProvider } from '../../../packages/server/src/store/trust-provider-rows.ts'
import { createDecisionFixture, type DecisionFixture, tenantId } from '../decision/decision-fixture.ts'

const defaults = await readFile(new URL('../../../packages/server/policies/default.cedar', import.meta.url), 'utf8')
const ownTasksOnly = `
@id("own-tasks-only") @description("a task counts as long as its declarer operates, or is in the owner")
forbid (principal, action == Action::"credential.issue", resource is Role)
unless {
  context has task && context.task has declared_by_person &&
  (context.task.declared_by_person in resource.owner || context.task.declared_by_person.roles.contains("operator"))
};`

let fixture: DecisionFixture
let owner: OwnerId
let job: IdentityId
let role: RoleId
let proof: AttestationId
/** Of somebody who stays. */
let others: readonly CredentialId[]

beforeEach(async () => {
  fixture = await createDecisionFixture()
  const administratorId = await fixture.makePerson('administrator', 'operator')
  owner = await fixture.makeOwner('orders', administratorId)
  job = await fixture.makeIdentity('report-job', owner)
  role = await fixture.makeRole(await fixture.makeResource('orders-db', owner), 'readonly')
  proof = await fixture.attest({ identityId: job })
  const administrator = await fixture.personContext(administratorId)
  await fixture.inTenant((tx) => ensureDefaultPolicy(tx, fixture.clock.now()))
  const { row } = await draftPolicy(fixture.deps, administrator, { text: `${defaults}\n${ownTasksOnly}` })
  await activatePolicy(fixture.deps, administrator, { policyVersionId: row.policy_version_id })
  others = await issuedFor(administratorId)
})
afterEach(() => fixture.drop())

async function issuedFor(personId: PersonId): Promise<readonly CredentialId[]> {
  const taskId = await fixture.makeTask(job, [role], { declaredBy: { personId } })
  return fixture.makeCredentials(2, { identityId: job, roleId: role, attestationId: proof, taskId })
}

const change = <T>(work: (change: Change) => Promise<T>): Promise<T> =>
  fixture.inTenant((tx) =>
    work({ tx, actor: { kind: 'system', worker: 'test' }, now: fixture.clock.now(), requestId: 'test' }),
  )

async function statesAfterDecidingAgain(ids: readonly CredentialId[]): Promise<readonly string[]> {
  while ((await runRedecisions(fixture.deps, tenantId, new AbortController().signal)) === 'more') continue
  const rows = await fixture.inTenant((tx) =>
    tx.query.selectFrom('credential').select('state').distinct().where('credential_id', 'in', ids).execute(),
  )
  return rows.map((row) => row.state)
}

test('when the declarer leaves, what their tasks gave ends, and nobody else’s', async () => {
  const olu = await fixture.makePerson('operator')
  const issued = await issuedFor(olu)
  expect(await statesAfterDecidingAgain(issued), 'control').toEqual(['active'])
  await change((by) => changePerson(by, olu, { state: 'left' }))
  expect(await statesAfterDecidingAgain(issued)).toEqual(['revoking'])
  expect(await statesAfterDecidingAgain(others)).toEqual(['active'])
  const causes = await fixture.inTenant((tx) => tx.query.selectFrom('revocation').select(['cause', 'reason']).execute())
  expect(causes).toMatchObject([
    { cause: 'no_longer_permitted', reason: expect.stringContaining('the person who declared the task has left') },
  ])
})

test('when a role is taken from the declarer', async () => {
  const olu = await fixture.makePerson('operator')
  const issued = await issuedFor(olu)
  await change((by) => changePerson(by, olu, { roles: ['operator', 'auditor'] }))
  expect(await statesAfterDecidingAgain(issued), 'control: what still holds stays').toEqual(['active'])
  await change((by) => changePerson(by, olu, { roles: ['auditor'] }))
  expect(await statesAfterDecidingAgain(issued)).toEqual(['revoking'])
})

async function signIn(owners: readonly string[], roles: readonly ('operator' | 'auditor')[] = []): Promise<PersonId> {
  const provider = await fixture.inTenant((tx) => getTrustProvider(tx, 'corp'))
  const admission = await change((by) =>
    admitPerson(by, {
      provider,
      settings: signInSettings.parse(provider.settings),
      subject: 'kim',
      claims: { name: 'Kim', email: 'kim@example.org', email_verified: true },
      given: { roles, owners, told: true },
    }),
  )
  if (admission.outcome === 'refused') throw new Error(admission.detail)
  return admission.person.person_id
}

const registerCorp = () =>
  change((by) =>
    registerTrustProvider(by, {
      name: 'corp',
      kind: 'sign_in',
      settings: { issuer: 'https://login.example.com', client_id: 'mayfly' },
    }),
  )

test('when the groups of the declarer change', async () => {
  await registerCorp()
  const issued = await issuedFor(await signIn(['orders']))
  await signIn(['orders'], ['auditor'])
  expect(await statesAfterDecidingAgain(issued), 'control: still in the owner').toEqual(['active'])
  await signIn([], ['auditor'])
  expect(await statesAfterDecidingAgain(issued)).toEqual(['revoking'])
})

test('when the sign-in provider that told of their groups is retired', async () => {
  await registerCorp()
  const issued = await issuedFor(await signIn(['orders']))
  expect(await statesAfterDecidingAgain(issued), 'control').toEqual(['active'])
  await change((by) => retireTrustProvider(by, 'corp', {}))
  expect(await statesAfterDecidingAgain(issued)).toEqual(['revoking'])
})
