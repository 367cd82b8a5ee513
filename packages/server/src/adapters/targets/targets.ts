/**
 * Open ways to targets, kept by resource and version.
 *
 * Promise: what is kept is immutable: a changed resource has another version and is opened anew; the old way is closed
 * when its last user has done. The admin login is unsealed inside a transaction, the target is opened outside of one.
 * While Mayfly changes the secret of its own login, work goes on: where one secret is refused, the other is tried, and
 * then what stands in the row by now.
 */
import { type Clock, MayflyError, type ResourceId, type TenantId } from '@mayfly/domain'
import {
  type Abilities,
  type AccountProvider,
  isLoginRefused,
  type Secret,
  type SecretVersions,
  type Target,
} from '@mayfly/provider-kit'
import type { Database, Tx } from '../../store/database.ts'
import { getTargetRow } from '../../store/removal-rows.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { sealPlace } from '../keys/seal-place.ts'
import { resourceEnds } from './resource-ends.ts'

/** A provider with its types forgotten: settings, permission and secret are what its own schemas parsed. */
export type Provider = AccountProvider<Record<string, unknown>, unknown, unknown>
export type OpenTarget = Target<unknown> & Partial<Abilities<unknown>>

/** The columns of a resource that say how to reach it. */
export interface TargetRow {
  readonly resource_id: ResourceId
  readonly version: number
  readonly provider_kind: string
  readonly settings: unknown
  readonly sealed_secret: string
  /** What the login is being changed to; either may be in force. */
  readonly sealed_next_secret: string | null
}

/** A target that can be opened without the database. */
export interface PreparedTarget {
  readonly provider: Provider
  /**
   * Runs `work` with the open target; opens it first where it is not open yet. Not inside a transaction (law 10). Runs it
   * again with another secret where the target refused the login, and only then: nothing has been done there.
   */
  use<T>(work: (target: OpenTarget) => Promise<T>): Promise<T>
}

export interface Targets {
  /** @throws MayflyError `provider_unknown`, `settings_invalid`, `key_unusable` */
  prepare(tx: Tx, row: TargetRow): Promise<PreparedTarget>
  /** Closes all; for the end of the process. */
  close(): Promise<void>
}

export interface TargetsDeps {
  readonly providers: ReadonlyMap<string, Provider>
  readonly keys: KeyRing
  readonly database: Database
  readonly clock: Clock
  /** Under which URL the tenant's documents are published, without a trailing slash. */
  readonly issuerOf: (tenantId: TenantId) => Promise<string>
  /** What a kind that keeps a static secret is given; without it such a resource cannot be opened. */
  readonly versionsOf?: (tenantId: TenantId, resourceId: ResourceId) => SecretVersions
  /** Told what went wrong while a target was closed; nothing waits for it. */
  readonly onCloseError: (error: unknown) => void
}

interface Kept {
  readonly tenantId: TenantId
  readonly resourceId: ResourceId
  readonly version: number
  /** By the secret in force as far as is known; then by the one that it is being changed to. */
  readonly ways: readonly Way[]
  users: number
  replaced: boolean
}

interface Way {
  readonly open: () => Promise<OpenTarget>
  opened: Promise<OpenTarget> | undefined
}

