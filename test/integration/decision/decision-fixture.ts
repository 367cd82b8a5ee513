/** A migrated database with the default policies, and a small company to decide about. Rows are put in by SQL. */
import {
  type AttestationId,
  type Clock,
  type CredentialId,
  type DecisionId,
  defaultTenantId,
  type Environment,
  type IdentityId,
  type IdentityKind,
  newId,
  type OwnerId,
  type PersonId,
  type PersonRole,
  type Reach,
  type ResourceId,
  type RoleId,
  type Strength,
  type TaskId,
  type TaskKind,
  type TrustProviderId,
} from '@mayfly/domain'
import type { Logger, RequestContext } from '../../../packages/server/src/application/context.ts'
import type { AuthorityDeps } from '../../../packages/server/src/application/decision/authority-deps.ts'
import { ensureDefaultPolicy } from '../../../packages/server/src/application/decision/ensure-default-policy.ts'
import { openDatabase, type Tx } from '../../../packages/server/src/store/database.ts'
import { createTestDatabase } from '../../support/index.ts'
import { sharedPolicyEngine } from '../../support/shared-policy-engine.ts'

export const tenantId = defaultTenantId
export const start = new Date('2026-11-22T12:00:00.000Z')

export interface MovableClock extends Clock {
  moveTo(time: Date): void
  moveBySeconds(seconds: number): void
}

export type DecisionFixture = Awaited<ReturnType<typeof createDecisionFixture>>

export async function createDecisionFixture() {
  const testDatabase = await createTestDatabase()
  const database = openDatabase({ url: testDatabase.url, poolSize: 6 })
  await database.outsideTenants(async (query) => {
    await query.insertInto('tenant').values({ tenant_id: tenantId, name: 'default' }).execute()
  })
  let now = start
  const clock: MovableClock = {
    now: () => now,
    moveTo: (time) => (now = time),
    moveBySeconds: (seconds) => (now = new Date(now.getTime() + seconds * 1000)),
  }
  const logged: { readonly message: string; readonly fields: object }[] = []
  const log = (fields: object, message: string): void => void logged.push({ message, fields })
  const logger: Logger = { debug: log, info: log, warn: log, error: log }
  const deps: AuthorityDeps = {
    database,
    clock,
    logger,
    policies: sharedPolicyEngine(),
    offeredBindings: () => ['none'],
    takesHolderKeys: () => false,
  }
  const inTenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(tenantId, work)
  await inTenant((tx) => ensureDefaultPolicy(tx, now))

  return {
    deps,
    clock,
    database,
    logged,
    inTenant,
    superuserUrl: testDatabase.superuserUrl,
    ...rowMakers(inTenant, clock),
    async drop() {
      await database.close()
      await testDatabase.drop()
    },
  }
}

export interface IdentityOptions {
  readonly kind?: IdentityKind
  readonly environment?: Environment
  readonly expiresAt?: Date
  readonly attributes?: Readonly<Record<string, unknown>>
}

export interface ResourceOptions {
  readonly environment?: Environment
  readonly reach?: Reach
  readonly delivery?: 'direct' | 'gateway'
}

export interface TaskOptions {
  readonly declaredBy: { readonly personId: PersonId } | { readonly identityId: IdentityId }
  readonly kind?: TaskKind
  readonly deadline?: Date
  readonly attestationId?: AttestationId
}

