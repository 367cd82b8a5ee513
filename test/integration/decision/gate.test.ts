import { afterAll, beforeAll, expect, test } from 'vitest'
import { MayflyError } from '@mayfly/domain'
import type { RequestContext } from '../../../packages/server/src/application/context.ts'
import type { AuthorityDeps } from '../../../packages/server/src/application/decision/authority-deps.ts'
import { policyDigest } from '../../../packages/server/src/application/decision/policy-digest.ts'
import type { AuthorityRequest } from '../../../packages/server/src/application/decision/facts.ts'
import { withAuthority } from '../../../packages/server/src/application/decision/with-authority.ts'
import { withClient } from '../../support/index.ts'
import { createDecisionFixture, type DecisionFixture } from './decision-fixture.ts'

let fixture: DecisionFixture
beforeAll(async () => {
  fixture = await createDecisionFixture()
})
afterAll(() => fixture.drop())

/** What the gate says: `permit`, or the codes of its reasons. */
async function ask(ctx: RequestContext, request: AuthorityRequest): Promise<string> {
  try {
    return await withAuthority(fixture.deps, ctx, request, async () => 'permit')
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== 'policy_denied') throw error
    const { reasons } = error.options.extra as { reasons: { code: string }[] }
    return reasons.map((reason) => reason.code).join(' ')
  }
}

async function countEntries(action: string): Promise<number> {
  return fixture.inTenant(async (tx) => {
    const rows = await tx.query.selectFrom('entry').select('entry_id').where('action', '=', action).execute()
    return rows.length
  })
}

test('an administrator may, somebody without a role may not, and the denial is recorded', async () => {
  const administrator = await fixture.personContext(await fixture.makePerson('administrator'))
  const nobody = await fixture.personContext(await fixture.makePerson())
  const request: AuthorityRequest = { action: 'person.write', resource: { type: 'Tenant' } }
  const before = await countEntries('decision.denied')
  expect(await ask(administrator, request)).toBe('permit')
  expect(await countEntries('decision.denied'), 'control: a permit has no entry of its own').toBe(before)
  expect(await ask(nobody, request)).toMatch(/^no_policy_permits condition_not_met/)
  expect(await countEntries('decision.denied')).toBe(before + 1)
})

test('a denial tells its decision, and the decision row tells why', async () => {
  const nobody = await fixture.personContext(await fixture.makePerson())
  const denied = await withAuthority(
    fixture.deps,
    nobody,
    { action: 'key.rotate', resource: { type: 'Tenant' } },
    async () => undefined,
  ).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(denied).toBeInstanceOf(MayflyError)
  const { decision_id: decisionId } = (denied as MayflyError).options.extra as { decision_id: never }
  const row = await fixture.inTenant((tx) =>
    tx.query.selectFrom('decision').selectAll().where('decision_id', '=', decisionId).executeTakeFirst(),
  )
  expect(row).toMatchObject({ action: 'key.rotate', outcome: 'deny' })
  expect(JSON.stringify(row?.reasons)).toContain('no policy permits `key.rotate`')
})

test('work and permit stand or fall together', async () => {
  const administrator = await fixture.personContext(await fixture.makePerson('administrator'))
  let decisionId = ''
  const failing = withAuthority(
    fixture.deps,
    administrator,
    { action: 'key.rotate', resource: { type: 'Tenant' } },
    async (_tx, decision) => {
      decisionId = decision.decisionId
      throw new Error('the work failed')
    },
  )
  await expect(failing).rejects.toThrow('the work failed')
  const rows = await fixture.inTenant((tx) =>
    tx.query
      .selectFrom('decision')
      .select('decision_id')
      .where('decision_id', '=', decisionId as never)
      .execute(),
  )
  expect(rows).toEqual([])
})

test('a suspended, retired, expired or ownerless identity and a stale or revoked proof can do nothing', async () => {
  const person = await fixture.makePerson()
  const owner = await fixture.makeOwner('team-inactive', person)
  const request = (id: string): AuthorityRequest => ({ action: 'registry.read', resource: { type: 'Identity', id } })
  const make = async (name: string) => {
    const identityId = await fixture.makeIdentity(name, owner)
    const ctx = await fixture.identityContext(identityId)
    expect(await ask(ctx, request(name)), 'control: it could before').toBe('permit')
    return { identityId, ctx }
  }
  const set = async (identityId: string, values: object) =>
    fixture.inTenant((tx) =>
      tx.query
        .updateTable('identity')
        .set(values)
        .where('identity_id', '=', identityId as never)
        .execute(),
    )

  const suspended = await make('suspended-one')
  await set(suspended.identityId, { state: 'suspended' })
  expect(await ask(suspended.ctx, request('suspended-one'))).toBe('identity_suspended')

  const retired = await make('retired-one')
  await set(retired.identityId, { state: 'retired' })
  expect(await ask(retired.ctx, request('retired-one'))).toBe('identity_retired')

  const expired = await make('expired-one')
  await set(expired.identityId, { expires_at: fixture.clock.now() })
  expect(await ask(expired.ctx, request('expired-one'))).toBe('identity_expired')

  const stale = await make('stale-one')
  const revoked = await make('revoked-one')
  const change = async (ctx: RequestContext, values: object) => {
    const { actor } = ctx
    if (actor.kind === 'system') throw new Error('not a system actor')
    await fixture.inTenant((tx) =>
      tx.query.updateTable('attestation').set(values).where('attestation_id', '=', actor.attestationId).execute(),
    )
  }
  await change(stale.ctx, { fresh_until: new Date(fixture.clock.now().getTime() + 1) })
  fixture.clock.moveBySeconds(1)
  expect(await ask(stale.ctx, request('stale-one'))).toBe('attestation_stale')
  await change(revoked.ctx, { state: 'revoked' })
  expect(await ask(revoked.ctx, request('revoked-one'))).toBe('attestation_revoked')

  const ownerless = await make('ownerless-one')
  await fixture.inTenant((tx) =>
    tx.query.updateTable('person').set({ state: 'left' }).where('person_id', '=', person).execute(),
  )
  expect(await ask(ownerless.ctx, request('ownerless-one'))).toBe('identity_ownerless')
})

