/** Certificates of a private authority, judged with the lists of revoked ones that another site really took along. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AttestationId,
  defaultTenantId,
  encodeCertificate,
  encodeCrl,
  encodeName,
  encodePem,
  oid,
} from '@mayfly/domain'
import { expect, test } from 'vitest'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../../../packages/server/src/adapters/x509/sign-certificate.ts'
import { changeOfflineSite } from '../../../packages/server/src/application/offline/change-site.ts'
import { crlsSection } from '../../../packages/server/src/application/offline/crls-section.ts'
import { importOfflineBundle } from '../../../packages/server/src/application/offline/import-bundle.ts'
import {
  describeBundleKeys,
  makeOfflineBundle,
  type OfflineBundleDeps,
} from '../../../packages/server/src/application/offline/make-bundle.ts'
import { registerOfflineSite } from '../../../packages/server/src/application/offline/register-site.ts'
import { acceptProof } from '../../../packages/server/src/application/proof/accept-proof.ts'
import { gatherCrls } from '../../../packages/server/src/application/proof/gather-crls.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { type ProofServer, putPoliciesInForce, registerWorkload, startProofServer } from '../proof/proof-server.ts'
import { makeAuthority, type TestAuthority } from '../spiffe/make-authority.ts'

const hour = 3600
const day = 24 * hour
const wholeSecond = (ms: number) => new Date(Math.floor(ms / 1000) * 1000)
const pem = (...ders: readonly Uint8Array[]) => ders.map((der) => encodePem('CERTIFICATE', der)).join('')
const signerOf = ({ privateKey, name, keyId }: TestAuthority) => ({ signer: x509SignerOfKey(privateKey), name, keyId })

interface Leaf {
  readonly der: Uint8Array
  readonly serialNumber: string
}

function makeLeaf(authority: TestAuthority, serialNumber = makeSerialNumber()): Leaf {
  const publicKey = publicKeyInfoOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
  const der = encodeCertificate(signerOf(authority), {
    serialNumber,
    subject: encodeName([{ type: 'CN', value: 'report' }]),
    notBefore: wholeSecond(Date.now() - 60_000),
    notAfter: wholeSecond(Date.now() + 30 * day * 1000),
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    basicConstraints: { isCa: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [oid.clientAuth],
    subjectAltName: { dns: ['report.shop.example'] },
  })
  return { der, serialNumber }
}

/** As of `at`, good for thirty days, so that only the limit of the site bounds it. */
function makeCrl(authority: TestAuthority, at: Date, ...revoked: readonly Leaf[]): Uint8Array {
  const thisUpdate = wholeSecond(at.getTime())
  return encodeCrl(signerOf(authority), {
    crlNumber: 1,
    thisUpdate,
    nextUpdate: new Date(thisUpdate.getTime() + 30 * day * 1000),
    revoked: revoked.map(({ serialNumber }) => ({ serialNumber, revokedAt: thisUpdate })),
  })
}

/** A depot that believes the authority's certificates, and the plant for what of them is revoked. */
async function sites(authority: TestAuthority, anchor: TestAuthority = authority) {
  const [plant, depot] = await Promise.all([startProofServer(), startProofServer()])
  let lists: readonly Uint8Array[] | undefined
  const deps: OfflineBundleDeps = {
    keys: plant.keys,
    clock: plant.clock,
    issuerOf: async () => plant.url,
    trustDomainOf: async () => 'example.org',
    sectionSources: [crlsSection(async () => [])],
  }
  const { origin, keys } = await plant.change(({ tx }) => describeBundleKeys(deps, tx))
  await depot.change((change) =>
    registerOfflineSite(change, { name: 'plant', origin, keys: keys.map(({ vkey }) => vkey), maxAgeSeconds: day }),
  )
  await depot.change((change) =>
    registerTrustProvider(change, {
      name: 'private-ca',
      kind: 'x509',
      settings: { authorities_pem: pem(anchor.der), crl: { from: 'offline_site', site: 'plant' } },
      freshForSeconds: 7 * day,
    }),
  )
  await registerWorkload(depot, { name: 'report', trustProvider: 'private-ca', subject: 'dns:report.shop.example' })
  return {
    plant,
    depot,
    /** What the plant takes along from now on; without any: what its own trust providers say. */
    takeAlong: (...crls: readonly Uint8Array[]) => {
      lists = crls
    },
    carry: async () => {
      // Each bundle is later than the one before.
      forward(plant, depot, 1)
      const crls = lists ?? (await gatherCrls(plant.proof, defaultTenantId))
      const file = await plant.change(({ tx }) => makeOfflineBundle(deps, tx, { crls }))
      await depot.change((change) => importOfflineBundle(change, 'plant', file))
    },
    show: ({ der }: Leaf, ...above: readonly Uint8Array[]) =>
      acceptProof(depot.proof, {
        form: 'certificate',
        chain: [der, ...above],
        tenantId: defaultTenantId,
        clientId: 'report',
        sourceAddress: undefined,
        requestId: 'test-request',
      }),
    attestation: (id: AttestationId) =>
      depot.change(({ tx }) =>
        tx.query.selectFrom('attestation').selectAll().where('attestation_id', '=', id).executeTakeFirstOrThrow(),
      ),
    async [Symbol.asyncDispose]() {
      await depot[Symbol.asyncDispose]()
      await plant[Symbol.asyncDispose]()
    },
  }
}

