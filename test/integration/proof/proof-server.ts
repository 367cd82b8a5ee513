/** A server with keys, policies, the OAuth surface and a registry that a test fills; on a database of its own. */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { defaultTenantId, newId, type PolicyVersionId, type TenantId } from '@mayfly/domain'
import { jwtProvider } from '@mayfly/provider-jwt'
import { Secret } from '@mayfly/provider-kit'
import type { FastifyInstance } from 'fastify'
import { checkInstallation } from '../../../packages/server/src/adapters/keys/check-installation.ts'
import { createKeyRing, type KeyRing } from '../../../packages/server/src/adapters/keys/key-ring.ts'
import { parseKeyEncryptionKey } from '../../../packages/server/src/adapters/keys/key-encryption-key.ts'
import { createTargets, type Provider } from '../../../packages/server/src/adapters/targets/targets.ts'
import {
  defaultIssueLimits,
  type IssueDeps,
  type IssueLimits,
} from '../../../packages/server/src/application/credential/issue-deps.ts'
import { getIssuer } from '../../../packages/server/src/application/proof/tenant-directory.ts'
import { openStatusPlaces } from '../../../packages/server/src/application/revocation/status-places.ts'
import type { AuthorityDeps } from '../../../packages/server/src/application/decision/authority-deps.ts'
import { ensureDefaultPolicy } from '../../../packages/server/src/application/decision/ensure-default-policy.ts'
import { policyDigest } from '../../../packages/server/src/application/decision/policy-digest.ts'
import { withAuthority } from '../../../packages/server/src/application/decision/with-authority.ts'
import { authenticateSender } from '../../../packages/server/src/application/proof/authenticate-sender.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { openProof, type ProofDeps } from '../../../packages/server/src/application/proof/proof-deps.ts'
import type { Change } from '../../../packages/server/src/application/registry/change.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerIdentity } from '../../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import type { RegistryDeps } from '../../../packages/server/src/application/registry/registry-deps.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { openDatabase } from '../../../packages/server/src/store/database.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import type { ClusterReviewer } from '../../../packages/server/src/adapters/trust-providers/trust-provider.ts'
import { createWakeFeed } from '../../../packages/server/src/application/wake-feed.ts'
import { hostChannel } from '../../../packages/server/src/store/host-event-rows.ts'
import { type BoundRoutes, bindRoutes, buildHttp } from '../../../packages/server/src/surfaces/http/app.ts'
import { attestationRoutes } from '../../../packages/server/src/surfaces/http/attestations.ts'
import { hostRoutes } from '../../../packages/server/src/surfaces/http/host.ts'
import { joinRoutes } from '../../../packages/server/src/surfaces/http/join.ts'
import type { HttpDeps, HttpOptions } from '../../../packages/server/src/surfaces/http/http-deps.ts'
import { oauthPlugin } from '../../../packages/server/src/surfaces/oauth/oauth-plugin.ts'
import { createTestDatabase, type TestDatabase } from '../../support/index.ts'
import { sharedPolicyEngine } from '../../support/shared-policy-engine.ts'

export interface MovableClock {
  readonly now: () => Date
  readonly forward: (seconds: number) => void
}

/** Starts at the true time, so that tokens made elsewhere fit, and moves on only when told. */
export function movableClock(): MovableClock {
  let offsetMs = 0
  return {
    now: () => new Date(Date.now() + offsetMs),
    forward(seconds) {
      offsetMs += seconds * 1000
    },
  }
}

export const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

export interface ProofServer extends AsyncDisposable {
  readonly url: string
  /** The same over mutual TLS; empty where it was not asked for. */
  readonly mutualTlsUrl: string
  readonly store: TestDatabase
  readonly clock: MovableClock
  readonly proof: ProofDeps
  readonly keys: KeyRing
  readonly app: FastifyInstance
  readonly issue: IssueDeps
  readonly registry: RegistryDeps
  /** Runs a change of the registry as the system. */
  change<T>(work: (change: Change) => Promise<T>): Promise<T>
  changeOf<T>(tenantId: TenantId, work: (change: Change) => Promise<T>): Promise<T>
  /** All entries so far, as JSON, oldest first. */
  entries(): Promise<readonly { action: string; [member: string]: unknown }[]>
}

