/** Wakes those who follow a revocation, on whichever server the work is done; the key is the tenant. */
import type { Database } from '../../store/database.ts'
import { progressChannel } from '../../store/revocation-progress.ts'
import { createWakeFeed, type WakeFeed } from '../wake-feed.ts'

export type ProgressFeed = WakeFeed

export function createProgressFeed(database: Pick<Database, 'listen'>): ProgressFeed {
  return createWakeFeed(database, progressChannel)
}
