/** SVIDs of another site, judged with the bundle and the CRLs that it really exports. */
import { type AttestationId, defaultTenantId, type JsonObject } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RequestContext } from '../../../packages/server/src/application/context.ts'
import { crlsSection } from '../../../packages/server/src/application/offline/crls-section.ts'
import { importOfflineBundle } from '../../../packages/server/src/application/offline/import-bundle.ts'
import {
  describeBundleKeys,
  makeOfflineBundle,
  type OfflineBundleDeps,
} from '../../../packages/server/src/application/offline/make-bundle.ts'
import { registerOfflineSite } from '../../../packages/server/src/application/offline/register-site.ts'
import { trustBundlesSection } from '../../../packages/server/src/application/offline/trust-bundles-section.ts'
import { acceptProof, type ShownProof } from '../../../packages/server/src/application/proof/accept-proof.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { carriedCrls, carriedTrustBundles } from '../../../packages/server/src/application/spiffe/carried-trust.ts'
import { rotateSigningKey } from '../../../packages/server/src/application/proof/rotate-signing-key.ts'
import { type ProofServer, registerWorkload, startProofServer } from '../proof/proof-server.ts'
import { type SpiffeFixture, startSpiffe, type Workload } from '../spiffe/spiffe-fixture.ts'

const day = 86_400

let plant: SpiffeFixture
let depot: ProofServer
let orders: Workload
let ctx: RequestContext

beforeEach(async () => {
  plant = await startSpiffe()
  depot = await startProofServer()
  orders = await plant.workload('orders')
  ctx = await orders.prove()
  const { origin, keys } = await plant.inTenant((tx) => describeBundleKeys(bundleDeps(), tx))
  await depot.change((change) =>
    registerOfflineSite(change, { name: 'plant', origin, keys: keys.map(({ vkey }) => vkey), maxAgeSeconds: day }),
  )
  await depot.change((change) =>
    registerTrustProvider(change, {
      name: 'plant-svids',
      kind: 'spiffe',
      settings: {
        trust_domain: 'example.org',
        bundle: { from: 'offline_site', site: 'plant' },
        audiences: ['orders'],
      },
      freshForSeconds: 7 * day,
    }),
  )
  await registerWorkload(depot, { name: 'orders', trustProvider: 'plant-svids', subject: spiffeId })
})
afterEach(async () => {
  await depot[Symbol.asyncDispose]()
  await plant[Symbol.asyncDispose]()
})

const spiffeId = 'spiffe://example.org/development/service/orders'

function bundleDeps(sources?: OfflineBundleDeps['sectionSources']): OfflineBundleDeps {
  const { server, spiffe } = plant
  return {
    keys: server.keys,
    clock: server.clock,
    issuerOf: async () => server.url,
    trustDomainOf: async () => 'example.org',
    sectionSources: sources ?? [
      trustBundlesSection(carriedTrustBundles),
      crlsSection((tx, now) => carriedCrls(spiffe, tx, now)),
    ],
  }
}

async function carry(sources?: OfflineBundleDeps['sectionSources']): Promise<void> {
  const file = await plant.inTenant((tx) => makeOfflineBundle(bundleDeps(sources), tx))
  await depot.change((change) => importOfflineBundle(change, 'plant', file))
}

function show(proof: ShownProof) {
  return acceptProof(depot.proof, {
    ...proof,
    tenantId: defaultTenantId,
    clientId: 'orders',
    sourceAddress: undefined,
    requestId: 'test-request',
  })
}

const showCertificate = (chain: readonly Uint8Array[]) => show({ form: 'certificate', chain })
const showJwt = (token: Secret) => show({ form: 'assertion', token })

async function attestation(id: AttestationId) {
  return depot.proof.database.transaction(defaultTenantId, (tx) =>
    tx.query.selectFrom('attestation').selectAll().where('attestation_id', '=', id).executeTakeFirstOrThrow(),
  )
}

async function revoke(selector: { kind: 'svid'; id: string }): Promise<void> {
  await plant.inTenant((tx) =>
    requestRevocation(tx, {
      selector,
      cause: 'requested_by_operator',
      requestedBy: { kind: 'system', id: 'test' },
      now: plant.server.clock.now(),
    }),
  )
}

