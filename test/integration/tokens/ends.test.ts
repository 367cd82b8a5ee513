/** A token for another audience ends with everything that it rests on, and all who tell of it agree at once. */
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { runRedecisions } from '../../../packages/server/src/application/decision/run-redecisions.ts'
import { rotateSigningKey } from '../../../packages/server/src/application/proof/rotate-signing-key.ts'
import { runLapses } from '../../../packages/server/src/application/proof/run-lapses.ts'
import { changeOwner } from '../../../packages/server/src/application/registry/change-owner.ts'
import { changePerson } from '../../../packages/server/src/application/registry/change-person.ts'
import {
  retireIdentity,
  suspendIdentity,
} from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { decideAgain } from '../../../packages/server/src/application/registry/end-authority.ts'
import { retireResource } from '../../../packages/server/src/application/registry/change-resource.ts'
import { previewRevocation } from '../../../packages/server/src/application/revocation/preview-revocation.ts'
import { createAccountRemover } from '../../../packages/server/src/application/revocation/remove-accounts.ts'
import { runExpiries } from '../../../packages/server/src/application/revocation/end-due.ts'
import { defaultTenantId, newId, type RevocationId } from '@mayfly/domain'
import { bearerToken, type Client, clientAssertion } from '../oauth/oauth-fixture.ts'
import { postForm } from '../proof/proof-server.ts'
import {
  activatePolicies,
  addAda,
  askFor,
  credentialIdOf,
  exchange,
  introspect,
  openTokensWorld,
  ordersUri,
  revokeBy,
  statusOf,
  stockUri,
  tokenOf,
  type TokensWorld,
  verifyLog,
} from './tokens-fixture.ts'

interface Held {
  readonly world: TokensWorld
  /** The web's token for the orders API, and what the orders service got for it. */
  readonly handed: string
  readonly delegated: string
}

async function hold(): Promise<Held> {
  const world = await openTokensWorld()
  const { server, web, orders } = world
  const handed = tokenOf(await askFor(server, web, { resource: ordersUri, scope: 'reader' }))
  const delegated = tokenOf(await exchange(server, orders, handed, { resource: stockUri }))
  return { world, handed, delegated }
}

/** What introspection and the status list say: both, or neither. */
async function lives({ world: { server, stock } }: Held, token: string): Promise<boolean> {
  const active = (await introspect(server, stock, token))['active'] === true
  expect(await statusOf(server, token), 'the status list agrees with introspection').toBe(active ? 0 : 1)
  return active
}

const attestationOf = async ({ server }: TokensWorld, client: Client) =>
  server.change(async ({ tx }) =>
    (
      await tx.query
        .selectFrom('attestation')
        .select('attestation_id')
        .where('identity_id', '=', client.identityId as never)
        .orderBy('attestation_id', 'desc')
        .execute()
    ).map((row) => row.attestation_id),
  )