type Sites = Awaited<ReturnType<typeof sites>>

function forward(plant: ProofServer, depot: ProofServer, seconds: number): void {
  for (const server of [plant, depot]) server.clock.forward(seconds)
}

async function granted(at: Sites, leaf: Leaf, ...above: readonly Uint8Array[]) {
  const answer = await at.show(leaf, ...above)
  if (answer.outcome !== 'granted') throw new Error(JSON.stringify(answer))
  return at.attestation(answer.attestationId)
}

test('a revoked certificate is refused with the next bundle, and what it gave ends; another of the same authority goes on', async () => {
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  await using at = await sites(authority)
  const [bad, good] = [makeLeaf(authority), makeLeaf(authority)]
  await expect(at.show(good), 'nothing was imported yet').rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
  at.takeAlong(makeCrl(authority, at.plant.clock.now()))
  await at.carry()
  const [before, kept] = [await granted(at, bad), await granted(at, good)]
  at.takeAlong(makeCrl(authority, at.plant.clock.now(), bad))
  expect((await at.show(bad)).outcome, 'the bundle that is there cannot know').toBe('granted')
  await at.carry()
  expect(await at.show(bad)).toMatchObject({ outcome: 'rejected', reason: 'proof_revoked' })
  expect((await at.attestation(before.attestation_id)).state).toBe('revoked')
  expect((await at.show(good)).outcome, 'control').toBe('granted')
  expect((await at.attestation(kept.attestation_id)).state, 'control').toBe('fresh')
})

test('an authority in between that is revoked takes its certificates along, before and after', async () => {
  const root = makeAuthority({ commonName: 'Acme root' })
  const middleSerial = makeSerialNumber()
  const middle = makeAuthority({
    commonName: 'Acme building 7',
    above: root,
    change: (template) => ({ ...template, serialNumber: middleSerial }),
  })
  await using at = await sites(middle, root)
  const leaf = makeLeaf(middle)
  const now = at.plant.clock.now()
  at.takeAlong(makeCrl(middle, now), makeCrl(root, now))
  await at.carry()
  const before = await granted(at, leaf, middle.der)
  at.takeAlong(makeCrl(middle, now), makeCrl(root, now, { der: middle.der, serialNumber: middleSerial }))
  await at.carry()
  expect(await at.show(leaf, middle.der)).toMatchObject({ outcome: 'rejected', reason: 'proof_revoked' })
  expect((await at.attestation(before.attestation_id)).state).toBe('revoked')
})

test('the same number of another authority is another certificate', async () => {
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  const other = makeAuthority({ commonName: 'Acme doors' })
  await using at = await sites(authority)
  const leaf = makeLeaf(authority, '01')
  at.takeAlong(makeCrl(authority, at.plant.clock.now()))
  await at.carry()
  const before = await granted(at, leaf)
  at.takeAlong(makeCrl(authority, at.plant.clock.now()), makeCrl(other, at.plant.clock.now(), leaf))
  await at.carry()
  expect((await at.attestation(before.attestation_id)).state).toBe('fresh')
  expect((await at.show(leaf)).outcome).toBe('granted')
  at.takeAlong(makeCrl(authority, at.plant.clock.now(), leaf))
  await at.carry()
  expect((await at.attestation(before.attestation_id)).state, 'control: its own authority says so').toBe('revoked')
})

test('where a list is missing, forged, or can no longer be read, nothing is known, and the certificate is refused', async () => {
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  const stranger = makeAuthority({ commonName: 'Acme workloads' })
  await using at = await sites(authority)
  const leaf = makeLeaf(authority)
  const now = at.plant.clock.now()
  const wrong: Record<string, readonly Uint8Array[]> = {
    'of another authority only': [makeCrl(makeAuthority({ commonName: 'Acme doors' }), now)],
    'of another key of the same name': [makeCrl(stranger, now)],
    'no list at all': [Uint8Array.of(0x30, 0x00)],
    'not in force yet': [makeCrl(authority, new Date(now.getTime() + day * 1000))],
    'none carried': [],
  }
  for (const [name, crls] of Object.entries(wrong)) {
    at.takeAlong(...crls)
    await at.carry()
    await expect(at.show(leaf), name).rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
  }
  at.takeAlong(makeCrl(authority, now))
  await at.carry()
  expect((await at.show(leaf)).outcome, 'control').toBe('granted')
})

