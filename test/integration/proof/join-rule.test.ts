/** Join tokens under a rule, a trust provider of kind `join_token`: for whom, how long, and what joining is recorded as. */
import { createHash, randomUUID } from 'node:crypto'
import { defaultTenantId, type IdentityId } from '@mayfly/domain'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statedRow, type StatedTable } from '../../../packages/server/src/application/audit/stated-rows.ts'
import { makeJoinToken, type NewJoinToken } from '../../../packages/server/src/application/proof/make-join-token.ts'
import { runLapses } from '../../../packages/server/src/application/proof/run-lapses.ts'
import {
  resumeIdentity,
  retireIdentity,
  suspendIdentity,
} from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { changePerson } from '../../../packages/server/src/application/registry/change-person.ts'
import {
  changeTrustProvider,
  retireTrustProvider,
} from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import type { Change } from '../../../packages/server/src/application/registry/change.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerIdentity } from '../../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { refusalOf } from '../registry/registry-fixture.ts'
import { type ProofServer, proveWithKey, putPoliciesInForce, startProofServer } from './proof-server.ts'

const day = 86_400
let server: ProofServer
let count = 0

beforeAll(async () => {
  server = await startProofServer({ proving: true })
})
afterAll(() => server[Symbol.asyncDispose]())

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')
const nowSeconds = () => Math.floor(server.clock.now().getTime() / 1000)

interface Scene {
  readonly identity: string
  readonly identityId: IdentityId
  readonly owner: string
  readonly person: string
  /** The trust provider that keys prove themselves to. */
  readonly keys: string
  readonly rule: string
}

/** An identity with an owner of its own, and a rule for its environment. */
async function scene(settings: Record<string, unknown> = {}): Promise<Scene> {
  count += 1
  const names = { identity: `box-${count}`, owner: `team-${count}`, keys: `keys-${count}`, rule: `joins-${count}` }
  const person = `person-${count}@example.org`
  const { row } = await server.change(async (change) => {
    await registerPerson(change, { name: 'Ada Lovelace', email: person, roles: [] })
    await registerOwner(change, { name: names.owner, contact: '#boxes', primary: person })
    await registerTrustProvider(change, { name: names.keys, kind: 'bound_key', settings: {}, freshForSeconds: day })
    await registerTrustProvider(change, {
      name: names.rule,
      kind: 'join_token',
      settings: { becomes: names.keys, environments: ['staging'], ...settings },
    })
    return registerIdentity(server.registry, change, {
      name: names.identity,
      kind: 'device',
      owner: names.owner,
      purpose: 'counts the visitors of the shop',
      environment: 'staging',
      expiresAt: new Date(change.now.getTime() + 30 * day * 1000),
    })
  })
  return { ...names, person, identityId: row.identity_id }
}

async function make(at: Scene, more: Partial<NewJoinToken> = {}): Promise<string> {
  return server.change(async (change) => {
    const wanted = { identity: at.identity, trustProvider: at.rule, ...more }
    return (await makeJoinToken(server.proof, change, wanted)).token.reveal()
  })
}

