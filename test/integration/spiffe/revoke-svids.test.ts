/** SVIDs end by the one path: with the proof, the identity, the owner, the trust provider and the agent that they hang on. */
import { type AttestationId, defaultTenantId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import type { RequestContext } from '../../../packages/server/src/application/context.ts'
import { previewRevocation } from '../../../packages/server/src/application/revocation/preview-revocation.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { suspendIdentity } from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { currentCrl, signCrls } from '../../../packages/server/src/application/spiffe/sign-crl.ts'
import { readCrlState } from '../../../packages/server/src/store/crl-rows.ts'
import { findSvidBySerial, listSvids } from '../../../packages/server/src/store/svid-rows.ts'
import { withClient } from '../../support/index.ts'
import { readCrlText } from './openssl.ts'
import { type SpiffeFixture, startSpiffe } from './spiffe-fixture.ts'

const operator = { requestedBy: { kind: 'system', id: 'test' }, cause: 'requested_by_operator' } as const

function attestationOf(ctx: RequestContext): AttestationId {
  if (ctx.actor.kind === 'system') throw new Error('the system proves nothing')
  return ctx.actor.attestationId
}

async function states(at: SpiffeFixture): Promise<Record<string, number>> {
  const rows = await at.inTenant((tx) => listSvids(tx, {}, { limit: 100 }))
  const counts: Record<string, number> = {}
  for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

test('whatever its SVIDs hang on ends them, in the same transaction, and counts them', async () => {
  await using at = await startSpiffe()
  const [orders, billing] = [await at.workload('orders'), await at.workload('billing')]
  const [mine, other] = [await orders.prove(), await billing.prove()]
  await at.x509(mine)
  const jwt = await at.jwt(mine)
  await at.x509(other)
  const [ids] = await at.inTenant(async (tx) => {
    const trustProvider = await tx.query
      .selectFrom('trust_provider')
      .select('trust_provider_id')
      .executeTakeFirstOrThrow()
    const owner = await tx.query.selectFrom('owner').select('owner_id').executeTakeFirstOrThrow()
    const svid = await tx.query.selectFrom('svid').selectAll().where('kind', '=', 'jwt').executeTakeFirstOrThrow()
    return [{ trustProvider: trustProvider.trust_provider_id, owner: owner.owner_id, svid }] as const
  })
  class Undo extends Error {}
  const cases = [
    [{ kind: 'svid', id: ids.svid.svid_id }, 1],
    [{ kind: 'svid_authority', id: ids.svid.issuing_key_id }, 1],
    [{ kind: 'attestation', id: attestationOf(mine) }, 2],
    [{ kind: 'identity', id: orders.identityId }, 2],
    [{ kind: 'owner', id: ids.owner }, 3],
    [{ kind: 'trust_provider', id: ids.trustProvider }, 3],
    [{ kind: 'environment', id: 'development' }, 0],
  ] as const
  for (const [selector, expected] of cases) {
    const undone = at.inTenant(async (tx) => {
      const now = at.server.clock.now()
      expect((await previewRevocation(tx, selector, now)).svids, `the preview of ${selector.kind}`).toBe(expected)
      const done = await requestRevocation(tx, { selector, ...operator, now, recordEmpty: true })
      expect(done?.endedSvids, selector.kind).toBe(expected)
      const rows = await tx.query.selectFrom('svid').selectAll().where('state', '=', 'revoked').execute()
      expect(rows).toHaveLength(expected)
      expect(rows.every((row) => row.revocation_id === done?.revocationId && row.revoked_at !== null)).toBe(true)
      throw new Undo()
    })
    await expect(undone).rejects.toThrow(Undo)
  }
  expect(await states(at), 'control').toEqual({ live: 3 })
  expect(jwt.token.reveal()).toContain('.')
})

test('a suspended identity has its SVIDs revoked, gets no more, and another keeps its own', async () => {
  await using at = await startSpiffe()
  const [orders, billing] = [await at.workload('orders'), await at.workload('billing')]
  const [mine, other] = [await orders.prove(), await billing.prove()]
  const svid = await at.x509(mine)
  const kept = await at.x509(other)
  await at.server.change((change) => suspendIdentity(change, orders.name, { reason: 'a test' }))
  await expect(at.x509(mine)).rejects.toThrow('policy_denied')
  await expect(at.jwt(mine)).rejects.toThrow('policy_denied')
  const crl = await currentCrl(at.spiffe, defaultTenantId, await activeKeyId(at))
  const list = await readCrlText(crl?.der ?? new Uint8Array())
  expect(list).toContain(svid.serialNumber.toUpperCase())
  expect(list).not.toContain(kept.serialNumber.toUpperCase())
  await at.x509(other)
})

test('a suspension while SVIDs are minted without pause leaves none alive that came after', async () => {
  await using at = await startSpiffe()
  const orders = await at.workload('orders')
  const ctx = await orders.prove()
  await at.jwt(ctx)
  const outcomes: ('minted' | 'denied')[] = []
  const minting = Array.from({ length: 8 }, async () => {
    for (;;) {
      try {
        await at.jwt(ctx)
        outcomes.push('minted')
      } catch {
        outcomes.push('denied')
        return
      }
    }
  })
  // As soon as a few are out.
  await at.server.change((change) => suspendIdentity(change, orders.name, { reason: 'a test' }))
  await Promise.all(minting)
  expect(outcomes.filter((each) => each === 'denied')).toHaveLength(8)
  expect((await states(at))['live'] ?? 0).toBe(0)
})

test('a proof that has lapsed gets no SVID, and a new one does', async () => {
  await using at = await startSpiffe({ freshForSeconds: 120 })
  const orders = await at.workload('orders')
  const ctx = await orders.prove()
  const svid = await at.x509(ctx)
  expect(svid.notAfter.getTime()).toBeLessThanOrEqual(at.server.clock.now().getTime() + 120_000)
  at.server.clock.forward(121)
  await expect(at.x509(ctx)).rejects.toThrow('policy_denied')
  await at.x509(await orders.prove())
})

test('a host agent gets SVIDs for what it vouched for and for nothing else, and only while its own proof lives', async () => {
  await using at = await startSpiffe()
  const [agent, otherAgent, orders] = [
    await at.workload('agent'),
    await at.workload('other-agent'),
    await at.workload('orders'),
  ]
  const [agentCtx, otherCtx, ordersCtx] = [await agent.prove(), await otherAgent.prove(), await orders.prove()]
  const vouched = await vouchFor(at, attestationOf(agentCtx), attestationOf(ordersCtx))

  const svid = await at.x509(agentCtx, { attestationId: vouched })
  expect(svid.spiffeId).toBe('spiffe://example.org/development/service/orders')
  expect(svid.hint).toBe('orders')
  expect((await at.jwt(agentCtx, vouched)).spiffeId).toBe(svid.spiffeId)
  const row = await at.inTenant((tx) => findSvidBySerial(tx, svid.serialNumber))
  expect(row).toMatchObject({ identity_id: orders.identityId, attestation_id: vouched })

  await expect(at.x509(otherCtx, { attestationId: vouched }), 'vouched for by another').rejects.toThrow(
    'resource_not_found',
  )
  await expect(at.x509(agentCtx, { attestationId: attestationOf(ordersCtx) }), 'its own proof').rejects.toThrow(
    'resource_not_found',
  )
  // After the agent has proven again, its earlier word still counts as long as that proof does.
  const again = await agent.prove()
  await at.x509(again, { attestationId: vouched })

  await at.inTenant((tx) =>
    requestRevocation(tx, {
      selector: { kind: 'attestation', id: attestationOf(agentCtx) },
      ...operator,
      now: at.server.clock.now(),
    }),
  )
  await expect(at.x509(again, { attestationId: vouched }), 'the word of a proof that was revoked').rejects.toThrow(
    'policy_denied',
  )
})

test.each([
  ['the host is revoked', (agent: string) => ({ kind: 'host', id: agent }) as const],
  ["the agent's own proof is", (_agent: string, proof: string) => ({ kind: 'attestation', id: proof }) as const],
])('the SVIDs of what a host agent vouched for end when %s, and no others', async (_name, selectorOf) => {
  await using at = await startSpiffe()
  const [agent, orders] = [await at.workload('agent'), await at.workload('orders')]
  const [agentCtx, ordersCtx] = [await agent.prove(), await orders.prove()]
  const vouched = await vouchFor(at, attestationOf(agentCtx), attestationOf(ordersCtx))
  const svid = await at.x509(agentCtx, { attestationId: vouched })
  const kept = await at.x509(ordersCtx)
  await at.inTenant((tx) =>
    requestRevocation(tx, {
      selector: selectorOf(agent.identityId, attestationOf(agentCtx)),
      ...operator,
      now: at.server.clock.now(),
    }),
  )
  const stateOf = async (serial: string) => (await at.inTenant((tx) => findSvidBySerial(tx, serial)))?.state
  expect(await stateOf(svid.serialNumber)).toBe('revoked')
  expect(await stateOf(kept.serialNumber), "control: by the workload's own proof").toBe('live')
})

test('a CRL is signed ahead of those who ask, numbered upwards, and nothing older is served', async () => {
  await using at = await startSpiffe()
  const orders = await at.workload('orders')
  const ctx = await orders.prove()
  const keyId = await activeKeyId(at)
  const never = new AbortController().signal
  await signCrls(at.spiffe, defaultTenantId, never)
  const first = await currentCrl(at.spiffe, defaultTenantId, keyId)
  expect(first?.number).toBe(1)
  await signCrls(at.spiffe, defaultTenantId, never)
  expect((await currentCrl(at.spiffe, defaultTenantId, keyId))?.number, 'nothing to say').toBe(1)
  at.server.clock.forward(301)
  await signCrls(at.spiffe, defaultTenantId, never)
  expect((await currentCrl(at.spiffe, defaultTenantId, keyId))?.number, 'before the first has ended').toBe(2)
  const svid = await at.x509(ctx, { ttlSeconds: 600 })
  await at.inTenant(async (tx) => {
    const row = await findSvidBySerial(tx, svid.serialNumber)
    await requestRevocation(tx, {
      selector: { kind: 'svid', id: row?.svid_id ?? '' },
      ...operator,
      now: at.server.clock.now(),
    })
  })
  expect((await at.inTenant((tx) => readCrlState(tx, keyId))).due).toBe(true)
  const listed = await currentCrl(at.spiffe, defaultTenantId, keyId)
  expect(listed?.number).toBe(3)
  expect(await readCrlText(listed?.der ?? new Uint8Array())).toContain(svid.serialNumber.toUpperCase())
  // RFC 5280 section 3.3: once more on a list from after its end, and then no longer.
  at.server.clock.forward(620)
  const after = await currentCrl(at.spiffe, defaultTenantId, keyId)
  expect(after?.number).toBe(4)
  expect(after?.this_update.getTime()).toBeGreaterThan(svid.notAfter.getTime())
  expect(await readCrlText(after?.der ?? new Uint8Array())).toContain(svid.serialNumber.toUpperCase())
  at.server.clock.forward(301)
  const later = await currentCrl(at.spiffe, defaultTenantId, keyId)
  expect(later?.number).toBe(5)
  expect(await readCrlText(later?.der ?? new Uint8Array())).not.toContain(svid.serialNumber.toUpperCase())
})

async function activeKeyId(at: SpiffeFixture): Promise<string> {
  const row = await at.inTenant((tx) =>
    tx.query.selectFrom('x509_authority').select('key_id').where('state', '=', 'active').executeTakeFirstOrThrow(),
  )
  return row.key_id
}

/** As the host agent's route leaves it: a proof of the workload that hangs on the agent's own. */
async function vouchFor(at: SpiffeFixture, agent: AttestationId, workload: AttestationId): Promise<AttestationId> {
  const id = crypto.randomUUID().replace(/^(.{14})./, '$17') as AttestationId
  await withClient(at.server.store.superuserUrl, async (client) => {
    await client.query('set search_path = mayfly, pg_catalog')
    await client.query(
      `insert into attestation (tenant_id, attestation_id, identity_id, trust_provider_id, binding_id, instance, claims, strength,
         accepted_at, fresh_until, token_expires_at, decision_id, vouched_by_attestation_id, host_identity_id)
       select tenant_id, $1, identity_id, trust_provider_id, binding_id, 'a process', claims, strength,
         accepted_at, fresh_until, token_expires_at, decision_id, $2,
         (select v.identity_id from attestation v where v.attestation_id = $2) from attestation where attestation_id = $3`,
      [id, agent, workload],
    )
  })
  return id
}
