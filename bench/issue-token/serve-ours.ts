/** The server as it is, in a process of its own: HTTP, OAuth surface, proof, decision, grouped commit. */
import type { AddressInfo } from 'node:net'
import { defaultTenantId, newId, type PolicyVersionId, systemClock } from '@mayfly/domain'
import { jwtProvider } from '@mayfly/provider-jwt'
import { Secret } from '@mayfly/provider-kit'
import { createPolicyEngine } from '../../packages/server/src/adapters/cedar/policy-engine.ts'
import { createKeyRing } from '../../packages/server/src/adapters/keys/key-ring.ts'
import { parseKeyEncryptionKey } from '../../packages/server/src/adapters/keys/key-encryption-key.ts'
import { createTargets, type Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { defaultIssueLimits, type IssueDeps } from '../../packages/server/src/application/credential/issue-deps.ts'
import { getIssuer } from '../../packages/server/src/application/proof/tenant-directory.ts'
import { openStatusPlaces } from '../../packages/server/src/application/revocation/status-places.ts'
import type { AuthorityDeps } from '../../packages/server/src/application/decision/authority-deps.ts'
import { policyDigest } from '../../packages/server/src/application/decision/policy-digest.ts'
import { authenticateSender, type SentToken } from '../../packages/server/src/application/proof/authenticate-sender.ts'
import { ensureKeys } from '../../packages/server/src/application/proof/ensure-keys.ts'
import { openProof } from '../../packages/server/src/application/proof/proof-deps.ts'
import { registerBinding } from '../../packages/server/src/application/registry/register-binding.ts'
import { registerIdentity } from '../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../packages/server/src/application/registry/register-person.ts'
import { registerTrustProvider } from '../../packages/server/src/application/registry/register-trust-provider.ts'
import { openDatabase } from '../../packages/server/src/store/database.ts'
import { insertPolicyVersion, markPolicyVersionActive } from '../../packages/server/src/store/policy-rows.ts'
import { ensureTenant } from '../../packages/server/src/store/tenant-rows.ts'
import { buildHttp } from '../../packages/server/src/surfaces/http/app.ts'
import { oauthPlugin } from '../../packages/server/src/surfaces/oauth/oauth-plugin.ts'
import { audience, issuer, policyText, subjectOf, workloads } from './workload.ts'

const [url = '', kek = '', publicJwk = '{}'] = process.argv.slice(2)
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error }
const database = openDatabase({ url, poolSize: 8 })
const core = { database, clock: systemClock, logger }
const keys = createKeyRing({ keks: { current: parseKeyEncryptionKey(new Secret(kek), 'kek') }, clock: systemClock })
const actor = { kind: 'system', worker: 'bench' } as const

await database.outsideTenants((query) =>
  ensureTenant(query, { tenant_id: defaultTenantId, name: 'default', created_at: new Date() }),
)
await ensureKeys({ ...core, keys }, defaultTenantId)
await database.transaction(defaultTenantId, async (tx) => {
  const now = new Date()
  const change = { tx, actor, now, requestId: 'bench-request' }
  const registry = {
    ...core,
    keys,
    providers: new Map(),
    trustDomain: 'bench.example',
    maxIdentityLifetimeSeconds: 1e8,
  }
  const policyVersionId = newId<PolicyVersionId>()
  const created = { note: 'bench', createdBy: { kind: 'system', id: 'bench' }, createdAt: now }
  await insertPolicyVersion(tx, { policyVersionId, text: policyText, digest: policyDigest(policyText), ...created })
  await markPolicyVersionActive(tx, policyVersionId, created.createdBy, now)
  await registerPerson(change, { name: 'Ada Lovelace', email: 'ada@bench.example', roles: [] })
  await registerOwner(change, { name: 'bench-team', contact: '#bench', primary: 'ada@bench.example' })
  await registerTrustProvider(change, {
    name: 'builds',
    kind: 'oidc',
    settings: { issuer, audiences: [audience], keys: { from: 'static', keys: [JSON.parse(publicJwk)] } },
  })
  for (let workload = 0; workload < workloads; workload += 1) {
    const name = `service-${workload}`
    await registerIdentity(registry, change, {
      name,
      kind: 'service',
      owner: 'bench-team',
      purpose: 'asks for tokens as fast as it can',
      environment: 'development',
      expiresAt: new Date(now.getTime() + 86_400_000),
    })
    await registerBinding(change, { trustProvider: 'builds', identity: name, subject: subjectOf(workload) })
  }
})

// As the database does by itself within its first minutes.
await database.withClient((client) => client.query('analyze'))

const providers = new Map([['jwt', jwtProvider as unknown as Provider]])
const authority: AuthorityDeps = {
  ...core,
  policies: createPolicyEngine(),
  offeredBindings: (kind) => providers.get(kind)?.guarantees.bindings ?? [],
  takesHolderKeys: () => false,
}
let publicUrl = ''
const proof = openProof(authority, { keys, publicUrl: () => publicUrl })
const http = {
  ...core,
  authenticate: (sent: SentToken) => authenticateSender(proof, sent),
  gate: () => Promise.reject(new Error('nothing but tokens is asked for here')),
  promiseSigner: () => Promise.reject(new Error('nothing but tokens is asked for here')),
  assertMayMint: () => undefined,
}
const issue: IssueDeps = {
  ...authority,
  keys,
  targets: createTargets({
    providers,
    keys,
    database,
    clock: core.clock,
    issuerOf: (tenantId) => getIssuer(proof.tenants, tenantId),
    onCloseError: console.error,
  }),
  issueLimits: { ...defaultIssueLimits, tokensPerMinute: 1e9 },
  statusPlaces: openStatusPlaces(core),
  issuerOf: (tenantId) => getIssuer(proof.tenants, tenantId),
}
const limits = { perSecond: 1e6, burst: 1e6 }
const options = { trustedProxies: [], callerLimit: limits, refusalLimit: limits }
const app = await buildHttp(http, [], options, [oauthPlugin({ ...proof, gate: http.gate, issue })])
await app.listen({ host: '127.0.0.1', port: 0 })
publicUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
process.send?.({ url: `${publicUrl}/oauth/token` })
process.once('disconnect', () => process.exit(0))