export interface ProofServerOptions {
  readonly store?: TestDatabase
  readonly clock?: MovableClock
  readonly kek?: Secret
  readonly limits?: Partial<IssueLimits>
  readonly statusListSize?: number
  readonly routes?: (deps: AuthorityDeps & ProofDeps) => readonly BoundRoutes[]
  readonly clusterReviewer?: ClusterReviewer
  /** Serves the routes of joining and of host agents. */
  readonly proving?: boolean
  /** Certificate and key of a second listener, which asks its clients for theirs. */
  readonly mutualTls?: { readonly cert: string; readonly key: string }
}

const testKek = new Secret(randomBytes(32).toString('base64url'))
/** What servers have that name no key of their own. */
export const testKeks = { current: parseKeyEncryptionKey(testKek, 'the test key') }

export async function startProofServer(options: ProofServerOptions = {}): Promise<ProofServer> {
  const store = options.store ?? (await createTestDatabase())
  const clock = options.clock ?? movableClock()
  const database = openDatabase({ url: store.url, poolSize: 8 })
  const keks = options.kek === undefined ? testKeks : { current: parseKeyEncryptionKey(options.kek, 'the test key') }
  await checkInstallation(database, keks, clock.now())
  await database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: defaultTenantId, name: 'default', created_at: clock.now() }),
  )
  const core = { database, clock, logger: quiet }
  const keys = createKeyRing({ keks, clock })
  await ensureKeys({ ...core, keys }, defaultTenantId)
  await database.transaction(defaultTenantId, (tx) => ensureDefaultPolicy(tx, clock.now()))
  const providers: ReadonlyMap<string, Provider> = new Map([['jwt', jwtProvider as unknown as Provider]])
  const authorityDeps: AuthorityDeps = {
    ...core,
    policies: sharedPolicyEngine(),
    offeredBindings: (kind) => providers.get(kind)?.guarantees.bindings ?? [],
    takesHolderKeys: (kind) => providers.get(kind)?.guarantees.holderKeys !== undefined,
  }
  let url = ''
  let mutualTlsUrl = ''
  const proof = openProof(authorityDeps, {
    keys,
    publicUrl: () => url,
    clusterReviewer: options.clusterReviewer,
    mutualTlsUrl: () => (mutualTlsUrl === '' ? undefined : mutualTlsUrl),
  })
  const targets = createTargets({
    providers,
    keys,
    database,
    clock,
    issuerOf: (tenantId) => getIssuer(proof.tenants, tenantId),
    onCloseError: () => undefined,
  })
  const issue: IssueDeps = {
    ...authorityDeps,
    keys,
    targets,
    issueLimits: { ...defaultIssueLimits, ...options.limits },
    statusPlaces: openStatusPlaces(
      { database, clock },
      options.statusListSize ? { listSize: options.statusListSize } : {},
    ),
    issuerOf: (tenantId) => getIssuer(proof.tenants, tenantId),
  }
  const http: HttpDeps = {
    ...core,
    authenticate: (sent) => authenticateSender(proof, sent),
    gate: (ctx, request, work) => withAuthority(authorityDeps, ctx, request, work),
    promiseSigner: async () => () => 'no promise in this suite',
    assertMayMint: () => undefined,
  }
  const build = (more: Partial<HttpOptions>) =>
    buildHttp(
      http,
      [
        ...(options.routes?.({ ...authorityDeps, ...proof }) ?? []),
        ...(options.proving === true ? provingRoutes({ ...proof, ...http }) : []),
      ],
      {
        trustedProxies: [],
        callerLimit: { perSecond: 10_000, burst: 10_000 },
        refusalLimit: { perSecond: 10_000, burst: 10_000 },
        ...more,
      },
      [oauthPlugin({ ...proof, gate: (ctx, request, work) => http.gate(ctx, request, work), issue })],
    )
  const app = await build({})
  await app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const mutual = options.mutualTls === undefined ? undefined : await build({ tls: options.mutualTls, mutualTls: true })
  if (mutual !== undefined) {
    await mutual.listen({ host: '127.0.0.1', port: 0 })
    mutualTlsUrl = `https://127.0.0.1:${(mutual.server.address() as AddressInfo).port}`
  }

  const changeOf = <T>(tenantId: TenantId, work: (change: Change) => Promise<T>) =>
    database.transaction(tenantId, (tx) =>
      work({ tx, actor: { kind: 'system', worker: 'test' }, now: clock.now(), requestId: 'test-request' }),
    )
  return {
    url,
    mutualTlsUrl,
    store,
    clock,
    proof,
    keys,
    app,
    issue,
    registry: {
      ...core,
      keys,
      providers,
      trustDomain: 'example.org',
      maxIdentityLifetimeSeconds: 31_536_000,
    },
    changeOf,
    change: (work) => changeOf(defaultTenantId, work),
    entries: () =>
      database.transaction(defaultTenantId, async (tx) => {
        const rows = await tx.query.selectFrom('entry').select('data').orderBy('entry_id').execute()
        return rows.map((row) => JSON.parse(row.data.toString('utf8')) as { action: string })
      }),
    async [Symbol.asyncDispose]() {
      await app.close()
      await mutual?.close()
      await targets.close()
      await database.close()
      if (options.store === undefined) await store.drop()
    },
  }
}