/** Each ends both tokens, or only the delegated one. */
const ends: Readonly<Record<string, { readonly both: boolean; readonly end: (held: Held) => Promise<void> }>> = {
  'the credential of the caller is revoked': {
    both: true,
    end: ({ world, handed }) => revokeBy(world.server, { kind: 'credential', id: credentialIdOf(handed) }),
  },
  'the credential of the actor is revoked': {
    both: false,
    end: ({ world, delegated }) => revokeBy(world.server, { kind: 'credential', id: credentialIdOf(delegated) }),
  },
  'the proof of the caller is revoked': {
    both: true,
    end: async ({ world }) => {
      for (const id of await attestationOf(world, world.web)) await revokeBy(world.server, { kind: 'attestation', id })
    },
  },
  'the proof of the actor is revoked': {
    both: false,
    end: async ({ world }) => {
      for (const id of await attestationOf(world, world.orders))
        await revokeBy(world.server, { kind: 'attestation', id })
    },
  },
  'the caller is suspended': {
    both: true,
    end: async ({ world }) => {
      await world.server.change((change) => suspendIdentity(change, world.web.name, {}))
    },
  },
  'the actor is retired': {
    both: false,
    end: async ({ world }) => {
      await world.server.change((change) => retireIdentity(change, world.orders.name, {}))
    },
  },
  'the owner is named as a selector': {
    both: true,
    end: async ({ world: { server } }) => {
      const id = await server.change(async ({ tx }) => {
        const row = await tx.query
          .selectFrom('owner')
          .select('owner_id')
          .where('name', '=', 'orders-team')
          .executeTakeFirstOrThrow()
        return row.owner_id
      })
      await revokeBy(server, { kind: 'owner', id })
    },
  },
  'the trust provider is named as a selector': {
    both: true,
    end: async ({ world: { server } }) => {
      const id = await server.change(async ({ tx }) => {
        const row = await tx.query
          .selectFrom('trust_provider')
          .select('trust_provider_id')
          .where('name', '=', 'keys')
          .executeTakeFirstOrThrow()
        return row.trust_provider_id
      })
      await revokeBy(server, { kind: 'trust_provider', id })
    },
  },
  'the resource of the caller is retired': {
    both: true,
    end: async ({ world: { server } }) => {
      await server.change((change) => retireResource(change, 'orders-api', {}))
    },
  },
  'a policy forbids to act for the caller': {
    both: false,
    end: async ({ world: { server } }) => {
      await activatePolicies(
        server,
        '@id("no-acting") forbid (principal, action == Action::"token.exchange", resource == Identity::"orders-web");',
      )
      await runRedecisions(server.issue, defaultTenantId, new AbortController().signal)
    },
  },
  'a policy takes the role from the caller': {
    both: false,
    end: async ({ world: { server } }) => {
      await activatePolicies(
        server,
        '@id("no-stock") forbid (principal == Identity::"orders-web", action == Action::"credential.issue", resource == Role::"stock-api/reader");',
      )
      await runRedecisions(server.issue, defaultTenantId, new AbortController().signal)
    },
  },
}

describe.each(Object.entries(ends))('%s', (_what, { both, end }) => {
  test('[RFC7662 2.2] introspection and status list refuse from the commit on', async () => {
    const held = await hold()
    await using _world = held.world
    const unrelated = tokenOf(await askFor(held.world.server, held.world.stock, { resource: stockUri }))
    expect(await lives(held, held.delegated), 'control: it lives before').toBe(true)
    await end(held)
    expect(await statusOf(held.world.server, held.delegated)).toBe(1)
    expect(await statusOf(held.world.server, held.handed)).toBe(both ? 1 : 0)
    const asker = await isLive(held)
    expect(asker).toBe(false)
    const named = _what.startsWith('the owner') || _what.startsWith('the trust provider')
    expect(await statusOf(held.world.server, unrelated), 'control: what does not rest on it').toBe(named ? 1 : 0)
  })
})

/** Asked of the store, since the asker may have ended too. */
async function isLive({ world: { server }, delegated }: Held): Promise<boolean> {
  const { findLiveIssuedToken } = await import('../../../packages/server/src/application/proof/issued-token.ts')
  return (await findLiveIssuedToken(server.proof, defaultTenantId, delegated)) !== undefined
}

test('a preview counts what was exchanged for what would end, as the revocation then does', async () => {
  const held = await hold()
  await using world = held.world
  const { server, orders } = world
  const preview = (token: string) =>
    server.change(({ tx, now }) => previewRevocation(tx, { kind: 'credential', id: credentialIdOf(token) }, now))
  expect(await preview(held.handed)).toMatchObject({
    total: 2,
    groups: [
      { resource_name: 'orders-api', credentials: 1 },
      { resource_name: 'stock-api', identity_name: orders.name, credentials: 1 },
    ],
  })
  expect(await preview(held.delegated), 'control: the child alone').toMatchObject({ total: 1 })
  await revokeBy(server, { kind: 'credential', id: credentialIdOf(held.handed) })
  const revoked = (await server.entries()).findLast(({ action }) => action === 'revocation.requested')
  expect(revoked).toMatchObject({ body: { ended: 2 } })
  expect(await preview(held.handed)).toMatchObject({ total: 0, ending: 1 })
})

