/**
 * The versions of a static secret, as its provider is given them: rows with their entries, sealed (laws 5 and 6).
 *
 * It stands beside revocation because the end of a version is what the end of a credential waits for.
 */
import { type Clock, newId, type ResourceId, type TenantId } from '@mayfly/domain'
import type { SecretVersion, SecretVersions } from '@mayfly/provider-kit'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import { getCredential } from '../../store/credential-rows.ts'
import type { Database, Tx } from '../../store/database.ts'
import { makeLookDue } from '../../store/look-rows.ts'
import {
  bringReadersForward,
  findSecretVersion,
  holdCurrentVersion,
  insertSecretRead,
  insertSecretVersion,
  listSecretReaders,
  listSecretVersions,
  type SecretVersionRow,
  updateSecretVersion,
} from '../../store/secret-version-rows.ts'
import { wakeWorkers } from '../../store/wake-workers.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditSubject } from '../audit/audit-entry.ts'
import type { Actor } from '../context.ts'
import { closeFinding, raiseFinding } from './raise-finding.ts'

export interface SecretVersionsInput {
  readonly database: Database
  readonly clock: Clock
  readonly keys: KeyRing
  readonly tenantId: TenantId
  readonly resourceId: ResourceId
}

const actor: Actor = { kind: 'system', worker: 'keep-secrets' }
const noticeFinding = 'secret_version_shared'

export function secretVersions({ database, clock, keys, tenantId, resourceId }: SecretVersionsInput): SecretVersions {
  const inTenant = <T>(work: (tx: Tx) => Promise<T>) => database.transaction(tenantId, work)
  const subjectOf = (number: number) => `resource:${resourceId}/version/${number}`

  async function opened(tx: Tx, row: SecretVersionRow): Promise<SecretVersion> {
    const { number, account, state, current_at: currentSince, ends_at: endsAt } = row
    return {
      number,
      account,
      state: state as SecretVersion['state'],
      secret: await keys.open(tx, row.sealed_secret ?? '', sealPlace.secretVersion(row.secret_version_id)),
      ...(currentSince === null ? {} : { currentSince }),
      ...(endsAt === null ? {} : { endsAt }),
    }
  }

  async function say(tx: Tx, action: `secret_version.${string}`, row: SecretVersionRow, about: AuditSubject = {}) {
    const { number, account, state, ends_at: endsAt } = row
    await appendAudit(tx, {
      action,
      at: clock.now(),
      actor,
      ...about,
      body: {
        resource_id: resourceId,
        number,
        account,
        state,
        ...(endsAt === null ? {} : { ends_at: endsAt.toISOString() }),
      },
    })
  }

  return {
    list: () =>
      inTenant(async (tx) => {
        const versions: SecretVersion[] = []
        for (const row of await listSecretVersions(tx, resourceId)) versions.push(await opened(tx, row))
        return versions
      }),
    add: ({ account, secret }) =>
      inTenant(async (tx) => {
        const pending = (await listSecretVersions(tx, resourceId)).find((one) => one.state === 'pending')
        if (pending !== undefined) return opened(tx, pending)
        const id = newId<string>()
        const row = await insertSecretVersion(tx, {
          secret_version_id: id,
          resource_id: resourceId,
          account,
          sealed_secret: await keys.seal(tx, secret, sealPlace.secretVersion(id)),
          fingerprint: await keys.fingerprint(tx, secret),
          made_at: clock.now(),
        })
        await say(tx, 'secret_version.made', row)
        return opened(tx, row)
      }),
    makeCurrent: (number, previousEndsAt) =>
      inTenant(async (tx) => {
        const before = (await listSecretVersions(tx, resourceId)).find((one) => one.state === 'current')
        if (before !== undefined) {
          const row = await updateSecretVersion(
            tx,
            { resourceId, number: before.number },
            { state: 'previous', ends_at: earlier(before.ends_at, previousEndsAt) },
          )
          await say(tx, 'secret_version.replaced', row)
        }
        const now = clock.now()
        const change = { state: 'current', current_at: now } as const
        await say(tx, 'secret_version.activated', await updateSecretVersion(tx, { resourceId, number }, change))
        await makeLookDue(tx, { resourceId, kind: 'upkeep', at: before === undefined ? now : previousEndsAt })
      }),
    giveNotice: (number, endsAt, detail) =>
      inTenant(async (tx) => {
        const known = await findSecretVersion(tx, resourceId, number)
        if (known === undefined || known.state === 'ended') return
        const row = await updateSecretVersion(tx, { resourceId, number }, { ends_at: earlier(known.ends_at, endsAt) })
        await say(tx, 'secret_version.noticed', row)
        const finding = { kind: noticeFinding, subject: subjectOf(number), severity: 'high', detail } as const
        await raiseFinding(tx, finding, actor, clock.now())
        await makeLookDue(tx, { resourceId, kind: 'upkeep', at: endsAt })
      }),
    end: (number) =>
      inTenant(async (tx) => {
        const now = clock.now()
        const change = { state: 'ended', ended_at: now, sealed_secret: null } as const
        const row = await updateSecretVersion(tx, { resourceId, number }, change)
        await say(tx, 'secret_version.ended', row)
        await closeFinding(tx, { kind: noticeFinding, subject: subjectOf(number) }, actor, now)
        await bringReadersForward(tx, row.secret_version_id, now)
        await wakeWorkers(tx, 'revocation')
      }),
    read: (credentialId) =>
      inTenant(async (tx) => {
        const [row, holder] = await Promise.all([holdCurrentVersion(tx, resourceId), getCredential(tx, credentialId)])
        if (row === undefined) return undefined
        const about = {
          credentialId,
          identityId: holder.identity_id,
          taskId: holder.task_id ?? undefined,
          attestationId: holder.attestation_id,
        }
        const read = { credential_id: credentialId, secret_version_id: row.secret_version_id, read_at: clock.now() }
        const [version] = await Promise.all([
          opened(tx, row),
          insertSecretRead(tx, read),
          say(tx, 'secret_version.read', row, about),
        ])
        return version
      }),
    listReaders: () =>
      inTenant(async (tx) =>
        (await listSecretReaders(tx, resourceId)).map((row) => ({
          credentialId: row.credential_id,
          identityId: row.identity_id,
          number: row.number,
          isLive: row.is_live,
        })),
      ),
  }
}

function earlier(known: Date | null, at: Date): Date {
  return known !== null && known < at ? known : at
}
