/** A whole Mayfly that keeps one static secret of a Redis, and identities that may read it. Its workers stand still. */
import { type CredentialId, newId } from '@mayfly/domain'
import { type AccountHandle, accountNameOf } from '@mayfly/provider-kit'
import { sql } from 'kysely'
import type { OpenTarget } from '../packages/server/src/adapters/targets/targets.ts'
import { issueCredential } from '../packages/server/src/application/credential/issue-credential.ts'
import { type CredentialRow, handleOf } from '../packages/server/src/store/credential-rows.ts'
import type { Lifecycle } from '../test/integration/lifecycle/open-lifecycle.ts'
import { benchTeam, startBenchCompany } from './lifecycle-store.ts'
import { startDeadStatic } from './time-to-dead/dead-static.ts'
import { type DeadTarget, textOf } from './time-to-dead/dead-target.ts'

export interface StaticBench {
  readonly life: Lifecycle
  readonly system: DeadTarget
  /** A fresh identity has read the secret. */
  read(): Promise<{ readonly row: CredentialRow; readonly handle: AccountHandle; readonly password: string }>
  /** Credentials as they stand before the secret is told: alike but for their ids. */
  addRequested(like: CredentialRow, count: number): Promise<readonly AccountHandle[]>
  use(work: (way: OpenTarget) => Promise<void>): Promise<void>
  close(): Promise<void>
}

export async function startStaticBench(): Promise<StaticBench> {
  const system = await startDeadStatic()
  const company = await startBenchCompany(system.provider === undefined ? [] : [system.provider])
  const { life } = company
  const resource = await life.makeTarget('bench-secret', benchTeam, {
    provider: system.kind,
    ...system.resource,
    role: 'reader',
    maxLivePerIdentity: 100_000,
  })
  await system.attach?.(life, resource.resource_id)
  // Else an upkeep that is due would take turns with what is measured.
  await life.stopWorkers()
  return {
    life,
    system,
    async read() {
      const { row, fields } = await issueCredential(life.deps, await company.newCaller(), {
        role: 'bench-secret/reader',
      })
      if (fields === undefined) throw new Error('what was issued has fields')
      return { row, handle: handleOf(row), password: textOf(fields, 'password') }
    },
    async addRequested(like, count) {
      const ids = Array.from({ length: count }, () => newId<CredentialId>())
      await life.inTenant((tx) =>
        sql`
          insert into credential (credential_id, identity_id, attestation_id, role_id, resource_id, provider_kind, account_name,
            environment, decision_id, policy_version_id, requested_at, create_deadline_at, expires_at, max_expires_at)
          select n.id, c.identity_id, c.attestation_id, c.role_id, c.resource_id, c.provider_kind, n.name,
            c.environment, c.decision_id, c.policy_version_id, c.requested_at, c.create_deadline_at, c.expires_at, c.max_expires_at
          from unnest(${ids}::uuid[], ${ids.map(accountNameOf)}::text[]) as n (id, name)
          join credential c on c.credential_id = ${like.credential_id}`.execute(tx.query),
      )
      return ids.map((credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }))
    },
    use: (work) => life.useTarget(resource.resource_id, work),
    async close() {
      await company.close()
      await system.close()
    },
  }
}