test('what is not there is not found, by id, by name and by something that is neither', async () => {
  const administrator = await fixture.personContext(await fixture.makePerson('administrator'))
  const missing = ['0197a3f0-0000-7000-8000-000000000000', 'no-such-name', "'; drop table identity; --"]
  for (const id of missing) {
    const asked = withAuthority(
      fixture.deps,
      administrator,
      { action: 'identity.write', resource: { type: 'Identity', id } },
      async () => undefined,
    )
    await expect(asked).rejects.toMatchObject({ code: 'resource_not_found' })
  }
})

test('the people of an owner see their own and not what is another team’s', async () => {
  const mine = await fixture.makePerson()
  const other = await fixture.makePerson()
  const owner = await fixture.makeOwner('team-mine', mine)
  await fixture.makeOwner('team-other', other)
  await fixture.makeIdentity('mine-job', owner)
  const request: AuthorityRequest = { action: 'revocation.request', resource: { type: 'Identity', id: 'mine-job' } }
  expect(await ask(await fixture.personContext(mine), request)).toBe('permit')
  expect(await ask(await fixture.personContext(other), request)).toMatch(/^no_policy_permits/)
})

test('without an active version, and with an engine that fails, everything is denied and says that it may be later', async () => {
  const administrator = await fixture.personContext(await fixture.makePerson('administrator'))
  const request: AuthorityRequest = { action: 'registry.read', resource: { type: 'Tenant' }, readOnly: true }
  expect(await ask(administrator, request), 'control: it is permitted now').toBe('permit')
  const failing: AuthorityDeps = {
    ...fixture.deps,
    policies: { ...fixture.deps.policies, ask: () => ({ outcome: 'failed', message: 'trapped' }) },
  }
  const failed = withAuthority(failing, administrator, request, async () => 'permit')
  await expect(failed).rejects.toMatchObject({ code: 'decision_engine_failed' })

  const setState = (from: string, to: string) =>
    fixture.inTenant((tx) =>
      tx.query.updateTable('policy_version').set({ state: to }).where('state', '=', from).execute(),
    )
  await setState('active', 'superseded')
  const missing = withAuthority(fixture.deps, administrator, request, async () => 'permit')
  await expect(missing).rejects.toMatchObject({ code: 'policy_missing' })
  await setState('superseded', 'active')
})

test('a version whose text came into the table by another way opens nothing', async () => {
  const administrator = await fixture.personContext(await fixture.makePerson('administrator'))
  const nobody = await fixture.personContext(await fixture.makePerson())
  const request: AuthorityRequest = { action: 'registry.read', resource: { type: 'Tenant' }, readOnly: true }
  const permitAll = '@id("all") permit (principal, action, resource);'
  const deep = permitAll.replace(';', ` when { ${'('.repeat(400)}true${')'.repeat(400)} };`)
  const plant = (text: string, digest: string) =>
    withClient(fixture.superuserUrl, async (client) => {
      await client.query('set search_path = mayfly; set session_replication_role = replica')
      await client.query(`update policy_version set policy_text = $1, digest = $2 where state = 'active'`, [
        text,
        digest,
      ])
    })
  for (const [text, digest] of [
    [deep, policyDigest(deep)],
    [permitAll, 'the digest of another text'],
  ] as const) {
    await plant(text, digest)
    for (const ctx of [administrator, nobody]) {
      const asked = withAuthority(fixture.deps, ctx, request, async () => 'permit')
      await expect(asked).rejects.toMatchObject({ code: 'decision_engine_failed' })
    }
  }
  expect(fixture.logged.map(({ message }) => message)).toContain(
    'a policy version cannot be used: under it everything is denied',
  )
  await plant(permitAll, policyDigest(permitAll))
  // Who can write both has the database; `audit verify --state` finds the row that no entry explains.
  expect(await ask(nobody, request), 'control: with its digest it would be used').toBe('permit')
})
