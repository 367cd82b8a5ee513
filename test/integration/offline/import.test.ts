/** What may be imported for a site, and what that changes. */
import { defaultTenantId } from '@mayfly/domain'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeOfflineSite } from '../../../packages/server/src/application/offline/change-site.ts'
import { importOfflineBundle } from '../../../packages/server/src/application/offline/import-bundle.ts'
import { registerOfflineSite } from '../../../packages/server/src/application/offline/register-site.ts'
import { type ProofServer, startProofServer } from '../proof/proof-server.ts'
import { makeOfflineSite, makeSiteKey } from './make-offline-site.ts'

let server: ProofServer
let count = 0

beforeAll(async () => {
  server = await startProofServer()
})
afterAll(() => server[Symbol.asyncDispose]())

async function registered(maxAgeSeconds = 3600) {
  const site = makeOfflineSite(`site-${(count += 1)}`, { now: server.clock.now })
  await server.change((change) =>
    registerOfflineSite(change, { name: site.name, origin: site.origin, keys: [site.vkey], maxAgeSeconds }),
  )
  return {
    ...site,
    bring: (bundle: string) => server.change((change) => importOfflineBundle(change, site.name, Buffer.from(bundle))),
  }
}

const material = () =>
  server.proof.database.transaction(defaultTenantId, (tx) =>
    tx.query.selectFrom('offline_material').selectAll().execute(),
  )

test('a newer bundle takes the place of the one before, with one entry; the very same changes nothing', async () => {
  const site = await registered()
  const first = await site.bundle()
  expect(await site.bring(first)).toMatchObject({ outcome: 'updated', row: { sequence: expect.any(Number) } })
  const entriesBefore = (await server.entries()).length
  expect(await site.bring(first)).toMatchObject({ outcome: 'unchanged', receipt: null })
  expect((await server.entries()).length).toBe(entriesBefore)
  const second = await site.bundle({ revoked: [1] })
  expect(await site.bring(second)).toMatchObject({ outcome: 'updated' })
  expect((await server.entries()).slice(entriesBefore).map(({ action }) => action)).toEqual(['offline_bundle.imported'])
  const kept = (await material()).map(({ bundle }) => bundle.toString('utf8'))
  expect(kept).toContain(second)
  expect(kept).not.toContain(first)
})

test('an older bundle, or another of the same sequence, is refused and changes nothing', async () => {
  const site = await registered()
  const older = await site.bundle()
  const newer = await site.bundle()
  const { row } = await site.bring(newer)
  await expect(site.bring(older)).rejects.toMatchObject({ code: 'bundle_superseded' })
  const same = await site.bundle({ sequence: row.sequence ?? 0 })
  await expect(site.bring(same)).rejects.toMatchObject({ code: 'bundle_superseded' })
  expect((await material()).map(({ bundle }) => bundle.toString('utf8'))).toContain(newer)
})

test('a bundle that is too old, or from the future, is refused', async () => {
  const site = await registered(3600)
  const at = (seconds: number) => new Date(server.clock.now().getTime() + seconds * 1000)
  await expect(site.bring(await site.bundle({ madeAt: at(-3601) }))).rejects.toMatchObject({
    code: 'bundle_outdated',
    options: { publicDetail: expect.stringContaining('at most 3600 s') },
  })
  await expect(site.bring(await site.bundle({ madeAt: at(600) }))).rejects.toMatchObject({
    code: 'bundle_outdated',
    options: { publicDetail: expect.stringContaining('in the future') },
  })
  await site.bring(await site.bundle({ madeAt: at(-3500) }))
})

test('a bundle of another site, even a registered one, is refused by name', async () => {
  const [site, other] = [await registered(), await registered()]
  await expect(site.bring(await other.bundle())).rejects.toMatchObject({
    code: 'bundle_untrusted',
    options: { publicDetail: expect.stringContaining(other.origin) },
  })
  await other.bring(await other.bundle())
})

test('a change of the key is followed where the former key signed it, and only then', async () => {
  const site = await registered()
  await site.bring(await site.bundle())
  const next = makeSiteKey(site.origin)
  await expect(
    site.bring(await site.bundle({ by: [next], keys: [next.vkey] })),
    'signed by nobody that is believed',
  ).rejects.toMatchObject({ code: 'bundle_untrusted' })
  const { row } = await site.bring(await site.bundle({ keys: [site.vkey, next.vkey] }))
  expect(row.keys).toEqual([site.vkey, next.vkey])
  const { row: after } = await site.bring(await site.bundle({ by: [next], keys: [next.vkey] }))
  expect(after.keys, 'the former key is believed no longer').toEqual([next.vkey])
  await expect(site.bring(await site.bundle())).rejects.toMatchObject({ code: 'bundle_untrusted' })
})

test('a site that missed the change of the key follows a bundle that both keys signed', async () => {
  const site = await registered()
  await site.bring(await site.bundle())
  const next = makeSiteKey(site.origin)
  await site.bring(await site.bundle({ by: [site.key, next], keys: [site.vkey, next.vkey] }))
  const { row } = await site.bring(await site.bundle({ by: [next], keys: [next.vkey] }))
  expect(row.keys).toEqual([next.vkey])
})

test('of two bundles at once the newer one stays', async () => {
  const site = await registered()
  const bundles = [await site.bundle(), await site.bundle(), await site.bundle(), await site.bundle()]
  await Promise.allSettled(bundles.toReversed().map((bundle) => site.bring(bundle)))
  const kept = (await material()).map(({ bundle }) => bundle.toString('utf8'))
  expect(kept).toContain(bundles.at(-1))
})

test('a site is registered with keys in its own name, and nothing else', async () => {
  const site = makeOfflineSite('site-strict', { now: server.clock.now })
  const register = (more: object) =>
    server.change((change) =>
      registerOfflineSite(change, { name: site.name, origin: site.origin, keys: [site.vkey], ...more }),
    )
  const refused = (pointer: string) => ({
    code: 'request_invalid',
    options: { fields: expect.arrayContaining([expect.objectContaining({ pointer })]) },
  })
  await expect(register({ keys: [] })).rejects.toMatchObject(refused('/keys'))
  await expect(register({ keys: [makeSiteKey('https://evil.example').vkey] })).rejects.toMatchObject(refused('/keys/0'))
  await expect(register({ keys: ['nonsense'] })).rejects.toMatchObject(refused('/keys/0'))
  await expect(register({ keys: [site.vkey, site.vkey] })).rejects.toMatchObject(refused('/keys'))
  await expect(register({ maxAgeSeconds: 59 })).rejects.toMatchObject(refused('/max_age_seconds'))
  await expect(register({ origin: 'depot' })).rejects.toMatchObject(refused('/origin'))
  await register({})
  await expect(register({ name: 'site-again' })).rejects.toMatchObject({ code: 'name_taken' })
})

test('the database itself refuses to go back to an older bundle', async () => {
  const site = await registered()
  await site.bring(await site.bundle())
  const set = (change: object) =>
    server.proof.database.transaction(defaultTenantId, (tx) =>
      tx.query.updateTable('offline_site').set(change).where('name', '=', site.name).execute(),
    )
  await expect(set({ sequence: 1 })).rejects.toThrow(/older one/)
  const forgotten = { sequence: null, digest: null, made_at: null, imported_at: null }
  await expect(set(forgotten)).rejects.toThrow(/pinned anew/)
  await server.change((change) => changeOfflineSite(change, site.name, { keys: [makeSiteKey(site.origin).vkey] }))
})
