/**
 * Every route of the server, a list a resource, with the name of what its handlers need. A new file of routes is one line
 * in `resources`, and one in `RouteDeps` where it needs what no other does.
 */
import type { IssueDeps } from '../../application/credential/issue-deps.ts'
import type { ResourceCheckDeps } from '../../application/registry/check-resource.ts'
import type { FollowHostDeps } from '../../application/proof/follow-host.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import type { SvidDeps } from '../../application/spiffe/spiffe-deps.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { type BoundRoutes, bindRoutes } from './app.ts'
import { applyRoutes } from './apply.ts'
import { attestationRoutes } from './attestations.ts'
import { type AuditDeps, auditRoutes } from './audit.ts'
import { bindingRoutes } from './bindings.ts'
import { type BootstrapDeps, bootstrapRoutes } from './bootstrap.ts'
import { credentialRoutes } from './credentials.ts'
import { decisionRoutes } from './decisions.ts'
import type { Route } from './define-route.ts'
import { federationRoutes } from './federations.ts'
import { findingRoutes } from './findings.ts'
import { type HealthDeps, healthRoutes } from './health.ts'
import type { HttpDeps } from './http-deps.ts'
import { hostRoutes } from './host.ts'
import { identityRoutes } from './identities.ts'
import { joinRoutes } from './join.ts'
import { keyRoutes } from './keys.ts'
import { type LogDeps, logRoutes } from './log.ts'
import { oauthPaths } from './oauth-paths.ts'
import { type OfflineDeps, offlineRoutes } from './offline.ts'
import { openApiRoutes } from './openapi-route.ts'
import { type OpenApiDocument, openApiDocument } from './openapi.ts'
import { ownerRoutes } from './owners.ts'
import { peopleRoutes } from './people.ts'
import { policyRoutes } from './policies.ts'
import { type ResourceReadDeps, resourceRoutes } from './resources.ts'
import { type RevocationDeps, revocationRoutes } from './revocations.ts'
import { sessionRoutes } from './sessions.ts'
import { type SignInDeps, signInRoutes } from './sign-ins.ts'
import { roleRoutes } from './roles.ts'
import { svidRoutes } from './svids.ts'
import { taskRoutes } from './tasks.ts'
import { trustBundleRoutes } from './trust-bundles.ts'
import { trustProviderRoutes } from './trust-providers.ts'
import { x509AuthorityRoutes } from './x509-authorities.ts'

export const apiVersion = '0.1.0'

export interface RouteDeps {
  readonly health: HealthDeps
  readonly proof: SignInDeps & BootstrapDeps
  readonly proving: ProofDeps & HttpDeps & FollowHostDeps
  readonly registry: HttpDeps & RegistryDeps & ResourceCheckDeps & ResourceReadDeps
  readonly lifecycle: HttpDeps & IssueDeps & RevocationDeps
  readonly spiffe: SvidDeps
  readonly audit: AuditDeps & LogDeps
  readonly offline: OfflineDeps
}

interface Resource {
  readonly routes: readonly Route<never>[]
  readonly bind: (deps: RouteDeps) => BoundRoutes
}

function resource<Need extends keyof RouteDeps>(need: Need, routes: readonly Route<RouteDeps[Need]>[]): Resource {
  return { routes, bind: (deps) => bindRoutes(deps[need], routes) }
}

const resources: readonly Resource[] = [
  resource('health', healthRoutes),
  resource('health', openApiRoutes(makeOpenApiDocument)),
  resource('proof', bootstrapRoutes),
  resource('proof', keyRoutes),
  resource('proof', attestationRoutes),
  resource('proving', joinRoutes),
  resource('proving', hostRoutes),
  resource('proof', signInRoutes),
  resource('registry', sessionRoutes),
  resource('registry', peopleRoutes),
  resource('registry', ownerRoutes),
  resource('registry', identityRoutes),
  resource('registry', resourceRoutes),
  resource('registry', roleRoutes),
  resource('registry', trustProviderRoutes),
  resource('registry', bindingRoutes),
  resource('offline', offlineRoutes),
  resource('registry', applyRoutes),
  resource('lifecycle', taskRoutes),
  resource('lifecycle', credentialRoutes),
  resource('lifecycle', revocationRoutes),
  resource('lifecycle', findingRoutes),
  resource('lifecycle', policyRoutes),
  resource('lifecycle', decisionRoutes),
  resource('spiffe', svidRoutes),
  resource('spiffe', trustBundleRoutes),
  resource('spiffe', x509AuthorityRoutes),
  resource('spiffe', federationRoutes),
  resource('audit', auditRoutes),
  resource('audit', logRoutes),
]

export const routes: readonly Route<never>[] = resources.flatMap((one) => one.routes)

export function bindResources(deps: RouteDeps): readonly BoundRoutes[] {
  return resources.map((one) => one.bind(deps))
}

export function makeOpenApiDocument(): OpenApiDocument {
  return openApiDocument(routes, apiVersion, oauthPaths)
}
