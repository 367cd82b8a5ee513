/**
 * A whole Mayfly with 1,000 credentials of a self-contained kind that have ended: issued the whole way, ended by one
 * revocation, and through the workers. What tells verifiers of them is measured on these rows.
 */
import type { CredentialId, ResourceId } from '@mayfly/domain'
import type { RevokeReport } from '@mayfly/provider-kit'
import { sql } from 'kysely'
import { setTimeout as pause } from 'node:timers/promises'
import type { Provider } from '../packages/server/src/adapters/targets/targets.ts'
import { issueCredential } from '../packages/server/src/application/credential/issue-credential.ts'
import type { Lifecycle } from '../test/integration/lifecycle/open-lifecycle.ts'
import { benchTeam, startBenchCompany } from './lifecycle-store.ts'
import type { RawQuery } from './limits/self-contained.ts'
import { inLanes } from './limits/http-calls.ts'
import { endsOf } from './published.ts'
import { withTenantConnection } from './tenant-connection.ts'

export const endedCount = 1_000
const inFlight = 12

export interface EndedCredentials {
  readonly life: Lifecycle
  readonly resourceId: ResourceId
  readonly credentialIds: readonly CredentialId[]
  /** As the server opens it for each resource. */
  ends(): ReturnType<typeof endsOf>
  /** Runs `work` with a connection that is set up for the tenant. */
  withRaw<T>(work: (query: RawQuery) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export async function startEndedCredentials(
  provider: Provider,
  resource: {
    readonly settings: unknown
    readonly secret: Parameters<Lifecycle['makeTarget']>[2]['secret']
    readonly permission: unknown
  },
): Promise<EndedCredentials> {
  const company = await startBenchCompany([provider])
  const { life } = company
  const row = await life.makeTarget('bench-target', benchTeam, {
    provider: provider.kind,
    ...resource,
    role: 'user',
    maxLivePerIdentity: endedCount,
  })
  const call = await company.newCaller()
  const credentialIds: CredentialId[] = []
  await inLanes(
    inFlight,
    Array.from({ length: endedCount }, () => 'bench-target/user'),
    async (role) => {
      credentialIds.push((await issueCredential(life.deps, call, { role })).row.credential_id)
    },
  )
  await life.revoke({ kind: 'resource', id: row.resource_id })
  for (;;) {
    const { rows } = await life.inTenant((tx) =>
      sql<{ left: number }>`select count(*)::int as left from credential where state <> 'revoked'`.execute(tx.query),
    )
    if (rows[0]?.left === 0) break
    await pause(100)
  }
  await life.stopWorkers()
  // As a store that is up for longer does by itself.
  await life.inTenant((tx) => sql`analyze credential, revocation`.execute(tx.query))
  return {
    life,
    resourceId: row.resource_id,
    credentialIds,
    ends: () => endsOf(life, row.resource_id),
    withRaw: (work) =>
      withTenantConnection(life.deps.database, (client) =>
        work(async (statement, values) => (await client.query(statement, [...values])).rows),
      ),
    close: () => company.close(),
  }
}

/** Counts what is called removed. */
export function countRemoved(): { readonly report: RevokeReport; readonly count: () => number } {
  let removed = 0
  return {
    count: () => removed,
    report: {
      cut: async () => undefined,
      removed: async (gone) => void (removed += gone.length),
      pending: async () => undefined,
    },
  }
}
