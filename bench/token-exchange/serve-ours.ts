/** The server as it is, in a process of its own: HTTP, OAuth surface, proof, decisions, the durable row, the signature. */
import type { AddressInfo } from 'node:net'
import { defaultTenantId, newId, type PolicyVersionId, systemClock } from '@mayfly/domain'
import { jwtProvider } from '@mayfly/provider-jwt'
import { Secret } from '@mayfly/provider-kit'
import { createPolicyEngine } from '../../packages/server/src/adapters/cedar/policy-engine.ts'
import { createKeyRing } from '../../packages/server/src/adapters/keys/key-ring.ts'
import { parseKeyEncryptionKey } from '../../packages/server/src/adapters/keys/key-encryption-key.ts'
import { createTargets, type Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { sequenceLog } from '../../packages/server/src/application/audit/sequence-log.ts'
import { defaultIssueLimits, type IssueDeps } from '../../packages/server/src/application/credential/issue-deps.ts'
import type { AuthorityDeps } from '../../packages/server/src/application/decision/authority-deps.ts'
import { policyDigest } from '../../packages/server/src/application/decision/policy-digest.ts'
import { withAuthority } from '../../packages/server/src/application/decision/with-authority.ts'
import { authenticateSender } from '../../packages/server/src/application/proof/authenticate-sender.ts'
import { ensureKeys } from '../../packages/server/src/application/proof/ensure-keys.ts'
import { openProof } from '../../packages/server/src/application/proof/proof-deps.ts'
import { getIssuer } from '../../packages/server/src/application/proof/tenant-directory.ts'
import { registerBinding } from '../../packages/server/src/application/registry/register-binding.ts'
import { registerIdentity } from '../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../packages/server/src/application/registry/register-person.ts'
import { registerResource } from '../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../packages/server/src/application/registry/register-role.ts'
import { registerTrustProvider } from '../../packages/server/src/application/registry/register-trust-provider.ts'
import { openStatusPlaces } from '../../packages/server/src/application/revocation/status-places.ts'
import { createTenantLogs } from '../../packages/server/src/composition/tenant-logs.ts'
import { openDatabase, type Tx } from '../../packages/server/src/store/database.ts'
import {
  findActivePolicyVersion,
  insertPolicyVersion,
  markPolicyVersionActive,
} from '../../packages/server/src/store/policy-rows.ts'
import { ensureTenant } from '../../packages/server/src/store/tenant-rows.ts'
import type { HttpDeps } from '../../packages/server/src/surfaces/http/http-deps.ts'
import { buildHttp } from '../../packages/server/src/surfaces/http/app.ts'
import { oauthPlugin } from '../../packages/server/src/surfaces/oauth/oauth-plugin.ts'
import { audience, callerOf, callers, policyText, serviceOf, services } from './workload.ts'
import { audience as proofAudience, issuer } from '../issue-token/workload.ts'

/** @param first `yes`: fills the store. @param publicUrl of the first server, which the second speaks for too */
const [url = '', kek = '', publicJwk = '{}', first = 'yes', sharedUrl = ''] = process.argv.slice(2)
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error }
const database = openDatabase({ url, poolSize: 16 })
const core = { database, clock: systemClock, logger }
const keys = createKeyRing({ keks: { current: parseKeyEncryptionKey(new Secret(kek), 'kek') }, clock: systemClock })
const providers: ReadonlyMap<string, Provider> = new Map([['jwt', jwtProvider as unknown as Provider]])
const actor = { kind: 'system', worker: 'bench' } as const

await database.outsideTenants((query) =>
  ensureTenant(query, { tenant_id: defaultTenantId, name: 'default', created_at: new Date() }),
)
await ensureKeys({ ...core, keys }, defaultTenantId)
if (first === 'yes') await database.transaction(defaultTenantId, fill)
// As the database does by itself within its first minutes.
await database.withClient((client) => client.query('analyze'))