test('[RFC7009 2.1] its holder gives it back, which is the one way out; nobody else does', async () => {
  const held = await hold()
  await using world = held.world
  const { server, web, orders } = world
  const giveBack = async (client: Client, token: string) =>
    postForm(`${server.url}/oauth/revoke`, { token, ...(await clientAssertion(server, client)) })
  expect((await giveBack(web, held.delegated)).status).toBe(200)
  expect(await lives(held, held.delegated), 'whom it is held for does not end it so').toBe(true)
  expect((await giveBack(orders, held.delegated)).status).toBe(200)
  expect(await lives(held, held.delegated)).toBe(false)
  expect(await lives(held, held.handed), 'control: the other stays').toBe(true)
  const revoked = (await server.entries()).findLast(({ action }) => action === 'revocation.requested')
  expect(revoked).toMatchObject({ body: { cause: 'requested_by_holder', ended: 1 } })
})

test('a person who left, or lost the owner, has nobody act for them', async () => {
  await using world = await openTokensWorld()
  const { server, orders, stock } = world
  const ada = await addAda(server)
  const token = tokenOf(await exchange(server, orders, await bearerToken(server, ada), { resource: stockUri }))
  expect((await introspect(server, stock, token))['active']).toBe(true)
  await server.change(async (change) => {
    const { registerPerson } = await import('../../../packages/server/src/application/registry/register-person.ts')
    await registerPerson(change, { name: 'Grace Hopper', email: 'grace@example.org', roles: [] })
    await changeOwner(change, 'orders-team', { primary: 'grace@example.org' })
    await changePerson(change, 'ada@example.org', { state: 'left' })
  })
  expect((await introspect(server, stock, token))['active']).toBe(false)
})

test('what is held for a person is decided again when they change', async () => {
  await using world = await openTokensWorld()
  const { server, orders, stock } = world
  const ada = await addAda(server)
  const token = tokenOf(await exchange(server, orders, await bearerToken(server, ada), { resource: stockUri }))
  await server.change(async (change) => {
    const { registerPerson } = await import('../../../packages/server/src/application/registry/register-person.ts')
    await registerPerson(change, { name: 'Grace Hopper', email: 'grace@example.org', roles: [] })
    await decideAgain(change, 'person', ada.identityId, 'a test asks for it')
  })
  await runRedecisions(server.issue, defaultTenantId, new AbortController().signal)
  expect((await introspect(server, stock, token))['active'], 'control: nothing speaks against it').toBe(true)
  await server.change(async (change) => {
    await changeOwner(change, 'orders-team', { primary: 'grace@example.org' })
    await decideAgain(change, 'person', ada.identityId, 'they answer for the owner no longer')
  })
  await runRedecisions(server.issue, defaultTenantId, new AbortController().signal)
  expect((await introspect(server, stock, token))['active']).toBe(false)
})

test('a compromised signing key takes the tokens that it signed along', async () => {
  const held = await hold()
  await using world = held.world
  const { server, stock } = world
  expect((await introspect(server, stock, held.delegated))['active']).toBe(true)
  await server.change(({ tx, now, actor }) =>
    rotateSigningKey(server, tx, { purpose: 'access_token', now, actor, requestId: 'test', compromised: true }),
  )
  const form = { token: held.delegated, ...(await clientAssertion(server, stock)) }
  expect((await postForm(`${server.url}/oauth/introspect`, form)).body).toEqual({ active: false })
})

test('a retired signing key is believed as long as a token that it signed can live', async () => {
  const held = await hold()
  await using world = held.world
  const { server, stock } = world
  const rotate = () =>
    server.change(({ tx, now, actor }) =>
      rotateSigningKey(server, tx, { purpose: 'access_token', now, actor, requestId: 'test' }),
    )
  await rotate()
  server.clock.forward(601)
  await verifyLog(server)
  const token = tokenOf(await askFor(server, world.web, { resource: stockUri }))
  await rotate()
  expect((await introspect(server, stock, token))['active']).toBe(true)
})

