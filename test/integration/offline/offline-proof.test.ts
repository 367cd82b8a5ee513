/** Proofs of another site, judged with what its offline bundle brought. */
import { defaultTenantId, type JsonObject } from '@mayfly/domain'
import { describe, expect, test } from 'vitest'
import { changeOfflineSite, retireOfflineSite } from '../../../packages/server/src/application/offline/change-site.ts'
import { importOfflineBundle } from '../../../packages/server/src/application/offline/import-bundle.ts'
import { registerOfflineSite } from '../../../packages/server/src/application/offline/register-site.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { type ProofServer, proveWithToken, registerWorkload, startProofServer } from '../proof/proof-server.ts'
import { makeIssuerKey } from '../proof/test-issuer.ts'
import { makeOfflineSite, makeSiteKey, type OfflineSiteMaker } from './make-offline-site.ts'

const audience = 'https://mayfly.here.example'
const day = 86_400

async function here(maxAgeSeconds = day) {
  const server = await startProofServer()
  const depot = makeOfflineSite('depot', { now: server.clock.now })
  await server.change((change) =>
    registerOfflineSite(change, { name: 'depot', origin: depot.origin, keys: [depot.vkey], maxAgeSeconds }),
  )
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'depot-tokens',
      kind: 'oidc',
      settings: {
        issuer: depot.origin,
        audiences: [audience],
        types: ['at+jwt'],
        keys: { from: 'offline_site', site: 'depot' },
      },
      freshForSeconds: 7 * day,
    }),
  )
  await registerWorkload(server, {
    name: 'orders-api',
    trustProvider: 'depot-tokens',
    subject: 'spiffe://depot.example/orders-api',
  })
  return {
    server,
    depot,
    bring: (bundle: string) => bring(server, bundle),
    prove: (...token: Parameters<OfflineSiteMaker['token']>) => proveWithToken(server, depot.token(...token)),
    attestation: async () => {
      const rows = await server.proof.database.transaction(defaultTenantId, (tx) =>
        tx.query.selectFrom('attestation').selectAll().orderBy('attestation_id', 'desc').execute(),
      )
      return rows[0]
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function bring(server: ProofServer, bundle: string) {
  return server.change((change) => importOfflineBundle(change, 'depot', Buffer.from(bundle)))
}

test('a workload of the other site proves itself once a bundle was imported, and not before', async () => {
  await using at = await here()
  const early = await at.prove()
  expect(early.status, 'nothing was imported yet').toBe(503)
  expect(early.body).toMatchObject({ error: 'temporarily_unavailable' })
  await at.bring(await at.depot.bundle())
  expect((await at.prove()).status).toBe(200)
  const forged = makeOfflineSite('depot', { now: at.server.clock.now })
  const other = await proveWithToken(at.server, forged.token())
  expect(other.body, 'control: another key').toMatchObject({ error: 'invalid_grant' })
})

test('what it was judged with is recorded, and bounds how long the proof counts', async () => {
  await using at = await here()
  const madeAt = new Date(at.server.clock.now().getTime() - 3_600_000)
  await at.bring(await at.depot.bundle({ madeAt }))
  expect((await at.prove()).status).toBe(200)
  const row = await at.attestation()
  expect(row?.trust_made_at).toEqual(madeAt)
  // The trust provider would let it count for a week.
  expect(row?.fresh_until).toEqual(new Date(madeAt.getTime() + day * 1000))
})

test('material that has grown too old judges nothing, until a newer bundle comes', async () => {
  await using at = await here(day)
  await at.bring(await at.depot.bundle())
  at.server.clock.forward(day - 60)
  expect((await at.prove()).status, 'control: a minute before its end').toBe(200)
  at.server.clock.forward(61)
  expect((await at.prove()).status).toBe(503)
  await at.bring(await at.depot.bundle())
  expect((await at.prove()).status).toBe(200)
})

test('a section that is older than the bundle counts with its own age', async () => {
  await using at = await here(day)
  const bundle = await at.depot.bundle()
  const body = JSON.parse(bundle.slice(bundle.indexOf('\n{') + 1)) as {
    sections: { jwks: JsonObject & { made_at: string } }
  }
  body.sections.jwks.made_at = new Date(at.server.clock.now().getTime() - (day + 60) * 1000).toISOString()
  await at.bring(await at.depot.bundle({ sections: body.sections }))
  expect((await at.prove()).status).toBe(503)
})

test('a token that is bound to a key, or for acting on behalf of another, proves nobody', async () => {
  await using at = await here()
  await at.bring(await at.depot.bundle())
  for (const claims of [{ cnf: { jkt: 'x' } }, { act: { sub: 'spiffe://depot.example/other' } }]) {
    expect((await at.prove(claims)).body).toMatchObject({ error: 'invalid_grant', reason: 'claim_wrong' })
  }
  expect((await at.prove()).status, 'control').toBe(200)
})

describe('a revocation at the other site', () => {
  test('is known here with the next bundle', async () => {
    await using at = await here()
    await at.bring(await at.depot.bundle())
    expect((await at.prove({}, 5)).status).toBe(200)
    await at.bring(await at.depot.bundle({ revoked: [5] }))
    const refused = await at.prove({}, 5)
    expect(refused.body).toMatchObject({ error: 'invalid_grant', reason: 'proof_revoked' })
    expect((await at.prove({}, 4)).status, 'control: its neighbour in the list').toBe(200)
  })

  test('ends what was proven with it before, and nothing else', async () => {
    await using at = await here()
    await at.bring(await at.depot.bundle())
    for (const index of [5, 6]) expect((await at.prove({}, index)).status).toBe(200)
    const states = async () => {
      const rows = await at.server.proof.database.transaction(defaultTenantId, (tx) =>
        tx.query.selectFrom('attestation').select(['claims', 'state']).orderBy('attestation_id').execute(),
      )
      return rows.map((row) => [(row.claims as { status: { index: number } }).status.index, row.state])
    }
    const before = await states()
    await at.bring(await at.depot.bundle({ revoked: [4] }))
    expect(await states(), 'control: another one is revoked').toEqual(before)
    await at.bring(await at.depot.bundle({ revoked: [5, 6] }))
    expect((await states()).map(([, state]) => state)).not.toContain('fresh')
  })

  test('cannot be hidden by leaving the list out, or by naming another', async () => {
    await using at = await here()
    await at.bring(await at.depot.bundle())
    expect((await at.prove({ status: { status_list: { idx: 1, uri: `${at.depot.statusUri}/other` } } })).status).toBe(
      503,
    )
    expect((await at.prove({ status: { status_list: { idx: '1', uri: at.depot.statusUri } } })).body).toMatchObject({
      reason: 'claim_wrong',
    })
    expect((await at.prove({}, 999)).body, 'beyond the list').toMatchObject({ reason: 'proof_revoked' })
    expect((await at.prove({}, 1)).status, 'control').toBe(200)
  })
})

describe('keys of the issuer', () => {
  test('change with the next bundle: the new one is believed, the withdrawn one no longer', async () => {
    await using at = await here()
    await at.bring(await at.depot.bundle())
    const before = at.depot.token()
    at.depot.issuerKeys.splice(0, 1, makeIssuerKey('depot-2'))
    expect((await at.prove()).body, 'not yet').toMatchObject({ reason: 'key_unknown' })
    await at.bring(await at.depot.bundle())
    expect((await at.prove()).status).toBe(200)
    expect((await proveWithToken(at.server, before)).body).toMatchObject({ reason: 'key_unknown' })
  })

  test('of another issuer are not taken for its own', async () => {
    await using at = await here()
    const madeAt = at.server.clock.now()
    const times = { made_at: madeAt.toISOString(), next_update: madeAt.toISOString() }
    const keys = at.depot.issuerKeys.map((one) => one.publicJwk as JsonObject)
    const sections = { jwks: { ...times, items: [{ issuer: `${at.depot.origin}/t/other`, keys }] } }
    await at.bring(await at.depot.bundle({ madeAt, sections }))
    expect((await at.prove()).status).toBe(503)
  })
})

describe('the end of a site', () => {
  const stateOf = async (at: Awaited<ReturnType<typeof here>>) => (await at.attestation())?.state

  test('ends what was proven with it', async () => {
    await using at = await here()
    await at.bring(await at.depot.bundle())
    expect((await at.prove()).status).toBe(200)
    expect(await stateOf(at), 'control').toBe('fresh')
    await at.server.change((change) => retireOfflineSite(change, 'depot', {}))
    expect(await stateOf(at)).not.toBe('fresh')
    expect((await at.prove()).status).toBe(503)
    await expect(at.bring(await at.depot.bundle())).rejects.toMatchObject({ code: 'state_not_allowed' })
  })

  test('so does pinning its keys anew, and it begins again', async () => {
    await using at = await here()
    await at.bring(await at.depot.bundle({ sequence: 2 ** 53 - 1 }))
    expect((await at.prove()).status).toBe(200)
    const next = makeSiteKey(at.depot.origin)
    await at.server.change((change) => changeOfflineSite(change, 'depot', { keys: [next.vkey] }))
    expect(await stateOf(at)).not.toBe('fresh')
    expect((await at.prove()).status, 'what was imported under the former key is forgotten').toBe(503)
    await expect(at.bring(await at.depot.bundle())).rejects.toMatchObject({ code: 'bundle_untrusted' })
    // However high the sequence of whoever had the former key: the site is not locked out.
    await at.bring(await at.depot.bundle({ by: [next], keys: [next.vkey] }))
    expect((await at.prove()).status).toBe(200)
  })
})

test('a lower age ends what was proven under the higher one, a higher one does not', async () => {
  await using at = await here()
  await at.bring(await at.depot.bundle({ madeAt: new Date(at.server.clock.now().getTime() - 7_200_000) }))
  expect((await at.prove()).status).toBe(200)
  const setAge = (maxAgeSeconds: number) =>
    at.server.change((change) => changeOfflineSite(change, 'depot', { maxAgeSeconds }))
  await setAge(2 * day)
  expect((await at.attestation())?.state, 'control').toBe('fresh')
  await setAge(3600)
  expect((await at.attestation())?.state).not.toBe('fresh')
  expect((await at.prove()).status, 'two hours are too old now').toBe(503)
})

test('rows that were changed past Mayfly bring no keys in', async () => {
  await using at = await here()
  await at.bring(await at.depot.bundle())
  const forged = makeOfflineSite('depot', { now: at.server.clock.now })
  const file = Buffer.from(await forged.bundle())
  await at.server.proof.database.transaction(defaultTenantId, (tx) =>
    tx.query.updateTable('offline_material').set({ bundle: file }).execute(),
  )
  expect((await proveWithToken(at.server, forged.token())).status).not.toBe(200)
})
