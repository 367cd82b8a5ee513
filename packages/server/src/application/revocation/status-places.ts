/**
 * Gives each token a place in a status list of its tenant, used once and never again (Token Status List section 4.2).
 *
 * Promise: a place is taken from the database before it is handed out, a few hundred at a time, so that requests do not wait
 * for each other; what a process that dies had in hand stays unused.
 */
import { randomBytes } from 'node:crypto'
import { newId, type StatusListId, type TenantId } from '@mayfly/domain'
import { type ReservedPlaces, reservePlaces } from '../../store/status-list-rows.ts'
import type { CoreDeps } from '../context.ts'
import { permuteIndex } from './permute-index.ts'

export interface StatusPlace {
  readonly listId: StatusListId
  readonly index: number
}

export interface StatusPlaces {
  take(tenantId: TenantId): Promise<StatusPlace>
  /** Of a place that no row has: it can be taken again. */
  giveBack(tenantId: TenantId, place: StatusPlace): void
}

/** One compressed list of so many is 16 KiB at most. */
export const statusListSize = 131_072
const reservedAtOnce = 256

export interface StatusPlacesOptions {
  /** Places of a new list; a multiple of 8. */
  readonly listSize?: number
}

interface Held {
  readonly places: ReservedPlaces
  taken: number
}

const maxReturned = 1_024

export function openStatusPlaces(
  { database, clock }: Pick<CoreDeps, 'database' | 'clock'>,
  { listSize = statusListSize }: StatusPlacesOptions = {},
): StatusPlaces {
  const heldOf = new Map<TenantId, Held>()
  const underWay = new Map<TenantId, Promise<void>>()
  const returnedTo = new Map<TenantId, StatusPlace[]>()

  async function reserve(tenantId: TenantId): Promise<void> {
    const places = await database.transaction(tenantId, (tx) =>
      reservePlaces(tx, reservedAtOnce, {
        listId: newId<StatusListId>(),
        size: listSize,
        orderSeed: randomBytes(32),
        now: clock.now(),
      }),
    )
    heldOf.set(tenantId, { places, taken: 0 })
  }

  return {
    async take(tenantId) {
      const returned = returnedTo.get(tenantId)?.pop()
      if (returned !== undefined) return returned
      for (;;) {
        const held = heldOf.get(tenantId)
        if (held !== undefined && held.taken < held.places.count) {
          const { listId, size, orderSeed, from } = held.places
          const ordinal = from + held.taken
          held.taken += 1
          return { listId, index: permuteIndex(orderSeed, size, ordinal) }
        }
        const reserving = underWay.get(tenantId) ?? reserve(tenantId).finally(() => underWay.delete(tenantId))
        underWay.set(tenantId, reserving)
        await reserving
      }
    },
    giveBack(tenantId, place) {
      const returned = returnedTo.get(tenantId) ?? []
      if (returned.length < maxReturned) returned.push(place)
      returnedTo.set(tenantId, returned)
    },
  }
}