test('at its end it is expired, and what ended by itself is not told in the list', async () => {
  const held = await hold()
  await using world = held.world
  const { server } = world
  server.clock.forward(301)
  expect(await isLive(held)).toBe(false)
  await runExpiries(server.issue, defaultTenantId)
  expect(await statusOf(server, held.delegated), 'a verifier looks at exp itself').toBe(0)
  const states = await server.change(({ tx }) => tx.query.selectFrom('credential').select('state').execute())
  expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['revoking']))
})

test('it lives no longer than the proof that it rests on, and a lapse of either proof is told', async () => {
  await using world = await openTokensWorld()
  const { server, web, orders } = world
  await server.change(({ tx }) => tx.query.updateTable('trust_provider').set({ fresh_for_seconds: 90 }).execute())
  const token = tokenOf(await askFor(server, web, { resource: stockUri }))
  const { exp, iat } = decodeJwt(token)
  expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(90)
  const delegated = tokenOf(await exchange(server, orders, await bearerToken(server, web), { resource: stockUri }))
  server.clock.forward(91)
  await runLapses(server.issue, defaultTenantId, new AbortController().signal)
  expect(await isLive({ world, handed: token, delegated })).toBe(false)
})

test('law 4: cut and removed are recorded when whoever tells the verifiers says so', async () => {
  const held = await hold()
  await using world = held.world
  const { server } = world
  await revokeBy(server, { kind: 'credential', id: credentialIdOf(held.handed) })
  const remover = createAccountRemover()
  const run = () => remover.run(server.issue, defaultTenantId, new AbortController().signal, () => undefined)
  while ((await run()) === 'more');
  const rows = await server.change(({ tx }) =>
    tx.query.selectFrom('credential').select(['state', 'cut_at', 'removed_at']).execute(),
  )
  expect(rows).toHaveLength(2)
  for (const row of rows) {
    expect(row).toEqual({ state: 'revoked', cut_at: expect.any(Date), removed_at: expect.any(Date) })
  }
  const { findings } = await verifyLog(server)
  expect(findings.filter(({ table }) => table === 'credential')).toEqual([])
  expect(await statusOf(server, held.handed), 'and the list says so for good').toBe(1)
})

describe('laws in the database', () => {
  test('a row of an account still does not begin as active; nor does a token move to another place', async () => {
    await using world = await openTokensWorld()
    const { server, web } = world
    const token = tokenOf(await askFor(server, web, { resource: stockUri }))
    const id = credentialIdOf(token)
    const asSuperuser = (change: string) =>
      server.change(async ({ tx }) => {
        const { sql } = await import('kysely')
        await sql.raw(change).execute(tx.query)
      })
    await expect(
      asSuperuser(`update credential set status_index = status_index + 1 where credential_id = '${id}'`),
    ).rejects.toThrow('is fixed')
    await expect(
      asSuperuser(`update credential set subject_person_id = null, chain_length = 2 where credential_id = '${id}'`),
    ).rejects.toThrow(/is fixed|credential_subject|credential_chain/)
    await expect(
      asSuperuser(`insert into credential select (jsonb_populate_record(c, jsonb_build_object(
        'credential_id', '${newId<RevocationId>()}', 'account_name', 'another', 'status_list_id', null, 'status_index', null))).*
        from credential c where credential_id = '${id}'`),
    ).rejects.toThrow('law 1')
    await expect(
      asSuperuser(`insert into credential select (jsonb_populate_record(c, jsonb_build_object(
        'credential_id', '${newId<RevocationId>()}', 'account_name', 'another'))).*
        from credential c where credential_id = '${id}'`),
      'and no place is given out twice',
    ).rejects.toThrow('credential_status')
    await expect(asSuperuser(`delete from status_list`)).rejects.toThrow('never removed')
  })
})
