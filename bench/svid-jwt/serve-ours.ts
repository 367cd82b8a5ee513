/** The server as it is, in a process of its own: HTTP, authentication, the permit, the grouped commit, the signature. */
import { generateKeyPairSync } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { defaultTenantId, systemClock } from '@mayfly/domain'
import { makeClientAssertion } from '@mayfly/client'
import { Secret } from '@mayfly/provider-kit'
import { createPolicyEngine } from '../../packages/server/src/adapters/cedar/policy-engine.ts'
import { createKeyRing } from '../../packages/server/src/adapters/keys/key-ring.ts'
import { parseKeyEncryptionKey } from '../../packages/server/src/adapters/keys/key-encryption-key.ts'
import type { AuthorityDeps } from '../../packages/server/src/application/decision/authority-deps.ts'
import { ensureDefaultPolicy } from '../../packages/server/src/application/decision/ensure-default-policy.ts'
import { withAuthority } from '../../packages/server/src/application/decision/with-authority.ts'
import { acceptProof } from '../../packages/server/src/application/proof/accept-proof.ts'
import { authenticateSender } from '../../packages/server/src/application/proof/authenticate-sender.ts'
import { ensureKeys } from '../../packages/server/src/application/proof/ensure-keys.ts'
import { openProof } from '../../packages/server/src/application/proof/proof-deps.ts'
import { registerBinding } from '../../packages/server/src/application/registry/register-binding.ts'
import { registerIdentity } from '../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../packages/server/src/application/registry/register-person.ts'
import { registerTrustProvider } from '../../packages/server/src/application/registry/register-trust-provider.ts'
import { ensureAuthorities } from '../../packages/server/src/application/spiffe/ensure-authorities.ts'
import { openSpiffe } from '../../packages/server/src/application/spiffe/spiffe-deps.ts'
import { createTenantLogs } from '../../packages/server/src/composition/tenant-logs.ts'
import { openDatabase } from '../../packages/server/src/store/database.ts'
import { ensureTenant } from '../../packages/server/src/store/tenant-rows.ts'
import { bindRoutes, buildHttp } from '../../packages/server/src/surfaces/http/app.ts'
import type { HttpDeps } from '../../packages/server/src/surfaces/http/http-deps.ts'
import { svidRoutes } from '../../packages/server/src/surfaces/http/svids.ts'

const workloads = 50
const [url = '', kek = ''] = process.argv.slice(2)
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error }
const database = openDatabase({ url, poolSize: 8 })
const core = { database, clock: systemClock, logger }
const keys = createKeyRing({ keks: { current: parseKeyEncryptionKey(new Secret(kek), 'kek') }, clock: systemClock })
const authority: AuthorityDeps = {
  ...core,
  policies: createPolicyEngine(),
  offeredBindings: () => [],
  takesHolderKeys: () => false,
}
let publicUrl = ''
const proof = openProof(authority, { keys, publicUrl: () => publicUrl })
const spiffe = openSpiffe(authority, { keys, tenants: proof.tenants, trustDomain: 'bench.example' })

await database.outsideTenants((query) =>
  ensureTenant(query, { tenant_id: defaultTenantId, name: 'default', created_at: new Date() }),
)
await ensureKeys({ ...core, keys }, defaultTenantId)
await ensureAuthorities(spiffe, defaultTenantId)
const holders = Array.from({ length: workloads }, (_, at) => ({
  name: `service-${at}`,
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
}))
await database.transaction(defaultTenantId, async (tx) => {
  const now = new Date()
  await ensureDefaultPolicy(tx, now)
  const change = { tx, actor: { kind: 'system', worker: 'bench' } as const, now, requestId: 'bench-request' }
  const registry = {
    ...core,
    keys,
    providers: new Map(),
    trustDomain: 'bench.example',
    maxIdentityLifetimeSeconds: 1e8,
  }
  await registerPerson(change, { name: 'Ada Lovelace', email: 'ada@bench.example', roles: [] })
  await registerOwner(change, { name: 'bench-team', contact: '#bench', primary: 'ada@bench.example' })
  await registerTrustProvider(change, { name: 'keys', kind: 'bound_key', settings: {}, freshForSeconds: 86_400 })
  for (const { name, publicKey } of holders) {
    await registerIdentity(registry, change, {
      name,
      kind: 'service',
      owner: 'bench-team',
      purpose: 'asks for SVIDs as fast as it can',
      environment: 'development',
      expiresAt: new Date(now.getTime() + 86_400_000),
    })
    await registerBinding(change, {
      trustProvider: 'keys',
      identity: name,
      publicJwk: publicKey.export({ format: 'jwk' }),
    })
  }
})
// As the database does by itself within its first minutes.
await database.withClient((client) => client.query('analyze'))

const logs = createTenantLogs(keys, 'bench', database)
const http: HttpDeps = {
  ...core,
  authenticate: (sent) => authenticateSender(proof, sent),
  gate: (ctx, request, work) => withAuthority(authority, ctx, request, work),
  promiseSigner: (tx) => logs.promiseSigner(tx),
  promiseSignerOf: (tenantId) => logs.promiseSignerOf(tenantId),
  assertMayMint: () => undefined,
}
const limits = { perSecond: 1e6, burst: 1e6 }
const options = { trustedProxies: [], callerLimit: limits, refusalLimit: limits }
const app = await buildHttp(http, [bindRoutes(spiffe, svidRoutes)], options)
await app.listen({ host: '127.0.0.1', port: 0 })
publicUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
const tokens: string[] = []
for (const { name, privateKey } of holders) {
  const assertion = makeClientAssertion({ baseUrl: publicUrl, clientId: name, privateKey }, new Date())
  const answer = await acceptProof(proof, {
    tenantId: defaultTenantId,
    form: 'client_assertion',
    token: new Secret(assertion),
    clientId: name,
    sourceAddress: '127.0.0.1',
    requestId: 'bench-request',
  })
  if (answer.outcome !== 'granted') throw new Error(`no token for ${name}: ${answer.outcome}`)
  tokens.push(answer.accessToken.reveal())
}
process.send?.({ url: `${publicUrl}/v1/svids/jwt`, tokens })
process.once('disconnect', () => process.exit(0))
