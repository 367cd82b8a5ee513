/** Introspection, revocation and every use agree with whatever ends a token, from its commit on. */
import { defaultTenantId } from '@mayfly/domain'
import { exportJWK } from 'jose'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { rotateSigningKey } from '../../../packages/server/src/application/proof/rotate-signing-key.ts'
import { changePerson } from '../../../packages/server/src/application/registry/change-person.ts'
import { retireBinding } from '../../../packages/server/src/application/registry/change-binding.ts'
import {
  retireIdentity,
  suspendIdentity,
} from '../../../packages/server/src/application/registry/change-identity-state.ts'
import {
  changeTrustProvider,
  retireTrustProvider,
} from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { postForm } from '../proof/proof-server.ts'
import {
  addClient,
  askWho,
  bearerToken,
  type Client,
  clientAssertion,
  dpopProof,
  dpopToken,
  makeDpopKey,
  openOAuthWorld,
  type OAuthWorld,
} from './oauth-fixture.ts'

/** Whose token ends, on a trust provider and with an owner of its own, so that who introspects stays. */
interface Subject extends Client {
  readonly attestationOf: (token: string) => string
}

const ends: Readonly<Record<string, (world: OAuthWorld, subject: Subject, token: string) => Promise<unknown>>> = {
  'the holder gives it back': async ({ server }, subject, token) =>
    postForm(`${server.url}/oauth/revoke`, { token, ...(await clientAssertion(server, subject)) }),
  'its time is over': async ({ server }) => server.clock.forward(301),
  'its proof is no longer fresh': async ({ server }) => server.clock.forward(121),
  'its proof is revoked': async ({ server }, { attestationOf }, token) =>
    server.change(({ tx, now }) =>
      requestRevocation(tx, {
        selector: { kind: 'attestation', id: attestationOf(token) },
        cause: 'requested_by_operator',
        requestedBy: { kind: 'system', id: 'test' },
        now,
        recordEmpty: true,
      }),
    ),
  'its identity is suspended': ({ server }, { name }) => server.change((change) => suspendIdentity(change, name, {})),
  'its identity is retired': ({ server }, { name }) => server.change((change) => retireIdentity(change, name, {})),
  'its identity has expired': ({ server }, { name }) =>
    server.change(({ tx, now }) => sql`update identity set expires_at = ${now} where name = ${name}`.execute(tx.query)),
  'the last person who answered for it has left': ({ server }) =>
    server.change((change) => changePerson(change, 'grace@example.org', { state: 'left' })),
  'its trust provider is retired': ({ server }) =>
    server.change((change) => retireTrustProvider(change, 'short-lived', {})),
  'its trust provider has changed': ({ server }) =>
    server.change((change) =>
      changeTrustProvider(change, 'short-lived', { settings: { algorithms: ['ES256'], clock_tolerance_seconds: 1 } }),
    ),
  'its binding is retired': ({ server }, { bindingId }) =>
    server.change((change) => retireBinding(change, bindingId, {})),
  'the key that signed it is in wrong hands': ({ server }) =>
    server.change(({ tx, actor, now, requestId }) =>
      rotateSigningKey(server.proof, tx, { purpose: 'access_token', now, actor, requestId, compromised: true }),
    ),
}

