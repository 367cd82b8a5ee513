/**
 * Open ways to targets, kept by resource and version.
 *
 * Promise: what is kept is immutable: a changed resource has another version and is opened anew; the old way is closed
 * when its last user has done. The admin login is unsealed inside a transaction, the target is opened outside of one.
 */
import { MayflyError, type ResourceId } from '@mayfly/domain'
import type { AccountProvider, Enumerable, Renewable, Secret, Target } from '@mayfly/provider-kit'
import type { Tx } from '../../store/database.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { sealPlace } from '../keys/seal-place.ts'

/** A provider with its types forgotten: settings, permission and secret are what its own schemas parsed. */
export type Provider = AccountProvider<Record<string, unknown>, unknown, unknown>
export type OpenTarget = Target<unknown> & Partial<Renewable & Enumerable>

/** The columns of a resource that say how to reach it. */
export interface TargetRow {
  readonly resource_id: ResourceId
  readonly version: number
  readonly provider_kind: string
  readonly settings: unknown
  readonly sealed_secret: string
}

/** A target that can be opened without the database. */
export interface PreparedTarget {
  readonly provider: Provider
  /** Runs `work` with the open target; opens it first where it is not open yet. Not inside a transaction (law 10). */
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
  /** Told what went wrong while a target was closed; nothing waits for it. */
  readonly onCloseError: (error: unknown) => void
}

interface Kept {
  readonly version: number
  readonly open: () => Promise<OpenTarget>
  opened: Promise<OpenTarget> | undefined
  users: number
  replaced: boolean
}

export function createTargets(deps: TargetsDeps): Targets {
  const kept = new Map<ResourceId, Kept>()

  async function prepareAnew(tx: Tx, row: TargetRow, provider: Provider): Promise<Kept> {
    const sealed = await deps.keys.open(tx, row.sealed_secret, sealPlace.resourceSecret(row.resource_id))
    const config = parseConfig(provider, row, sealed)
    const fresh: Kept = {
      version: row.version,
      open: () => provider.open(config),
      opened: undefined,
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

  function closeIfUnused(entry: Kept): void {
    if (!entry.replaced || entry.users > 0 || entry.opened === undefined) return
    const opened = entry.opened
    entry.opened = undefined
    opened.then((target) => target.close()).catch(deps.onCloseError)
  }

  async function use<T>(entry: Kept, work: (target: OpenTarget) => Promise<T>): Promise<T> {
    entry.users += 1
    try {
      entry.opened ??= entry.open()
      return await work(await forgetIfFailed(entry, entry.opened))
    } finally {
      entry.users -= 1
      closeIfUnused(entry)
    }
  }

  return {
    async prepare(tx, row) {
      const provider = deps.providers.get(row.provider_kind)
      if (provider === undefined) {
        throw new MayflyError('provider_unknown', {
          publicDetail: `there is no provider of kind \`${row.provider_kind}\` in this build`,
        })
      }
      const present = kept.get(row.resource_id)
      const entry = present?.version === row.version ? present : await prepareAnew(tx, row, provider)
      return { provider, use: (work) => use(entry, work) }
    },
    async close() {
      const open = [...kept.values()].flatMap((entry) => entry.opened ?? [])
      kept.clear()
      const closed = await Promise.allSettled(open.map(async (opened) => (await opened).close()))
      for (const outcome of closed) if (outcome.status === 'rejected') deps.onCloseError(outcome.reason)
    },
  }
}

/** A way that could not be opened must not be kept: the next use tries again. */
async function forgetIfFailed(entry: Kept, opened: Promise<OpenTarget>): Promise<OpenTarget> {
  try {
    return await opened
  } catch (error) {
    if (entry.opened === opened) entry.opened = undefined
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
