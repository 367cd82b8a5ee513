/** A company whose identities read one static secret; and what is due of it, when told to. */
import { randomBytes } from 'node:crypto'
import { type IdentityId, type JsonValue, newId } from '@mayfly/domain'
import { Secret, type UpkeepOrder } from '@mayfly/provider-kit'
import { httpProvider } from '@mayfly/provider-http'
import { mysqlProvider } from '@mayfly/provider-mysql'
import { postgresProvider } from '@mayfly/provider-postgres'
import { rabbitmqProvider } from '@mayfly/provider-rabbitmq'
import { redisProvider } from '@mayfly/provider-redis'
import { staticProvider } from '@mayfly/provider-static'
import { issueCredential } from '../../../packages/server/src/application/credential/issue-credential.ts'
import { activatePolicy } from '../../../packages/server/src/application/decision/activate-policy.ts'
import { draftPolicy } from '../../../packages/server/src/application/decision/draft-policy.ts'
import { getCredential } from '../../../packages/server/src/store/credential-rows.ts'
import type { OpenTarget, Provider } from '../../../packages/server/src/adapters/targets/targets.ts'
import { createTestDatabase } from '../../support/index.ts'
import { openLifecycle } from '../lifecycle/open-lifecycle.ts'
import type { StaticSystemKind } from './static-systems.ts'

export const noSignal = new AbortController().signal
export const soon = '2099-12-31'

export interface StaticPlace {
  readonly system: 'redis' | StaticSystemKind
  readonly settings: Readonly<Record<string, unknown>>
  readonly login: Readonly<Record<string, JsonValue>>
  readonly accounts: readonly string[]
  readonly current: string
  readonly overlapSeconds: number
}

export type StaticCompany = Awaited<ReturnType<typeof openStaticCompany>>

export async function openStaticCompany() {
  const store = await createTestDatabase()
  const kinds = [httpProvider, mysqlProvider, postgresProvider, rabbitmqProvider, redisProvider]
  const provider = staticProvider(kinds) as unknown as Provider
  const life = await openLifecycle(store.url, { providers: [provider, ...(kinds as unknown as Provider[])] })
  const administrator = await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner('orders-team', 'ada@example.org')
  const { policy_text: defaults } = await life.inTenant((tx) =>
    tx.query.selectFrom('policy_version').select('policy_text').where('state', '=', 'active').executeTakeFirstOrThrow(),
  )
  /** @param until absent: a policy without an end */
  const permit = async (until?: string) => {
    const end = until === undefined ? '' : `@until("${until}")\n`
    const text = `${defaults}\n@id("bridge")\n${end}permit (principal is Identity, action == Action::"credential.issue", resource) when { resource.provider == "static" };\n`
    const { row } = await draftPolicy(life.deps, administrator, { text })
    await activatePolicy(life.deps, administrator, { policyVersionId: row.policy_version_id })
  }
  return {
    life,
    permit,
    async addSecret(name: string, place: StaticPlace) {
      const resource = await life.makeTarget(name, 'orders-team', {
        provider: 'static',
        settings: {
          system: place.system,
          settings: place.settings,
          accounts: place.accounts,
          overlap_seconds: place.overlapSeconds,
        },
        secret: { login: place.login, current: place.current },
        role: 'read',
        permission: { read: true },
        maxLivePerIdentity: 50,
      })
      const read = async (call: Awaited<ReturnType<typeof life.callOf>>) => {
        const { row, fields } = await issueCredential(life.deps, call, { role: `${name}/read` })
        const { username, password, version, ...place } = fields ?? {}
        if (!(password instanceof Secret)) throw new Error('what is read is a secret')
        return { row, username: String(username), password: password.reveal(), version: Number(version), place }
      }
      const withTarget = <T>(use: (way: OpenTarget) => Promise<T>) => life.useTarget(resource.resource_id, use)
      return {
        read,
        check: () => withTarget((way) => way.check({ newHandle: () => provider.plan(newId()) }, noSignal)),
        /** Does what is due, or what is asked for, as the worker and the route do. */
        upkeep: (order: UpkeepOrder = {}): Promise<Date | undefined> =>
          withTarget(async (way) => way.upkeep?.(order, noSignal)),
        findings: () =>
          life.inTenant((tx) =>
            tx.query
              .selectFrom('finding')
              .selectAll()
              .where('kind', '=', 'secret_version_shared')
              .where('subject', 'like', `resource:${resource.resource_id}/%`)
              .execute(),
          ),
        versions: () =>
          life.inTenant((tx) =>
            tx.query
              .selectFrom('secret_version')
              .selectAll()
              .where('resource_id', '=', resource.resource_id)
              .orderBy('number')
              .execute(),
          ),
      }
    },
    async newReader(name: string) {
      const identity = await life.makeIdentity(name, 'orders-team')
      return { identity, call: await life.callOf(identity.identity_id) }
    },
    async end(identityId: IdentityId): Promise<void> {
      await life.revoke({ kind: 'identity', id: identityId })
    },
    stateOf: (row: { readonly credential_id: Parameters<typeof getCredential>[1] }) =>
      life.inTenant((tx) => getCredential(tx, row.credential_id)),
    dump: () => life.inTenant((tx) => tx.query.selectFrom('entry').select('data').execute()),
    async [Symbol.asyncDispose]() {
      await life.close()
      await store[Symbol.asyncDispose]()
    },
  }
}

export const newPassword = () => randomBytes(18).toString('base64url')
