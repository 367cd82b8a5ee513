/** The life cycle without HTTP: a store, its keys and policies, the workers, and a small company that uses a target. */
import { secretVersions } from '../../../packages/server/src/application/revocation/secret-versions.ts'
import { randomBytes } from 'node:crypto'
import {
  type AttestationId,
  type Clock,
  type DecisionId,
  defaultTenantId,
  type Environment,
  type IdentityId,
  type IdentityKind,
  type JsonValue,
  newId,
  type PersonId,
  type PersonRole,
  type Reach,
  type TrustProviderId,
  type ResourceId,
} from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { postgresProvider } from '@mayfly/provider-postgres'
import { checkInstallation } from '../../../packages/server/src/adapters/keys/check-installation.ts'
import { createKeyRing } from '../../../packages/server/src/adapters/keys/key-ring.ts'
import { parseKeyEncryptionKey } from '../../../packages/server/src/adapters/keys/key-encryption-key.ts'
import { createTargets, type OpenTarget, type Provider } from '../../../packages/server/src/adapters/targets/targets.ts'
import type { Logger, RequestContext } from '../../../packages/server/src/application/context.ts'
import {
  type CallContext,
  defaultIssueLimits,
  type IssueDeps,
  type IssueLimits,
} from '../../../packages/server/src/application/credential/issue-deps.ts'
import { sequenceLog } from '../../../packages/server/src/application/audit/sequence-log.ts'
import { type StateReport, verifyState } from '../../../packages/server/src/application/audit/verify-state.ts'
import { ensureDefaultPolicy } from '../../../packages/server/src/application/decision/ensure-default-policy.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { openStatusPlaces } from '../../../packages/server/src/application/revocation/status-places.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import type { Change } from '../../../packages/server/src/application/registry/change.ts'
import { registerIdentity } from '../../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { registerResource } from '../../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../../packages/server/src/application/registry/register-role.ts'
import { createTenantLogs } from '../../../packages/server/src/composition/tenant-logs.ts'
import { openDatabase, type Tx } from '../../../packages/server/src/store/database.ts'
import { getTargetRow } from '../../../packages/server/src/store/removal-rows.ts'
import type { Selector } from '../../../packages/server/src/store/revocation-rows.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import { lifecycleWorkers } from '../../../packages/server/src/surfaces/workers/lifecycle-workers.ts'
import { type RunningWorkers, runWorkers } from '../../../packages/server/src/surfaces/workers/run-workers.ts'
import { sharedPolicyEngine } from '../../support/shared-policy-engine.ts'

export const tenantId = defaultTenantId

export interface LifecycleOptions {
  readonly clock?: Clock
  readonly limits?: Partial<IssueLimits>
  readonly poolSize?: number
  /** The key-encryption key of a store that another process has opened before. */
  readonly kek?: string
  readonly logger?: Logger
  /** Beside that of PostgreSQL, e.g. `[mysqlProvider as unknown as Provider]`. */
  readonly providers?: readonly Provider[]
}

export interface TargetPlace {
  readonly host: string
  readonly port: number
  readonly database: string
  /** Mayfly's login there. */
  readonly login: { readonly username: string; readonly password: string }
  readonly poolSize?: number
  readonly scramIterations?: number
}

export type Lifecycle = Awaited<ReturnType<typeof openLifecycle>>

const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

export function newKek(): string {
  return randomBytes(32).toString('base64url')
}