test('a proof is as old as the oldest list that it was judged with: the site bounds it, and policies see it', async () => {
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  await using at = await sites(authority)
  const leaf = makeLeaf(authority)
  const listed = wholeSecond(at.plant.clock.now().getTime() - 6 * hour * 1000)
  at.takeAlong(makeCrl(authority, listed))
  await at.carry()
  const row = await granted(at, leaf)
  expect(row.trust_made_at, 'not the moment at which it was carried').toEqual(listed)
  expect(row.fresh_until, 'the trust provider would let it count for a week').toEqual(
    new Date(listed.getTime() + day * 1000),
  )

  const young = (seconds: number) => `
    @id("young-lists") permit (principal is Identity, action == Action::"token.issue", resource is TrustProvider)
    when { context.attestation.kind == "x509" && context.attestation.trust_age_seconds < ${seconds} };
    @id("people") permit (principal is Person, action, resource);`
  await putPoliciesInForce(at.depot, young(7 * hour))
  expect((await at.show(leaf)).outcome).toBe('granted')
  forward(at.plant, at.depot, 2 * hour)
  expect((await at.show(leaf)).outcome, 'eight hours').toBe('denied')
  await at.carry()
  expect((await at.show(leaf)).outcome, 'the same old list in a new bundle is no younger').toBe('denied')
  at.takeAlong(makeCrl(authority, at.plant.clock.now()))
  await at.carry()
  expect((await at.show(leaf)).outcome, 'control: a new one is').toBe('granted')

  await at.depot.change((change) => changeOfflineSite(change, 'plant', { maxAgeSeconds: 2 * hour }))
  expect((await at.show(leaf)).outcome, 'control: young enough for the lower limit').toBe('granted')
  at.takeAlong(makeCrl(authority, listed))
  await at.carry()
  await expect(at.show(leaf), 'older than the site allows').rejects.toMatchObject({ code: 'trust_bundle_unavailable' })
  at.takeAlong(makeCrl(authority, new Date(at.plant.clock.now().getTime() - hour * 1000)))
  await at.carry()
  expect((await at.show(leaf)).outcome, 'control: an hour').toBe('granted')
  forward(at.plant, at.depot, 1.5 * hour)
  await expect(at.show(leaf), 'the bundle is young, the list is not').rejects.toMatchObject({
    code: 'trust_bundle_unavailable',
  })
})

test('the plant takes along what its trust providers say: lists that it was given and lists that it fetches, and no others', async () => {
  const [given, fetched, left] = ['given', 'fetched', 'left'].map((name) =>
    makeAuthority({ commonName: `Acme ${name}` }),
  )
  if (given === undefined || fetched === undefined || left === undefined) throw new Error('made three')
  await using at = await sites(fetched)
  const { plant, depot } = at
  let asked = 0
  let status = 200
  const leaf = makeLeaf(fetched)
  const crl = makeCrl(fetched, plant.clock.now(), leaf)
  const host = createServer((_request, response) => {
    asked += 1
    response.writeHead(status).end(crl)
  })
  await new Promise<void>((listening) => host.listen(0, '127.0.0.1', listening))
  try {
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/acme.crl`
    const listOf = (authority: TestAuthority) => ({
      from: 'static',
      crls: [encodePem('X509 CRL', makeCrl(authority, plant.clock.now()))],
    })
    for (const [name, authority, list] of [
      ['given', given, { ...listOf(given), carry: true }],
      ['fetched', fetched, { from: 'url', urls: [url], carry: true }],
      ['left', left, listOf(left)],
    ] as const) {
      await plant.change((change) =>
        registerTrustProvider(change, {
          name,
          kind: 'x509',
          settings: { authorities_pem: pem(authority.der), crl: list },
        }),
      )
    }
    expect(await gatherCrls(plant.proof, defaultTenantId)).toHaveLength(2)
    await at.carry()
    expect(asked, 'asked as seldom as for proofs').toBe(1)
    expect(await at.show(leaf)).toMatchObject({ outcome: 'rejected', reason: 'proof_revoked' })
    expect((await at.show(makeLeaf(fetched))).outcome, 'control').toBe('granted')
    const believes = async (name: string, authority: TestAuthority) => {
      await depot.change((change) =>
        registerTrustProvider(change, {
          name,
          kind: 'x509',
          settings: { authorities_pem: pem(authority.der), crl: { from: 'offline_site', site: 'plant' } },
        }),
      )
      await depot.change(({ tx }) =>
        tx.query.updateTable('binding').set({ state: 'retired' }).where('state', '=', 'active').execute(),
      )
      await registerWorkload(depot, { name, trustProvider: name, subject: 'dns:report.shop.example' })
      const show = acceptProof(depot.proof, {
        form: 'certificate',
        chain: [makeLeaf(authority).der],
        tenantId: defaultTenantId,
        clientId: name,
        sourceAddress: undefined,
        requestId: 'test-request',
      })
      return show
    }
    expect((await believes('given', given)).outcome).toBe('granted')
    await expect(believes('left', left), 'was not taken along').rejects.toMatchObject({
      code: 'trust_bundle_unavailable',
    })
    status = 500
    forward(plant, depot, 600)
    await at.carry()
    expect(asked).toBe(2)
    expect((await at.show(leaf)).outcome, 'the last list that was had').toBe('rejected')
  } finally {
    host.closeAllConnections()
    await new Promise((closed) => host.close(closed))
  }
})
