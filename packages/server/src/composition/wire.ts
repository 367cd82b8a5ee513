/**
 * Who gets what: the only place that knows every part.
 *
 * Promise: one of each, made in the order of what needs what; nothing is looked up at run time.
 */

import type { LookSettings } from '../application/inventory/look-deps.ts'
import { type BoundTo, MayflyError } from '@mayfly/domain'
import { createPolicyEngine } from '../adapters/cedar/policy-engine.ts'
import { createKeyRing, type KeyRing } from '../adapters/keys/key-ring.ts'
import type { KeyEncryptionKeys } from '../adapters/keys/key-encryption-key.ts'
import { createTargets, type Provider, type Targets } from '../adapters/targets/targets.ts'
import { verifyState } from '../application/audit/verify-state.ts'
import type { CoreDeps } from '../application/context.ts'
import { checkpointSection } from '../application/offline/checkpoint-section.ts'
import { statusListsSection } from '../application/offline/status-lists-section.ts'
import { crlsSection } from '../application/offline/crls-section.ts'
import { gatherCrls } from '../application/proof/gather-crls.ts'
import { jwksSection } from '../application/offline/jwks-section.ts'
import { trustBundlesSection } from '../application/offline/trust-bundles-section.ts'
import { defaultIssueLimits, type IssueDeps } from '../application/credential/issue-deps.ts'
import type { AuthorityDeps } from '../application/decision/authority-deps.ts'
import { withAuthority } from '../application/decision/with-authority.ts'
import { authenticateSender } from '../application/proof/authenticate-sender.ts'
import { carriedCrls, carriedTrustBundles } from '../application/spiffe/carried-trust.ts'
import type { FollowHostDeps } from '../application/proof/follow-host.ts'
import { openProof, type ProofDeps } from '../application/proof/proof-deps.ts'
import { openSpiffe, type SvidDeps } from '../application/spiffe/spiffe-deps.ts'
import { getBundleDocument } from '../application/spiffe/trust-bundle.ts'
import type { LoginDeps } from '../application/registry/adopt-login.ts'
import { createWakeFeed } from '../application/wake-feed.ts'
import { hostChannel } from '../store/host-event-rows.ts'
import { secretVersions } from '../application/revocation/secret-versions.ts'
import { openStatusPlaces } from '../application/revocation/status-places.ts'
import { getIssuer } from '../application/proof/tenant-directory.ts'
import { createProgressFeed } from '../application/revocation/progress-feed.ts'
import type { AuditDeps } from '../surfaces/http/audit.ts'
import type { BootstrapDeps } from '../surfaces/http/bootstrap.ts'
import type { HttpDeps } from '../surfaces/http/http-deps.ts'
import type { ResourceReadDeps } from '../surfaces/http/resources.ts'
import type { LogDeps } from '../surfaces/http/log.ts'
import type { OfflineDeps } from '../surfaces/http/offline.ts'
import { makeRateLimit } from '../surfaces/http/rate-limit.ts'
import type { RevocationDeps } from '../surfaces/http/revocations.ts'
import { clusterReviewerOf } from './cluster-reviewer.ts'
import type { SignInDeps } from '../surfaces/http/sign-ins.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { Config } from './config.ts'
import { ownProviders } from './own-providers.ts'
import { type ProviderForm, providerFormOf } from './provider-forms.ts'
import { createTenantLogs, type TenantLogs } from './tenant-logs.ts'

/** By provider: what to run at a target so that Mayfly gets the least rights that it needs there. */
export function providerGuides(): ReadonlyMap<string, string> {
  return new Map(ownProviders.map((provider) => [provider.kind, provider.guide()]))
}

/** By kind: what a person is asked for, to register a resource of it. */
export function providerForms(): ReadonlyMap<string, ProviderForm> {
  return new Map(ownProviders.map((provider) => [provider.kind, providerFormOf(provider)]))
}

export interface WireInput {
  readonly core: CoreDeps
  readonly config: Config
  readonly keks: KeyEncryptionKeys
  readonly installationId: string
  readonly clockWatch: ClockWatch
  /** Known once the server listens. */
  readonly publicUrl: () => string
  /** Where workloads that show a certificate come; known once it listens. */
  readonly mutualTlsUrl: () => string | undefined
  /** More providers, for tests. */
  readonly providers?: readonly Provider[]
}

export interface Wired {
  readonly keys: KeyRing
  readonly authority: AuthorityDeps
  readonly proof: SignInDeps & BootstrapDeps
  readonly proving: ProofDeps & HttpDeps & FollowHostDeps
  readonly registry: HttpDeps & LoginDeps & ResourceReadDeps
  readonly spiffe: SvidDeps
  readonly lifecycle: HttpDeps & IssueDeps & RevocationDeps
  readonly http: HttpDeps
  readonly targets: Targets
  readonly looks: LookSettings
  readonly audit: AuditDeps & LogDeps
  readonly offline: OfflineDeps
  readonly logs: TenantLogs
}

