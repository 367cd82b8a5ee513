/**
 * Every route of the server, a list a resource, with the name of what its handlers need. A new file of routes is one line
 * in `resources`, and one in `RouteDeps` where it needs what no other does.
 */
import type { IssueDeps } from '../../application/credential/issue-deps.ts'
import type { ResourceCheckDeps } from '../../application/registry/check-resource.ts'
import type { KeyDeps } from '../../application/proof/key-deps.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { type BoundRoutes, bindRoutes } from './app.ts'
import { applyRoutes } from './apply.ts'
import { attestationRoutes } from './attestations.ts'
import { type AuditDeps, auditRoutes } from './audit.ts'
import { bindingRoutes } from './bindings.ts'
import { bootstrapRoutes } from './bootstrap.ts'
import { credentialRoutes } from './credentials.ts'
import { decisionRoutes } from './decisions.ts'
import type { Route } from './define-route.ts'
import { findingRoutes } from './findings.ts'
import { type HealthDeps, healthRoutes } from './health.ts'
import type { HttpDeps } from './http-deps.ts'
import { identityRoutes } from './identities.ts'
import { keyRoutes } from './keys.ts'
import { type LogDeps, logRoutes } from './log.ts'
import { oauthPaths } from './oauth-paths.ts'
import { type OfflineDeps, offlineRoutes } from './offline.ts'
import { openApiRoutes } from './openapi-route.ts'
import { type OpenApiDocument, openApiDocument } from './openapi.ts'
import { ownerRoutes } from './owners.ts'
import { peopleRoutes } from './people.ts'
import { policyRoutes } from './policies.ts'
import { resourceRoutes } from './resources.ts'
import { type RevocationDeps, revocationRoutes } from './revocations.ts'
import { roleRoutes } from './roles.ts'
import { taskRoutes } from './tasks.ts'
import { trustProviderRoutes } from './trust-providers.ts'

export const apiVersion = '0.1.0'

export interface RouteDeps {
  readonly health: HealthDeps
  readonly proof: KeyDeps
  readonly registry: HttpDeps & RegistryDeps & ResourceCheckDeps
  readonly lifecycle: HttpDeps & IssueDeps & RevocationDeps
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