async function join(token: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const iat = nowSeconds()
  const proof = await new SignJWT({ aud: server.url, token_digest: sha256(token), iat, exp: iat + 60 })
    .setProtectedHeader({ alg: 'ES256', typ: 'mayfly-join+jwt' })
    .sign(privateKey)
  const answer = await fetch(`${server.url}/v1/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, public_jwk: await exportJWK(publicKey), proof }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, privateKey }
}

async function logIn(at: Scene, key: CryptoKey): Promise<number> {
  const iat = nowSeconds()
  const claims = { iss: at.identity, sub: at.identity, aud: server.url, iat, exp: iat + 60, jti: randomUUID() }
  const assertion = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(key)
  return (await proveWithKey(server, assertion)).status
}

const attestationsOf = (at: Scene) =>
  server.change(({ tx }) =>
    tx.query
      .selectFrom('attestation')
      .selectAll()
      .where('identity_id', '=', at.identityId)
      .orderBy('attestation_id')
      .execute(),
  )
const tokensOf = (at: Scene) =>
  server.change(({ tx }) =>
    tx.query
      .selectFrom('join_token')
      .selectAll()
      .where('identity_id', '=', at.identityId)
      .orderBy('join_token_id')
      .execute(),
  )
const bindingsOf = (at: Scene) =>
  server.change(({ tx }) =>
    tx.query.selectFrom('binding').selectAll().where('identity_id', '=', at.identityId).execute(),
  )

/** What the newest entry that speaks of a row says of it. */
async function statedOf(table: StatedTable, id: string) {
  const entries = (await server.entries()) as unknown as readonly {
    action: string
    rows: readonly { table: string; id: string; digest: string }[]
  }[]
  const told = entries.flatMap(({ action, rows }) => rows.map((row) => ({ action, ...row })))
  return told.findLast((row) => row.table === table && row.id === id)
}

test('joining is decided, recorded as a proof worth `bootstrap`, and followed by the key that logs in', async () => {
  const at = await scene()
  const joined = await join(await make(at))
  expect(joined.status, JSON.stringify(joined.body)).toBe(201)
  const [proof, ...others] = await attestationsOf(at)
  if (proof === undefined) throw new Error('nothing was recorded')
  expect(others).toEqual([])
  expect(joined.body['attestation_id']).toBe(proof.attestation_id)
  expect(proof).toMatchObject({ strength: 'bootstrap', state: 'fresh', binding_id: joined.body['binding_id'] })
  expect(proof.token_expires_at, 'no access token comes of it').toEqual(proof.accepted_at)
  expect(proof.claims).toMatchObject({ policy_claims: { key: joined.body['kid'], becomes: at.keys } })
  const decision = await server.change(({ tx }) =>
    tx.query.selectFrom('decision').selectAll().where('decision_id', '=', proof.decision_id).executeTakeFirstOrThrow(),
  )
  expect(decision).toMatchObject({ action: 'token.issue', outcome: 'permit', identity_id: at.identityId })

  const [token] = await tokensOf(at)
  const [binding] = await bindingsOf(at)
  if (token === undefined || binding === undefined) throw new Error('nothing was joined')
  expect(token).toMatchObject({ state: 'used', attestation_id: proof.attestation_id, binding_id: binding.binding_id })
  for (const stated of [
    statedRow('attestation', proof),
    statedRow('join_token', token),
    statedRow('binding', binding),
  ]) {
    expect(await statedOf(stated.table, stated.id)).toMatchObject({ action: 'join_token.used', digest: stated.digest })
  }

  expect(await logIn(at, joined.privateKey)).toBe(200)
  server.clock.forward(3_601)
  await runLapses(server.proof, defaultTenantId, new AbortController().signal)
  const [first, second] = await attestationsOf(at)
  expect([first?.state, first?.strength]).toEqual(['succeeded', 'bootstrap'])
  expect([second?.state, second?.strength], 'control').toEqual(['fresh', 'bound_key'])
})

test('a machine that joins and never logs in goes on with nothing', async () => {
  const at = await scene()
  expect((await join(await make(at))).status).toBe(201)
  server.clock.forward(3_601)
  await runLapses(server.proof, defaultTenantId, new AbortController().signal)
  expect((await attestationsOf(at)).map(({ state }) => state)).toEqual(['lapsed'])
})

test('of many machines that hold one token exactly one joins, and the others leave nothing behind', async () => {
  const at = await scene()
  const token = await make(at)
  const answers = await Promise.all(Array.from({ length: 8 }, () => join(token)))
  expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
    201,
    ...Array<number>(7).fill(401),
  ])
  expect(await bindingsOf(at)).toHaveLength(1)
  expect(await attestationsOf(at)).toHaveLength(1)
  const winner = answers.find(({ status }) => status === 201)
  if (winner === undefined) throw new Error('nobody joined')
  expect(await logIn(at, winner.privateKey)).toBe(200)
})

test('policies see how a machine joins and from where; a no uses nothing up', async () => {
  const at = await scene()
  const token = await make(at)
  const [active] = await server.change(({ tx }) =>
    tx.query.selectFrom('policy_version').selectAll().where('state', '=', 'active').execute(),
  )
  if (active === undefined) throw new Error('no policy is in force')
  const fromInside = `
    @id("join-from-inside")
    forbid (principal is Identity, action == Action::"token.issue", resource is TrustProvider)
    when { context.attestation.kind == "join_token" && context.attestation.strength == "bootstrap" }
    unless { context has source_address && context.source_address.isInRange(ip("10.7.0.0/16")) };`
  await putPoliciesInForce(server, `${active.policy_text}\n${fromInside}`)
  const denied = await join(token)
  expect([denied.status, denied.body['code']]).toEqual([403, 'policy_denied'])
  expect(denied.body['determining_policies']).toEqual(['join-from-inside'])
  expect(await bindingsOf(at)).toEqual([])
  expect((await tokensOf(at)).map(({ state }) => state)).toEqual(['active'])
  const ruleless = await make(at, { trustProvider: undefined, becomes: at.keys })
  expect((await join(ruleless)).status, 'under no rule no less').toBe(403)
  await putPoliciesInForce(server, active.policy_text)
  expect((await join(token)).status, 'control').toBe(201)
})

describe('a token ends', () => {
  const ends: Record<string, (at: Scene, change: Change) => Promise<unknown>> = {
    'when its identity is suspended': (at, change) => suspendIdentity(change, at.identity, {}),
    'when its identity is retired': (at, change) => retireIdentity(change, at.identity, {}),
    'when nobody answers for the identity any more': (at, change) => changePerson(change, at.person, { state: 'left' }),
    'when the rule is retired': (at, change) => retireTrustProvider(change, at.rule, {}),
    'when the rule is changed': (at, change) =>
      changeTrustProvider(change, at.rule, {
        settings: { becomes: at.keys, environments: ['staging', 'production'] },
      }),
    'when the trust provider of the key is retired': (at, change) => retireTrustProvider(change, at.keys, {}),
  }

  test.each(Object.entries(ends))('%s', async (_name, end) => {
    const [at, other] = [await scene(), await scene()]
    const [token, ruleless, others] = [
      await make(at),
      await make(at, { trustProvider: undefined, becomes: at.keys }),
      await make(other),
    ]
    await server.change((change) => end(at, change))
    const answer = await join(token)
    expect([answer.status, answer.body['detail']]).toEqual([401, 'the join token does not count'])
    expect(await bindingsOf(at)).toEqual([])
    const [row] = await tokensOf(at)
    if (row === undefined) throw new Error('no token')
    expect(row.state).toBe('cancelled')
    expect(await statedOf('join_token', row.join_token_id)).toMatchObject({
      action: 'revocation.requested',
      digest: statedRow('join_token', row).digest,
    })
    const hangsOnTheRule = end === ends['when the rule is retired'] || end === ends['when the rule is changed']
    expect((await join(ruleless)).status, 'one that was made under no rule').toBe(hangsOnTheRule ? 201 : 401)
    expect((await join(others)).status, 'control: another identity, another rule').toBe(201)
  })

  test('for good: that the identity is resumed does not bring it back', async () => {
    const at = await scene()
    const token = await make(at)
    await server.change((change) => suspendIdentity(change, at.identity, {}))
    await server.change((change) => resumeIdentity(change, at.identity, {}))
    expect((await join(token)).status).toBe(401)
    expect((await join(await make(at))).status, 'control: a new one').toBe(201)
  })

  test('and with its rule ends what was joined under it, not the key', async () => {
    const at = await scene()
    const joined = await join(await make(at))
    await server.change((change) => retireTrustProvider(change, at.rule, {}))
    expect((await attestationsOf(at)).map(({ state }) => state)).toEqual(['revoked'])
    expect(await logIn(at, joined.privateKey)).toBe(200)
  })

  test('however close a suspension comes, it comes wholly before or wholly after', async () => {
    for (let round = 0; round < 5; round += 1) {
      const at = await scene()
      const token = await make(at)
      const [joined] = await Promise.all([
        join(token),
        server.change((change) => suspendIdentity(change, at.identity, {})),
      ])
      const [row] = await tokensOf(at)
      // In between it is refused as suspended.
      expect([201, 401, 403]).toContain(joined.status)
      expect(row?.state).toBe(joined.status === 201 ? 'used' : 'cancelled')
      expect((await attestationsOf(at)).filter(({ state }) => state === 'fresh')).toEqual([])
      expect(await logIn(at, joined.privateKey), 'suspended').not.toBe(200)
    }
  })

  test('when its time is over', async () => {
    const at = await scene({ max_ttl_seconds: 60 })
    const [token, inTime] = [await make(at), await make(at)]
    expect((await join(inTime)).status, 'control').toBe(201)
    server.clock.forward(61)
    expect((await join(token)).status).toBe(401)
  })
})

test('a rule says for whom tokens are made and how long they live; a token says no more', async () => {
  const at = await scene({ max_ttl_seconds: 120 })
  const refused = async (more: Partial<NewJoinToken>) => {
    const { code, pointers } = await refusalOf(make(at, more))
    return [code, ...pointers]
  }
  expect(await refused({ ttlSeconds: 121 })).toEqual(['request_invalid', '/ttl_seconds'])
  expect(await refused({ becomes: at.keys }), 'both').toEqual(['request_invalid', '/trust_provider'])
  expect(await refused({ trustProvider: undefined }), 'neither').toEqual(['request_invalid', '/trust_provider'])
  expect(await refused({ trustProvider: at.keys }), 'another kind').toEqual(['request_invalid', '/trust_provider'])
  expect(await refused({ trustProvider: undefined, becomes: at.rule })).toEqual(['request_invalid', '/becomes'])
  await make(at, { ttlSeconds: 120 })
  const [token] = await tokensOf(at)
  expect((token?.expires_at.getTime() ?? 0) - (token?.created_at.getTime() ?? 0)).toBe(120_000)
  await make(at)
  const [, byDefault] = await tokensOf(at)
  expect((byDefault?.expires_at.getTime() ?? 0) - (byDefault?.created_at.getTime() ?? 0)).toBe(120_000)

  for (const settings of [
    { environments: ['production'] },
    { environments: [], identities: ['another-box'] },
    { environments: ['production'], identities: [at.identity] },
  ]) {
    const other = await scene(settings)
    const { code, pointers } = await refusalOf(make({ ...at, rule: other.rule }))
    expect({ settings, code, pointers }).toEqual({ settings, code: 'request_invalid', pointers: ['/identity'] })
  }
  const named = await scene({ environments: ['staging'], identities: [at.identity, 'another-box'] })
  expect((await join(await make({ ...at, rule: named.rule }))).status, 'control').toBe(201)
})

test('a rule for nobody or everybody, for too long, or worth more is refused, and nobody is bound to one', async () => {
  const at = await scene()
  const register = (settings: Record<string, unknown>, more = {}) =>
    server.change((change) => registerTrustProvider(change, { name: 'bad', kind: 'join_token', settings, ...more }))
  const good = { becomes: at.keys, environments: ['staging'] }
  for (const [settings, more, pointer] of [
    [{ becomes: at.keys }, {}, '/settings/identities'],
    [{ environments: ['staging'] }, {}, '/settings/becomes'],
    [{ ...good, max_ttl_seconds: 3_601 }, {}, '/settings/max_ttl_seconds'],
    [{ ...good, environments: ['prod'] }, {}, '/settings/environments/0'],
    [{ ...good, single_use: false }, {}, '/settings/single_use'],
    [good, { strength: 'bound_key' }, '/strength'],
    [good, { freshForSeconds: 3_601 }, '/fresh_for_seconds'],
  ] as const) {
    expect(await refusalOf(register(settings, more)), pointer).toMatchObject({
      code: 'request_invalid',
      pointers: [pointer],
    })
  }
  const bound = server.change((change) =>
    registerBinding(change, { trustProvider: at.rule, identity: at.identity, subject: 'anything' }),
  )
  expect(await refusalOf(bound)).toMatchObject({ code: 'request_invalid', pointers: ['/trust_provider'] })
  const gone = await scene({ becomes: 'nowhere' })
  expect(await refusalOf(make(gone))).toMatchObject({ code: 'request_invalid', pointers: ['/trust_provider'] })
})

test('the database itself refuses a use that is not recorded as a proof', async () => {
  const at = await scene()
  const token = await make(at)
  const other = await scene()
  const joined = await join(await make(other))
  const [row] = await tokensOf(at)
  if (row === undefined) throw new Error('no token')
  const useUp = (attestation: string) =>
    server.change(({ tx }) =>
      tx.query
        .updateTable('join_token')
        .set({
          state: 'used',
          used_at: server.clock.now(),
          binding_id: joined.body['binding_id'] as never,
          ...(attestation === '' ? {} : { attestation_id: attestation as never }),
        })
        .where('join_token_id', '=', row.join_token_id)
        .execute(),
    )
  await expect(useUp('')).rejects.toThrow(/join_token_use_is_attested/)
  expect((await join(token)).status, 'control: it is as good as before').toBe(201)
})