async function openSubject(world: OAuthWorld): Promise<Subject> {
  const { server } = world
  await server.change(async (change) => {
    await registerPerson(change, { name: 'Grace Hopper', email: 'grace@example.org', roles: [] })
    await registerOwner(change, { name: 'other-team', contact: '#other', primary: 'grace@example.org' })
    await registerTrustProvider(change, { name: 'short-lived', kind: 'bound_key', settings: {}, freshForSeconds: 120 })
  })
  const client = await addClient(server, 'ending', { trustProvider: 'short-lived' })
  await server.change(({ tx }) =>
    sql`update identity set owner_id = (select owner_id from owner where name = 'other-team') where name = 'ending'`.execute(
      tx.query,
    ),
  )
  return {
    ...client,
    attestationOf: (token) =>
      (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti,
  }
}

async function isActive({ server, watcher }: OAuthWorld, token: string): Promise<Record<string, unknown>> {
  // With a new proof each time: what ends may be a key or a time that the one who asks depends on as well.
  const answer = await postForm(`${server.url}/oauth/introspect`, {
    token,
    ...(await clientAssertion(server, watcher)),
  })
  expect(answer.status).toBe(200)
  return answer.body
}

describe.each(Object.entries(ends))('when %s', (name, end) => {
  test('[RFC7662 2.2] [RFC7009 2.1] the token is not active, opens nothing, and revokes nothing, at once', async () => {
    await using world = await openOAuthWorld()
    const { server } = world
    const subject = await openSubject(world)
    const key = await makeDpopKey()
    const tokens = [await bearerToken(server, subject), await dpopToken(world, key, subject)]
    const url = `${server.url}/v1/who`
    const use = async ([bearer = '', bound = '']: readonly string[]) => [
      (await askWho(server, { authorization: `Bearer ${bearer}` })).status,
      (
        await askWho(server, {
          authorization: `DPoP ${bound}`,
          dpop: await dpopProof(server, key, { method: 'GET', url, token: bound }),
        })
      ).status,
    ]
    expect(await use(tokens), 'control').toEqual([200, 200])
    for (const token of tokens) {
      expect(await isActive(world, token), 'control').toMatchObject({ active: true })
    }
    const another = await bearerToken(server, world.worker)

    for (const token of tokens) await end(world, subject, token)

    expect(await use(tokens)).toEqual([401, 401])
    for (const token of tokens) expect(await isActive(world, token)).toEqual({ active: false })
    const [bearer = ''] = tokens
    const asked = await postForm(
      `${server.url}/oauth/revoke`,
      { token: another },
      { authorization: `Bearer ${bearer}` },
    )
    expect(asked.status).toBe(401)
    // These end every token of that time.
    const spared = !['its time is over', 'the key that signed it is in wrong hands'].includes(name)
    expect((await isActive(world, another))['active'], 'control: the token of another').toBe(spared)
  })
})

test('when a person has left, the token of that person is not active, at once', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const { personId } = await server.change(async (change) => {
    const { row } = await registerPerson(change, { name: 'Joan', email: 'joan@example.org', roles: ['auditor'] })
    return { personId: row.person_id }
  })
  const own = await addClient(server, 'lent-its-key')
  await server.change(async (change) => {
    await retireBinding(change, own.bindingId, {})
    await registerBinding(change, {
      trustProvider: 'keys',
      person: personId,
      publicJwk: await exportJWK(own.key.publicKey),
    })
  })
  const joan: Client = { ...own, identityId: personId }
  const token = await bearerToken(server, joan)
  expect(await isActive(world, token), 'control').toMatchObject({ active: true, client_id: personId })
  await server.change((change) => changePerson(change, personId, { state: 'left' }))
  expect(await isActive(world, token)).toEqual({ active: false })
  expect((await askWho(server, { authorization: `Bearer ${token}` })).status).toBe(401)
  expect(await isActive(world, await bearerToken(server, worker)), 'control').toMatchObject({ active: true })
})

test('[RFC8414 2] a new key is in the key set before it signs, and the old one for as long as its tokens live', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  await ensureKeys(server.proof, defaultTenantId)
  const keyIds = async () =>
    ((await (await fetch(`${server.url}/oauth/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
  const signedBy = async () =>
    (
      JSON.parse(Buffer.from((await bearerToken(server, worker)).split('.')[0] ?? '', 'base64url').toString()) as {
        kid: string
      }
    ).kid
  const rotate = () =>
    server.change(({ tx, actor, now, requestId }) =>
      rotateSigningKey(server.proof, tx, { purpose: 'access_token', now, actor, requestId }),
    )
  const [first = ''] = await keyIds()
  await rotate()
  const published = await keyIds()
  expect(published).toHaveLength(2)
  expect(await signedBy(), 'not yet').toBe(first)
  server.clock.forward(601)
  await rotate()
  const second = published.find((kid) => kid !== first)
  expect(await signedBy()).toBe(second)
  expect(await keyIds()).toContain(first)
  server.clock.forward(43_261)
  expect(await keyIds()).toEqual([second])
})