export function wire(input: WireInput): Wired {
  const { core, config, keks, clockWatch } = input
  const { logger } = core
  const keys = createKeyRing({ keks, clock: core.clock })
  const providers = providerMap(input.providers ?? [])
  const targets = createTargets({
    providers,
    keys,
    database: core.database,
    clock: core.clock,
    issuerOf: (tenantId) => getIssuer(proof.tenants, tenantId),
    versionsOf: (tenantId, resourceId) =>
      secretVersions({ database: core.database, clock: core.clock, keys, tenantId, resourceId }),
    onCloseError: (error) => logger.warn({ err: error }, 'a way to a target was not closed cleanly'),
  })
  const authority: AuthorityDeps = {
    ...core,
    policies: createPolicyEngine({ onReplaced: (why) => logger.warn({ why }, 'the policy engine was replaced') }),
    offeredBindings: (kind, settings) => offeredBindings(providers.get(kind), settings),
    takesHolderKeys: (kind) => providers.get(kind)?.guarantees.holderKeys !== undefined,
  }
  const proof = openProof(authority, {
    keys,
    publicUrl: input.publicUrl,
    mutualTlsUrl: input.mutualTlsUrl,
    clusterReviewer: clusterReviewerOf(config),
  })
  const spiffe = openSpiffe(authority, {
    keys,
    tenants: proof.tenants,
    trustDomain: config.trustDomain,
    upstream: config.upstream,
  })
  const logs = createTenantLogs(keys, input.installationId, core.database)
  const http: HttpDeps = {
    ...core,
    authenticate: (sent) => authenticateSender(proof, sent),
    gate: (ctx, request, work) => withAuthority(authority, ctx, request, work),
    promiseSigner: (tx) => logs.promiseSigner(tx),
    promiseSignerOf: (tenantId) => logs.promiseSignerOf(tenantId),
    assertMayMint: () => clockWatch.assertAgreed(),
  }
  return {
    keys,
    authority,
    proof: {
      ...proof,
      assertMayMint: () => clockWatch.assertAgreed(),
      signInLimit: makeRateLimit({ perSecond: config.signInsPerMinute / 60, burst: config.signInsPerMinute }),
      bootstrapFile: config.bootstrapFile,
    },
    proving: { ...proof, ...http, hosts: createWakeFeed(core.database, hostChannel) },
    spiffe,
    targets,
    logs,
    http,
    audit: {
      gate: (ctx, request, work) => http.gate(ctx, request, work),
      describeLog: (tx) => logs.describe(tx),
      verifyState: async (tenantId) => {
        const { verifiers } = await core.database.transaction(tenantId, (tx) => logs.open(tx))
        return verifyState(core.database, {
          tenantId,
          origin: logs.originOf(tenantId),
          verifiers,
          now: core.clock.now(),
        })
      },
    },
    offline: {
      ...http,
      gatherCrls: (tenantId) => gatherCrls(proof, tenantId),
      keys,
      // What travels without a network; a new kind of trust material is a line here.
      sectionSources: [
        jwksSection(keys),
        trustBundlesSection(carriedTrustBundles),
        crlsSection((tx, now) => carriedCrls(spiffe, tx, now)),
        statusListsSection((tx) => proof.statusLists.readAll(tx)),
        checkpointSection(async (tx) => (await logs.describe(tx)).checkpointKeys),
      ],
      trustDomainOf: async (tx) => (await getBundleDocument(tx)).trustDomain,
      issuerOf: async (tx) => {
        const issuer = await proof.tenants.findIssuer(tx.tenantId)
        if (issuer === undefined) throw new MayflyError('internal', { log: `tenant ${tx.tenantId} has no name` })
        return issuer
      },
    },
    looks: config.looks,
    lifecycle: {
      ...http,
      ...authority,
      targets,
      keys,
      issueLimits: defaultIssueLimits,
      statusPlaces: openStatusPlaces(core),
      issuerOf: (tenantId) => getIssuer(proof.tenants, tenantId),
      progress: createProgressFeed(core.database),
    },
    registry: {
      ...http,
      keys,
      providers,
      targets,
      trustDomain: config.trustDomain,
      maxIdentityLifetimeSeconds: config.maxIdentityDays * 86_400,
      loginRotationDays: config.loginRotationDays,
      tenantPathOf: async (tenantId) => {
        const path = await proof.tenants.findPath(tenantId)
        if (path === undefined) throw new MayflyError('internal', { log: `tenant ${tenantId} has no name` })
        return path
      },
    },
  }
}

/** A resource's settings may make less possible than its kind knows. */
function offeredBindings(provider: Provider | undefined, settings: unknown): readonly BoundTo[] {
  if (provider?.bindingsUnder === undefined) return provider?.guarantees.bindings ?? []
  const parsed = provider.settings.safeParse(settings)
  return parsed.success ? provider.bindingsUnder(parsed.data) : []
}

function providerMap(more: readonly Provider[]): ReadonlyMap<string, Provider> {
  const all = [...(ownProviders as unknown as readonly Provider[]), ...more]
  return new Map(all.map((provider) => [provider.kind, provider]))
}
