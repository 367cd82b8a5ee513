/** What verifiers read of tokens and certificates that have ended, as the server opens it for each tenant and resource. */
import { defaultTenantId, type ResourceId } from '@mayfly/domain'
import { resourceEnds } from '../packages/server/src/adapters/targets/resource-ends.ts'
import { openStatusLists, type StatusLists } from '../packages/server/src/application/proof/status-list-token.ts'
import type { Lifecycle } from '../test/integration/lifecycle/open-lifecycle.ts'

export function endsOf({ deps, clock }: Lifecycle, resourceId: ResourceId): ReturnType<typeof resourceEnds> {
  return resourceEnds({
    database: deps.database,
    now: () => clock.now(),
    tenantId: defaultTenantId,
    resourceId,
    issuer: 'https://mayfly.example',
  })
}

/** Opened anew it says nothing that was said before. */
export function statusListsOf({ deps }: Lifecycle): StatusLists {
  return openStatusLists({
    ...deps,
    tenants: {
      findIdByName: async () => defaultTenantId,
      findIssuer: async () => 'https://mayfly.example',
      findPath: async () => '',
    },
  })
}