/** @param url a migrated store */
export async function openLifecycle(url: string, options: LifecycleOptions = {}) {
  const clock = options.clock ?? { now: () => new Date() }
  const logger = options.logger ?? quiet
  const database = openDatabase({ url, poolSize: options.poolSize ?? 12 })
  await database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: tenantId, name: 'default', created_at: clock.now() }),
  )
  const keks = { current: parseKeyEncryptionKey(new Secret(options.kek ?? newKek()), 'the test key') }
  const { installationId } = await checkInstallation(database, keks, clock.now())
  const keys = createKeyRing({ keks, clock })
  await ensureKeys({ database, clock, logger, keys }, tenantId)
  const inTenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(tenantId, work)
  await inTenant((tx) => ensureDefaultPolicy(tx, clock.now()))
  const ours = [postgresProvider as unknown as Provider, ...(options.providers ?? [])]
  const providers: ReadonlyMap<string, Provider> = new Map(ours.map((provider) => [provider.kind, provider]))
  const targets = createTargets({
    providers,
    keys,
    database,
    clock,
    issuerOf: async () => 'https://mayfly.example',
    versionsOf: (tenant, resourceId) => secretVersions({ database, clock, keys, tenantId: tenant, resourceId }),
    onCloseError: (error) => logger.warn({ err: error }, 'close'),
  })
  const deps: IssueDeps = {
    database,
    clock,
    logger,
    keys,
    targets,
    policies: sharedPolicyEngine(),
    offeredBindings: (kind, settings) => {
      const provider = providers.get(kind)
      return provider?.bindingsUnder?.(provider.settings.parse(settings)) ?? provider?.guarantees.bindings ?? []
    },
    takesHolderKeys: (kind) => providers.get(kind)?.guarantees.holderKeys !== undefined,
    issueLimits: { ...defaultIssueLimits, ...options.limits },
    statusPlaces: openStatusPlaces({ database, clock }),
    issuerOf: async () => 'https://mayfly.example.com',
  }
  const logs = createTenantLogs(keys, installationId, database)
  const remembered = new Map()
  let workers: RunningWorkers | undefined

  return {
    deps,
    clock,
    keys,
    inTenant,
    ...company(deps, providers),
    async startWorkers(pollMs = 200): Promise<void> {
      workers ??= await runWorkers(deps, lifecycleWorkers(), { pollMs })
    },
    async stopWorkers(): Promise<void> {
      await workers?.stop()
      workers = undefined
    },
    /** Whether the log verifies and explains every row, from the entries alone. */
    async verify(): Promise<StateReport> {
      const { signer, verifiers } = await inTenant((tx) => logs.open(tx))
      return verifyState(database, { tenantId, origin: signer.name, verifiers, now: clock.now() })
    },
    /** As the workers do: the provider, opened for the resource as its row is now. */
    async useTarget<T>(resourceId: ResourceId, work: (target: OpenTarget) => Promise<T>): Promise<T> {
      const target = await inTenant(async (tx) => targets.prepare(tx, await getTargetRow(tx, resourceId)))
      return target.use(work)
    },
    /** As an operator does it, in a transaction of its own. */
    revoke: (selector: Selector) =>
      inTenant((tx) =>
        requestRevocation(tx, {
          selector,
          cause: 'requested_by_operator',
          requestedBy: { kind: 'person', id: 'test' },
          now: clock.now(),
        }),
      ),
    /** Gives every committed entry its place in the log. */
    async sequence(): Promise<void> {
      const log = await inTenant((tx) => logs.open(tx))
      await sequenceLog({ database, clock, remembered }, log, new AbortController().signal)
    },
    /** All entries so far, oldest first. */
    entries: () =>
      inTenant(async (tx) => {
        const rows = await tx.query.selectFrom('entry').select(['action', 'data']).orderBy('entry_id').execute()
        return rows.map((row) => ({
          action: row.action,
          content: JSON.parse(row.data.toString('utf8')) as Record<string, unknown>,
        }))
      }),
    async close(): Promise<void> {
      await workers?.stop()
      await targets.close()
      await database.close()
    },
    [Symbol.asyncDispose](): Promise<void> {
      return this.close()
    },
  }
}

