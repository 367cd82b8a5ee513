import { Secret } from '@mayfly/provider-kit'
import { describe, expect, test } from 'vitest'
import { rotateSigningKey } from '../../../packages/server/src/application/proof/rotate-signing-key.ts'
import { suspendIdentity } from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { until } from '../../support/index.ts'
import { canLogIn, createFixture, movableClock } from './lifecycle-fixture.ts'

describe('an issue', () => {
  test('is answered once: the same key again gives the same credential without its secret', async () => {
    await using fixture = await createFixture()
    const key = { idempotencyKey: 'run-2026-11-21' }
    const first = await fixture.issue({ ...key, ttlSeconds: 60 })
    const again = await fixture.issue({ ...key, ttlSeconds: 60 })
    expect(again.row.credential_id).toBe(first.row.credential_id)
    expect(again.fields, 'the secret was told once').toBeUndefined()
    expect(first.fields, 'control').toBeDefined()
    await expect(fixture.issue({ ...key, ttlSeconds: 61 })).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })

  test('to a key that the kind cannot bind to is refused before anything is made', async () => {
    await using fixture = await createFixture()
    await expect(fixture.issue({ publicKey: 'ssh-ed25519 AAAA' })).rejects.toMatchObject({
      code: 'request_invalid',
      options: { fields: [{ pointer: '/public_key' }] },
    })
    const rows = await fixture.life.inTenant((tx) => tx.query.selectFrom('credential').select('state').execute())
    expect(rows).toEqual([])
    await fixture.issue()
  })

  test('with one key twice at the same moment makes one account', async () => {
    await using fixture = await createFixture()
    const both = await Promise.all([1, 2, 3].map(() => fixture.issue({ idempotencyKey: 'at-once' })))
    expect(new Set(both.map((issued) => issued.row.credential_id)).size).toBe(1)
    expect(both.filter((issued) => issued.fields !== undefined)).toHaveLength(1)
  })

  test('keeps to the cap of accounts of an identity and role, and tells a person', async () => {
    await using fixture = await createFixture()
    const { life } = fixture
    await life.makeRole('orders-db', 'scarce', fixture.group, { maxLivePerIdentity: 3 })
    const wanted = { role: 'orders-db/scarce' }
    // At once, so that counting and inserting are put to the test together.
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => fixture.issue(wanted)))
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(3)
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'credential_limit_reached' })
    const found = await life.inTenant((tx) => tx.query.selectFrom('finding').select('kind').execute())
    expect(found, 'one finding, however often it was hit').toEqual([{ kind: 'credential_limit_reached' }])
    await fixture.issue()
  })

  test('keeps to the rate of its caller', async () => {
    const clock = movableClock()
    await using fixture = await createFixture(18, { clock, limits: { issuesPerMinute: 4 } })
    for (let n = 0; n < 4; n++) await fixture.issue()
    await expect(fixture.issue()).rejects.toMatchObject({ code: 'rate_limited' })
    clock.moveBySeconds(61)
    await fixture.life.sequence()
    await fixture.issue()
  })

  test('lives no longer than the shortest of all that bounds it', async () => {
    await using fixture = await createFixture()
    const { life } = fixture
    await life.makeRole('orders-db', 'brief', fixture.group, { maxTtlSeconds: 120 })
    const seconds = async (input: Parameters<typeof fixture.issue>[0]) => {
      const { row } = await fixture.issue(input)
      return Math.round((row.expires_at.getTime() - row.requested_at.getTime()) / 1_000)
    }
    expect(await seconds({}), 'the ceiling of staging').toBe(3_600)
    expect(await seconds({ ttlSeconds: 90 })).toBe(90)
    expect(await seconds({ ttlSeconds: 90_000 }), 'more than is allowed is shortened').toBe(3_600)
    expect(await seconds({ role: 'orders-db/brief' })).toBe(120)
    const ending = await life.makeIdentity('ends-soon', 'orders-team', {
      expiresAt: new Date(life.clock.now().getTime() + 300_000),
    })
    const { row } = await fixture.issue({}, await life.callOf(ending.identity_id))
    expect(row.max_expires_at).toEqual(ending.expires_at)
    expect(row.expires_at).toEqual(ending.expires_at)
  })

  test('names each parameter that does not fit the role', async () => {
    await using fixture = await createFixture()
    await expect(fixture.issue({ parameters: { region: 'eu' } })).rejects.toMatchObject({
      code: 'request_invalid',
      options: { fields: [{ pointer: '/parameters/region' }] },
    })
  })

  test('is denied to a suspended identity, which loses what it holds', async () => {
    await using fixture = await createFixture()
    const { life } = fixture
    await life.startWorkers()
    const issued = await fixture.issue()
    await life.change((change) => suspendIdentity(change, 'nightly-report', {}))
    await expect(fixture.issue()).rejects.toMatchObject({ code: 'policy_denied' })
    await fixture.becomes(issued.row, 'revoked')
    expect(await canLogIn(issued)).toBe(false)
  })

  test('that the target refuses ends by the one path, and the caller learns why', async () => {
    await using fixture = await createFixture()
    const { life } = fixture
    await life.startWorkers()
    await life.makeRole('orders-db', 'strange', 'a_group_that_is_not_allowed')
    const failure = fixture.issue({ role: 'orders-db/strange' })
    await expect(failure).rejects.toMatchObject({ code: expect.stringMatching(/^target_/) as unknown })
    const row = await life.inTenant((tx) => tx.query.selectFrom('credential').selectAll().executeTakeFirstOrThrow())
    const gone = await fixture.becomes(row, 'revoked', 20_000)
    expect(gone.ended_unborn).toBe(true)
    const revocation = await life.inTenant((tx) => tx.query.selectFrom('revocation').selectAll().executeTakeFirst())
    expect(revocation).toMatchObject({ cause: 'issue_failed', state: 'complete', total: 1 })
  })

  test('that is overtaken by a revocation gives nothing, and leaves no account', async () => {
    await using fixture = await createFixture()
    const { life, identity } = fixture
    await life.startWorkers()
    await using hold = await fixture.holdAccounts()
    const issuing = fixture.issue().then(
      () => 'issued',
      (error: { code?: string }) => error.code,
    )
    const row = await until(
      () => life.inTenant((tx) => tx.query.selectFrom('credential').selectAll().executeTakeFirst()),
      { describe: 'the row stands before the account' },
    )
    expect(row.state).toBe('requested')
    await fixture.createIsWaiting()
    await life.revoke({ kind: 'identity', id: identity.identity_id })
    await hold.release()
    expect(await issuing).toBe('credential_overtaken')
    const gone = await fixture.becomes(row, 'revoked')
    expect(gone.ended_unborn).toBe(true)
    expect(await fixture.exists(row)).toBe(false)
  })

  test('whose fingerprint key is changed meanwhile is recognised by the key that is active then', async () => {
    await using fixture = await createFixture()
    const { life } = fixture
    const { row: before, fields: usual } = await fixture.issue()
    await using hold = await fixture.holdAccounts()
    const issuing = fixture.issue()
    await fixture.createIsWaiting()
    await life.inTenant((tx) =>
      rotateSigningKey({ keys: life.keys }, tx, {
        purpose: 'fingerprint',
        now: life.clock.now(),
        actor: { kind: 'system', worker: 'test' },
        requestId: 'test-request',
      }),
    )
    await hold.release()
    const { row, fields } = await issuing
    const print = (secret: unknown) =>
      secret instanceof Secret ? life.inTenant((tx) => life.keys.fingerprint(tx, secret)) : undefined
    expect(row).toMatchObject({ state: 'active', fingerprint: await print(fields?.['password']) })
    expect(before.fingerprint, 'control: the key is another').not.toBe(await print(usual?.['password']))
    await life.sequence()
    const { findings } = await life.verify()
    expect(
      findings.filter(({ table }) => table === 'credential'),
      'the entries state the rows as they are',
    ).toEqual([])
  })

  test('stops while the log lags by more than a minute', async () => {
    const clock = movableClock()
    await using fixture = await createFixture(18, { clock })
    await fixture.issue()
    clock.moveBySeconds(61)
    await expect(fixture.issue()).rejects.toMatchObject({ code: 'issuance_paused' })
    await fixture.life.sequence()
    await fixture.issue()
  })
})