function provingRoutes(deps: ProofDeps & HttpDeps): readonly BoundRoutes[] {
  const all = { ...deps, hosts: createWakeFeed(deps.database, hostChannel) }
  return [bindRoutes(all, joinRoutes), bindRoutes(all, hostRoutes), bindRoutes(all, attestationRoutes)]
}

export interface Workload {
  readonly identityId: string
  readonly name: string
  readonly bindingId: string
}

/** An owner with a person, once; then an identity with one binding. */
export async function registerWorkload(
  server: ProofServer,
  input: {
    readonly name: string
    readonly trustProvider: string
    readonly subject?: string
    readonly claims?: Record<string, string>
    readonly publicJwk?: unknown
    readonly expiresAt?: Date
    readonly kind?: 'service' | 'job' | 'pipeline' | 'agent'
    readonly environment?: 'development' | 'production'
    readonly owner?: string
  },
): Promise<Workload> {
  return server.change(async (change) => {
    const { tx } = change
    if ((await tx.query.selectFrom('owner').select('owner_id').executeTakeFirst()) === undefined) {
      await registerPerson(change, { name: 'Ada Lovelace', email: 'ada@example.org', roles: [] })
      await registerOwner(change, { name: 'orders-team', contact: '#orders', primary: 'ada@example.org' })
    }
    const { row } = await registerIdentity(server.registry, change, {
      name: input.name,
      kind: input.kind ?? 'service',
      owner: input.owner ?? 'orders-team',
      purpose: 'writes the nightly report of open orders',
      environment: input.environment ?? 'development',
      expiresAt: input.expiresAt ?? new Date(change.now.getTime() + 30 * 86_400_000),
    })
    const binding = await registerBinding(change, {
      trustProvider: input.trustProvider,
      identity: input.name,
      subject: input.subject,
      claims: input.claims,
      publicJwk: input.publicJwk,
    })
    return { identityId: row.identity_id, name: input.name, bindingId: binding.row.binding_id }
  })
}

/** Puts other policies in force, past the checks that a draft goes through. */
export async function putPoliciesInForce(server: ProofServer, text: string): Promise<void> {
  await server.proof.database.transaction(defaultTenantId, async (tx) => {
    await tx.query.updateTable('policy_version').set({ state: 'superseded' }).where('state', '=', 'active').execute()
    const { last } = await tx.query
      .selectFrom('policy_version')
      .select((of) => of.fn.max('number').as('last'))
      .executeTakeFirstOrThrow()
    await tx.query
      .insertInto('policy_version')
      .values({
        policy_version_id: newId<PolicyVersionId>(),
        number: last + 1,
        policy_text: text,
        digest: policyDigest(text),
        state: 'active',
        created_by: '{}',
        created_at: new Date(),
      })
      .execute()
  })
}

export async function registerOidc(
  server: ProofServer,
  issuer: string,
  settings: Record<string, unknown> = {},
  freshForSeconds = 3600,
): Promise<void> {
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'builds',
      kind: 'oidc',
      settings: { issuer, audiences: ['mayfly'], ...settings },
      freshForSeconds,
    }),
  )
}

export async function registerBoundKeys(
  server: ProofServer,
  freshForSeconds = 3600,
  settings: Record<string, unknown> = {},
): Promise<void> {
  await server.change((change) =>
    registerTrustProvider(change, { name: 'keys', kind: 'bound_key', settings, freshForSeconds }),
  )
}

export interface OAuthAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export async function postForm(
  url: string,
  form: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<OAuthAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}

export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Presents an OIDC token. */
export function proveWithToken(server: { url: string }, assertion: string, more: Record<string, string> = {}) {
  return postForm(`${server.url}/oauth/token`, { grant_type: jwtBearer, assertion, ...more })
}

/** Presents an assertion that the client signed itself. */
export function proveWithKey(server: { url: string }, assertion: string, more: Record<string, string> = {}) {
  return postForm(`${server.url}/oauth/token`, {
    grant_type: 'client_credentials',
    client_assertion_type: assertionType,
    client_assertion: assertion,
    ...more,
  })
}