function rowMakers(inTenant: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>, clock: Clock) {
  let trustProvider: TrustProviderId | undefined

  async function makeTrustProvider(): Promise<TrustProviderId> {
    const id = newId<TrustProviderId>()
    await inTenant((tx) =>
      tx.query
        .insertInto('trust_provider')
        .values({
          trust_provider_id: id,
          name: `tp-${id.slice(-8)}`,
          kind: 'oidc',
          issuer: `https://${id}.example`,
          settings: '{}',
          strength: 'platform',
          fresh_for_seconds: 3600,
        })
        .execute(),
    )
    return id
  }

  async function attest(
    who: { readonly identityId: IdentityId } | { readonly personId: PersonId },
    strength: Strength = 'platform',
    freshForSeconds = 86_400,
  ): Promise<AttestationId> {
    trustProvider ??= await makeTrustProvider()
    const trustProviderId = trustProvider
    const attestationId = newId<AttestationId>()
    const now = clock.now()
    const subject = 'identityId' in who ? { identity_id: who.identityId } : { person_id: who.personId }
    await inTenant(async (tx) => {
      const bindingId = newId<never>()
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
          strength,
          accepted_at: now,
          fresh_until: new Date(now.getTime() + freshForSeconds * 1000),
          token_expires_at: new Date(now.getTime() + 300_000),
          decision_id: newId<DecisionId>(),
          ...subject,
        })
        .execute()
    })
    return attestationId
  }

  return {
    attest,
    makeTrustProvider,

    async makePerson(...roles: PersonRole[]): Promise<PersonId> {
      const id = newId<PersonId>()
      await inTenant((tx) =>
        tx.query
          .insertInto('person')
          .values({ person_id: id, name: 'Somebody', email: `${id}@example.com`, roles })
          .execute(),
      )
      return id
    },

    async personContext(personId: PersonId, ...roles: PersonRole[]): Promise<RequestContext> {
      const attestationId = await attest({ personId }, 'bound_key')
      return { tenantId, requestId: newId<string>(), actor: { kind: 'person', personId, roles, attestationId } }
    },

    async identityContext(identityId: IdentityId, strength: Strength = 'platform'): Promise<RequestContext> {
      const attestationId = await attest({ identityId }, strength)
      return { tenantId, requestId: newId<string>(), actor: { kind: 'identity', identityId, attestationId } }
    },

    async makeOwner(name: string, primary: PersonId, deputy?: PersonId): Promise<OwnerId> {
      const id = newId<OwnerId>()
      await inTenant((tx) =>
        tx.query
          .insertInto('owner')
          .values({
            owner_id: id,
            name,
            contact: '#team',
            primary_person_id: primary,
            deputy_person_id: deputy ?? null,
          })
          .execute(),
      )
      return id
    },

    async makeIdentity(name: string, ownerId: OwnerId, options: IdentityOptions = {}): Promise<IdentityId> {
      const id = newId<IdentityId>()
      await inTenant((tx) =>
        tx.query
          .insertInto('identity')
          .values({
            identity_id: id,
            name,
            kind: options.kind ?? 'job',
            owner_id: ownerId,
            purpose: 'does what a test asks of it',
            environment: options.environment ?? 'staging',
            expires_at: options.expiresAt ?? new Date('2027-06-01T00:00:00Z'),
            spiffe_id: `spiffe://example.org/test/${name}`,
            attributes: JSON.stringify(options.attributes ?? {}),
          })
          .execute(),
      )
      return id
    },

    async makeResource(name: string, ownerId: OwnerId, options: ResourceOptions = {}): Promise<ResourceId> {
      const id = newId<ResourceId>()
      await inTenant((tx) =>
        tx.query
          .insertInto('resource')
          .values({
            resource_id: id,
            name,
            provider_kind: 'postgres',
            environment: options.environment ?? 'staging',
            reach: options.reach ?? 'data',
            data_class: 'internal',
            exposure: 'internal',
            delivery: options.delivery ?? 'direct',
            owner_id: ownerId,
            settings: '{}',
            sealed_secret: 'sealed',
            fingerprint: 'fingerprint',
          })
          .execute(),
      )
      return id
    },

    async makeRole(resourceId: ResourceId, name: string): Promise<RoleId> {
      const id = newId<RoleId>()
      await inTenant((tx) =>
        tx.query.insertInto('role').values({ role_id: id, resource_id: resourceId, name, permission: '{}' }).execute(),
      )
      return id
    },

    async makeTask(identityId: IdentityId, roleIds: readonly RoleId[], options: TaskOptions): Promise<TaskId> {
      const id = newId<TaskId>()
      const now = clock.now()
      const { declaredBy } = options
      await inTenant(async (tx) => {
        const { environment } = await tx.query
          .selectFrom('identity')
          .select('environment')
          .where('identity_id', '=', identityId)
          .executeTakeFirstOrThrow()
        await tx.query
          .insertInto('task')
          .values({
            task_id: id,
            kind: options.kind ?? 'declared',
            identity_id: identityId,
            declared_by_person: 'personId' in declaredBy ? declaredBy.personId : null,
            declared_by_identity: 'identityId' in declaredBy ? declaredBy.identityId : null,
            attestation_id: options.attestationId ?? null,
            purpose: 'a task of a test',
            environment,
            deadline: options.deadline ?? new Date(now.getTime() + 3_600_000),
            decision_id: newId<DecisionId>(),
            declared_at: now,
          })
          .execute()
        await tx.query
          .insertInto('task_role')
          .values(roleIds.map((roleId) => ({ task_id: id, role_id: roleId })))
          .execute()
      })
      return id
    },

    /** Live credentials, `count` of them, as if issued now under the active policy version. */
    async makeCredentials(
      count: number,
      of: {
        readonly identityId: IdentityId
        readonly roleId: RoleId
        readonly attestationId: AttestationId
        readonly taskId?: TaskId
        readonly ttlSeconds?: number
      },
    ): Promise<CredentialId[]> {
      const now = clock.now()
      const expiresAt = new Date(now.getTime() + (of.ttlSeconds ?? 600) * 1000)
      return inTenant(async (tx) => {
        const role = await tx.query
          .selectFrom('role')
          .innerJoin('resource', 'resource.resource_id', 'role.resource_id')
          .select(['resource.resource_id', 'resource.environment'])
          .where('role_id', '=', of.roleId)
          .executeTakeFirstOrThrow()
        const policy = await tx.query
          .selectFrom('policy_version')
          .select('policy_version_id')
          .where('state', '=', 'active')
          .executeTakeFirstOrThrow()
        const ids = Array.from({ length: count }, () => newId<CredentialId>())
        await tx.query
          .insertInto('credential')
          .values(
            ids.map((id) => ({
              credential_id: id,
              identity_id: of.identityId,
              task_id: of.taskId ?? null,
              attestation_id: of.attestationId,
              role_id: of.roleId,
              resource_id: role.resource_id,
              provider_kind: 'postgres',
              account_name: `mayfly_${id.replaceAll('-', '')}`,
              environment: role.environment,
              decision_id: newId<DecisionId>(),
              policy_version_id: policy.policy_version_id,
              requested_at: now,
              create_deadline_at: new Date(now.getTime() + 30_000),
              expires_at: expiresAt,
              max_expires_at: expiresAt,
            })),
          )
          .execute()
        await tx.query
          .updateTable('credential')
          .set({ state: 'active', active_at: now })
          .where('credential_id', 'in', ids)
          .execute()
        return ids
      })
    },
  }
}