async function fill(tx: Tx): Promise<void> {
  const now = new Date()
  if ((await findActivePolicyVersion(tx)) !== undefined) return
  const change = { tx, actor, now, requestId: 'bench-request' }
  const registry = { ...core, keys, providers, trustDomain: 'bench.example', maxIdentityLifetimeSeconds: 1e8 }
  const policyVersionId = newId<PolicyVersionId>()
  const created = { note: 'bench', createdBy: { kind: 'system', id: 'bench' }, createdAt: now }
  await insertPolicyVersion(tx, { policyVersionId, text: policyText, digest: policyDigest(policyText), ...created })
  await markPolicyVersionActive(tx, policyVersionId, created.createdBy, now)
  await registerPerson(change, { name: 'Ada Lovelace', email: 'ada@bench.example', roles: [] })
  await registerOwner(change, { name: 'bench-team', contact: '#bench', primary: 'ada@bench.example' })
  await registerTrustProvider(change, {
    name: 'builds',
    kind: 'oidc',
    settings: { issuer, audiences: [proofAudience], keys: { from: 'static', keys: [JSON.parse(publicJwk)] } },
  })
  await registerResource(registry, change, {
    name: 'stock-api',
    provider: 'jwt',
    environment: 'development',
    reach: 'data',
    dataClass: 'internal',
    exposure: 'internal',
    delivery: 'direct',
    owner: 'bench-team',
    settings: { audience: [audience] },
    secret: {},
  })
  const role = { resource: 'stock-api', name: 'reader', permission: { scopes: ['stock:read'] } }
  await registerRole(registry, change, { ...role, maxLivePerIdentity: 100_000 })
  const who = [
    ...Array.from({ length: services }, (_, at) => ({ name: `service-${at}`, subject: serviceOf(at) })),
    ...Array.from({ length: callers }, (_, at) => ({ name: `caller-${at}`, subject: callerOf(at) })),
  ]
  for (const { name, subject } of who) {
    await registerIdentity(registry, change, {
      name,
      kind: 'service',
      owner: 'bench-team',
      purpose: 'exchanges tokens as fast as it can',
      environment: 'development',
      expiresAt: new Date(now.getTime() + 86_400_000),
    })
    await registerBinding(change, { trustProvider: 'builds', identity: name, subject })
  }
}

const authority: AuthorityDeps = {
  ...core,
  policies: createPolicyEngine(),
  offeredBindings: (kind) => providers.get(kind)?.guarantees.bindings ?? [],
  takesHolderKeys: () => false,
}
let publicUrl = sharedUrl
const proof = openProof(authority, { keys, publicUrl: () => publicUrl })
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
  issueLimits: { ...defaultIssueLimits, tokensPerMinute: 1e6 },
  statusPlaces: openStatusPlaces(core),
  issuerOf: (tenantId) => getIssuer(proof.tenants, tenantId),
}
const http: HttpDeps = {
  ...core,
  authenticate: (sent) => authenticateSender(proof, sent),
  gate: (ctx, request, work) => withAuthority(authority, ctx, request, work),
  promiseSigner: () => Promise.reject(new Error('nothing but tokens is asked for here')),
  assertMayMint: () => undefined,
}
const limits = { perSecond: 1e6, burst: 1e6 }
const options = { trustedProxies: [], callerLimit: limits, refusalLimit: limits }
const app = await buildHttp(http, [], options, [
  oauthPlugin({ ...proof, gate: (ctx, request, work) => http.gate(ctx, request, work), issue }),
])
await app.listen({ host: '127.0.0.1', port: 0 })
const own = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
if (publicUrl === '') publicUrl = own

// The log keeps up, as it does in the server, or nothing more would be issued.
const logs = createTenantLogs(keys, 'bench', database)
const remembered = new Map()
const stopped = new AbortController()
const sequencing = setInterval(() => {
  database
    .transaction(defaultTenantId, (tx) => logs.open(tx))
    .then((log) => sequenceLog({ database, clock: systemClock, remembered }, log, stopped.signal))
    .catch(console.error)
}, 1_000)

process.send?.({ url: own })
process.once('disconnect', () => {
  clearInterval(sequencing)
  process.exit(0)
})