function company(deps: IssueDeps, providers: ReadonlyMap<string, Provider>) {
  const { database, clock, keys } = deps
  const registry = {
    database,
    clock,
    logger: deps.logger,
    keys,
    providers,
    trustDomain: 'example.org',
    maxIdentityLifetimeSeconds: 31_536_000,
  }
  const inTenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(tenantId, work)
  const change = <T>(work: (change: Change) => Promise<T>): Promise<T> =>
    inTenant((tx) =>
      work({ tx, actor: { kind: 'system', worker: 'test' }, now: clock.now(), requestId: 'test-request' }),
    )

  async function attest(
    who: { readonly identityId: IdentityId } | { readonly personId: PersonId },
    freshForSeconds: number,
  ): Promise<AttestationId> {
    const attestationId = newId<AttestationId>()
    const trustProviderId = newId<TrustProviderId>()
    const bindingId = newId<never>()
    const now = clock.now()
    const subject = 'identityId' in who ? { identity_id: who.identityId } : { person_id: who.personId }
    await inTenant(async (tx) => {
      await tx.query
        .insertInto('trust_provider')
        .values({
          trust_provider_id: trustProviderId,
          name: `tp-${trustProviderId}`,
          kind: 'oidc',
          issuer: `https://${trustProviderId}.example`,
          settings: '{}',
          strength: 'platform',
          fresh_for_seconds: 3_600,
        })
        .execute()
      await tx.query
        .insertInto('binding')
        .values({ binding_id: bindingId, trust_provider_id: trustProviderId, subject: attestationId, ...subject })
        .execute()
      await tx.query
        .insertInto('attestation')
        .values({
          attestation_id: attestationId,
          trust_provider_id: trustProviderId,
          binding_id: bindingId,
          claims: '{}',
          strength: 'platform',
          source_address: '127.0.0.1',
          accepted_at: now,
          fresh_until: new Date(now.getTime() + freshForSeconds * 1_000),
          token_expires_at: new Date(now.getTime() + 300_000),
          decision_id: newId<DecisionId>(),
          ...subject,
        })
        .execute()
    })
    return attestationId
  }

  return {
    registry,
    change,

    async makePerson(email: string, ...roles: PersonRole[]): Promise<RequestContext> {
      const { row } = await change((at) => registerPerson(at, { name: 'Ada Lovelace', email, roles }))
      const attestationId = await attest({ personId: row.person_id }, 86_400)
      return {
        tenantId,
        requestId: newId<string>(),
        actor: { kind: 'person', personId: row.person_id, roles, attestationId },
      }
    },

    async makeOwner(name: string, primary: string) {
      return (await change((at) => registerOwner(at, { name, contact: '#team', primary }))).row
    },

    async makeIdentity(
      name: string,
      owner: string,
      more: { environment?: Environment; kind?: IdentityKind; expiresAt?: Date } = {},
    ) {
      const { row } = await change((at) =>
        registerIdentity(registry, at, {
          name,
          owner,
          kind: more.kind ?? 'job',
          purpose: 'writes the nightly report of open orders',
          environment: more.environment ?? 'staging',
          expiresAt: more.expiresAt ?? new Date(clock.now().getTime() + 30 * 86_400_000),
        }),
      )
      return row
    },

    /** A call of an identity that has proven itself; `aborted` is what a client that goes away would cause. */
    async callOf(identityId: IdentityId, freshForSeconds = 86_400): Promise<CallContext> {
      const attestationId = await attest({ identityId }, freshForSeconds)
      return {
        tenantId,
        requestId: newId<string>(),
        actor: { kind: 'identity', identityId, attestationId },
        signal: new AbortController().signal,
      }
    },

    async makeResource(name: string, owner: string, place: TargetPlace, environment: Environment = 'staging') {
      const { row } = await change((at) =>
        registerResource(registry, at, {
          name,
          provider: 'postgres',
          environment,
          reach: 'data',
          dataClass: 'internal',
          exposure: 'internal',
          delivery: 'direct',
          owner,
          settings: {
            host: place.host,
            port: place.port,
            database: place.database,
            tls: { mode: 'disabled_loopback_only' },
            ...(place.poolSize === undefined ? {} : { pool_size: place.poolSize }),
            ...(place.scramIterations === undefined
              ? {}
              : {
                  scram_iterations: place.scramIterations,
                  scram_iterations_reason: 'a random password needs no more',
                }),
          },
          secret: place.login,
        }),
      )
      return row
    },

    /** A resource of any kind, and one role on it. */
    async makeTarget(
      name: string,
      owner: string,
      of: {
        readonly provider: string
        readonly settings: unknown
        readonly secret: JsonValue
        readonly role: string
        readonly permission: unknown
        readonly parameters?: Record<string, { readonly one_of: readonly string[] }>
        readonly environment?: Environment
        readonly reach?: Reach
        readonly maxLivePerIdentity?: number
      },
    ) {
      const { row } = await change((at) =>
        registerResource(registry, at, {
          name,
          provider: of.provider,
          environment: of.environment ?? 'staging',
          reach: of.reach ?? 'data',
          dataClass: 'internal',
          exposure: 'internal',
          delivery: 'direct',
          owner,
          settings: of.settings,
          secret: of.secret,
        }),
      )
      const { permission, parameters, maxLivePerIdentity } = of
      await change((at) =>
        registerRole(registry, at, {
          resource: name,
          name: of.role,
          permission,
          ...(parameters === undefined ? {} : { parameters }),
          ...(maxLivePerIdentity === undefined ? {} : { maxLivePerIdentity }),
        }),
      )
      return row
    },

    async makeRole(
      resource: string,
      name: string,
      group: string,
      more: { maxTtlSeconds?: number; maxLivePerIdentity?: number } = {},
    ) {
      const { row } = await change((at) =>
        registerRole(registry, at, { resource, name, permission: { member_of: [group] }, ...more }),
      )
      return row
    },
  }
}