export function createTargets(deps: TargetsDeps): Targets {
  const kept = new Map<ResourceId, Kept>()

  async function prepareAnew(tx: Tx, row: TargetRow, provider: Provider): Promise<Kept> {
    const secrets = [await deps.keys.open(tx, row.sealed_secret, sealPlace.resourceSecret(row.resource_id))]
    if (row.sealed_next_secret !== null) {
      const place = sealPlace.resourceNextSecret(row.resource_id)
      secrets.push(await deps.keys.open(tx, row.sealed_next_secret, place))
    }
    const fresh: Kept = {
      tenantId: tx.tenantId,
      resourceId: row.resource_id,
      version: row.version,
      ways: secrets.map((secret) => {
        const config = parseConfig(provider, row, secret)
        const versions = deps.versionsOf?.(tx.tenantId, row.resource_id)
        const open = async () =>
          provider.open({
            ...config,
            ...(versions && { versions }),
            published: await endsOf(tx.tenantId, row.resource_id),
          })
        return { open, opened: undefined }
      }),
      users: 0,
      replaced: false,
    }
    const present = kept.get(row.resource_id)
    // Another transaction may have read a newer version in the meantime.
    if (present !== undefined && present.version >= row.version) return present
    kept.set(row.resource_id, fresh)
    if (present !== undefined) {
      present.replaced = true
      closeIfUnused(present)
    }
    return fresh
  }

  async function endsOf(tenantId: TenantId, resourceId: ResourceId) {
    const issuer = await deps.issuerOf(tenantId)
    return resourceEnds({ database: deps.database, now: () => deps.clock.now(), tenantId, resourceId, issuer })
  }

  function closeIfUnused(entry: Kept): void {
    if (!entry.replaced || entry.users > 0) return
    for (const way of entry.ways) {
      way.opened?.then((target) => target.close()).catch(deps.onCloseError)
      way.opened = undefined
    }
  }

  async function use<T>(entry: Kept, work: (target: OpenTarget) => Promise<T>): Promise<T> {
    try {
      return await useEither(entry, work)
    } catch (error) {
      const newer = isLoginRefused(error) ? await findNewer(entry) : undefined
      if (newer === undefined) throw error
      return useEither(newer, work)
    }
  }

  async function useEither<T>(entry: Kept, work: (target: OpenTarget) => Promise<T>): Promise<T> {
    entry.users += 1
    try {
      let refused: unknown
      for (const way of entry.ways) {
        try {
          way.opened ??= way.open()
          return await work(await forgetIfFailed(way, way.opened))
        } catch (error) {
          if (!isLoginRefused(error)) throw error
          refused = error
        }
      }
      throw refused
    } finally {
      entry.users -= 1
      closeIfUnused(entry)
    }
  }

  /** The same target as the row says now; undefined where nobody has changed it. */
  async function findNewer({ tenantId, resourceId, version }: Kept): Promise<Kept | undefined> {
    return deps.database.transaction(tenantId, async (tx) => {
      const row = await getTargetRow(tx, resourceId)
      return row.version === version ? undefined : findEntry(tx, row, getProvider(row.provider_kind))
    })
  }

  async function findEntry(tx: Tx, row: TargetRow, provider: Provider): Promise<Kept> {
    const present = kept.get(row.resource_id)
    return present?.version === row.version ? present : prepareAnew(tx, row, provider)
  }

  function getProvider(kind: string): Provider {
    const provider = deps.providers.get(kind)
    if (provider !== undefined) return provider
    throw new MayflyError('provider_unknown', {
      publicDetail: `there is no provider of kind \`${kind}\` in this build`,
    })
  }

  return {
    async prepare(tx, row) {
      const provider = getProvider(row.provider_kind)
      const entry = await findEntry(tx, row, provider)
      return { provider, use: (work) => use(entry, work) }
    },
    async close() {
      const open = [...kept.values()].flatMap((entry) => entry.ways.flatMap((way) => way.opened ?? []))
      kept.clear()
      const closed = await Promise.allSettled(open.map(async (opened) => (await opened).close()))
      for (const outcome of closed) if (outcome.status === 'rejected') deps.onCloseError(outcome.reason)
    },
  }
}

/** A way that could not be opened must not be kept: the next use tries again. */
async function forgetIfFailed(way: Way, opened: Promise<OpenTarget>): Promise<OpenTarget> {
  try {
    return await opened
  } catch (error) {
    if (way.opened === opened) way.opened = undefined
    throw error
  }
}

function parseConfig(provider: Provider, row: TargetRow, sealed: Secret) {
  const settings = provider.settings.safeParse(row.settings)
  const secret = provider.secret.safeParse(JSON.parse(sealed.reveal()))
  if (settings.success && secret.success) return { settings: settings.data, secret: secret.data }
  throw new MayflyError('settings_invalid', {
    // Only the places of the faults: a message might quote what was entered.
    log: `resource ${row.resource_id}: ${[...(settings.error?.issues ?? []), ...(secret.error?.issues ?? [])]
      .map((issue) => issue.path.join('.'))
      .join(', ')}`,
    publicDetail: 'the stored settings of the resource do not fit its provider any more',
    hint: 'enter the settings and the secret of the resource again',
  })
}