async function svidIdOf(serialNumber: string): Promise<string> {
  return plant.inTenant(async (tx) => {
    const rows = await tx.query.selectFrom('svid').select(['svid_id', 'serial_number']).execute()
    const found = rows.find((row) => row.serial_number === serialNumber)
    if (found === undefined) throw new Error('no such SVID')
    return found.svid_id
  })
}

test('an X509-SVID and a JWT-SVID of the other site are accepted once its bundle is there, and bounded by its age', async () => {
  const [x509, jwt] = [await plant.x509(ctx), await plant.jwt(ctx)]
  await expect(showCertificate(x509.certificates)).rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
  await expect(showJwt(jwt.token)).rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
  await carry()
  for (const proven of [await showCertificate(x509.certificates), await showJwt(jwt.token)]) {
    if (proven.outcome !== 'granted') throw new Error(JSON.stringify(proven))
    const row = await attestation(proven.attestationId)
    expect(row.trust_made_at).not.toBeNull()
    expect(row.fresh_until.getTime()).toBeLessThanOrEqual((row.trust_made_at?.getTime() ?? 0) + day * 1000)
  }
})

test('a revoked serial number is refused with the next bundle, and what it gave ends; another keeps its own', async () => {
  const [bad, good] = [await plant.x509(ctx), await plant.x509(ctx)]
  await carry()
  const [before, kept] = [await showCertificate(bad.certificates), await showCertificate(good.certificates)]
  if (before.outcome !== 'granted' || kept.outcome !== 'granted') throw new Error('not accepted at first')
  await revoke({ kind: 'svid', id: await svidIdOf(bad.serialNumber) })
  expect((await showCertificate(bad.certificates)).outcome, 'the bundle that is there cannot know').toBe('granted')
  await carry()
  expect(await showCertificate(bad.certificates)).toMatchObject({ outcome: 'rejected', reason: 'proof_revoked' })
  expect((await attestation(before.attestationId)).state).not.toBe('fresh')
  expect((await showCertificate(good.certificates)).outcome, 'control').toBe('granted')
})

test('where CRLs are carried, a certificate without one of its issuer is refused; where none are, none is asked', async () => {
  const x509 = await plant.x509(ctx)
  await carry([trustBundlesSection(carriedTrustBundles)])
  expect((await showCertificate(x509.certificates)).outcome).toBe('granted')
  plant.server.clock.forward(1)
  depot.clock.forward(1)
  await carry([trustBundlesSection(carriedTrustBundles), crlsSection(async () => [Uint8Array.of(0x30, 0x00)])])
  await expect(showCertificate(x509.certificates)).rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
})

test('a CRL counts as long as the site is believed, not only until the next one was due', async () => {
  await carry()
  for (const server of [plant.server, depot]) server.clock.forward(12 * 3600)
  const later = await plant.x509(await orders.prove(), { ttlSeconds: 3600 })
  expect((await showCertificate(later.certificates)).outcome).toBe('granted')
  for (const server of [plant.server, depot]) server.clock.forward(12 * 3600)
  const tooLate = await plant.x509(await orders.prove())
  await expect(showCertificate(tooLate.certificates)).rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
})

test('a key for JWT-SVIDs that the other site gave up is believed no longer once its next bundle is there', async () => {
  const jwt = await plant.jwt(ctx)
  await carry()
  await plant.inTenant((tx) =>
    rotateSigningKey(plant.spiffe, tx, {
      purpose: 'jwt_svid',
      now: plant.server.clock.now(),
      actor: { kind: 'system', worker: 'test' },
      requestId: 'test-request',
      compromised: true,
    }),
  )
  plant.server.clock.forward(1)
  depot.clock.forward(1)
  await carry()
  expect(await showJwt(jwt.token)).toMatchObject({ outcome: 'rejected', reason: 'key_unknown' })
})

test('a bundle of another trust domain is not taken for that of the SVID', async () => {
  const jwt = await plant.jwt(ctx)
  const { document } = await plant.bundle()
  const bundle = { keys: [...document.keys] } satisfies JsonObject
  await carry([trustBundlesSection(async () => [{ trustDomain: 'example.com', bundle }])])
  await expect(showJwt(jwt.token)).rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
})
