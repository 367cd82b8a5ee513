/** What a resource tells the public: a CA certificate, a revocation list, an answer of OCSP. */
import { isId, type TenantId, withDeadline } from '@mayfly/domain'
import type { PublicAnswer, PublicRequest } from '@mayfly/provider-kit'
import type { Provider, Targets } from '../../adapters/targets/targets.ts'
import { findResource } from '../../store/resource-rows.ts'
import type { CoreDeps } from '../context.ts'

export interface PublishDeps extends CoreDeps {
  readonly targets: Targets
}

const timeoutMs = 10_000

/**
 * Also of a retired resource: what it issued may still be shown to somebody.
 *
 * @returns undefined where there is no such resource, or it has no such document
 */
export async function publishDocument(
  deps: PublishDeps,
  tenantId: TenantId,
  resourceId: string,
  request: PublicRequest,
  signal: AbortSignal,
): Promise<PublicAnswer | undefined> {
  if (!isId(resourceId)) return undefined
  const target = await deps.database.transaction(tenantId, async (tx) => {
    const row = await findResource(tx, resourceId)
    return row && deps.targets.prepare(tx, row)
  })
  if (target === undefined || !hasDocument(target.provider, request)) return undefined
  return withDeadline([signal], timeoutMs, (limit) => target.use(async (way) => way.publish?.(request, limit)))
}

/** A body only where the document takes one, and then always. */
function hasDocument({ documents = [] }: Provider, { document, body }: PublicRequest): boolean {
  const found = documents.find(({ name }) => name === document)
  return found !== undefined && (found.accepts === undefined) === (body === undefined)
}
