/** What a provider may ask of the rows of its resource: what has ended, and to be alone while it says so at the target. */
import { MayflyError, type ResourceId, type TenantId } from '@mayfly/domain'
import type { PublishedEnds } from '@mayfly/provider-kit'
import type { Database, Tx } from '../../store/database.ts'
import {
  findIssuedCredentials,
  listEndedCredentials,
  listLongOver,
  nextPublishedNumber,
} from '../../store/ended-rows.ts'
import { findEndedCredentials } from '../../store/status-list-rows.ts'

/** How long one waits for its turn: less than a statement may take. */
const turnMs = 10_000
/** What is past its end for so long is over by every clock. */
const longOverMs = 600_000

export interface ResourceEndsInput {
  readonly database: Database
  readonly now: () => Date
  readonly tenantId: TenantId
  readonly resourceId: ResourceId
  /** Of the tenant, without a trailing slash. */
  readonly issuer: string
}

export function resourceEnds({ database, now, tenantId, resourceId, issuer }: ResourceEndsInput): PublishedEnds {
  // In this process they queue here, so that one resource never holds more than one connection.
  let last: Promise<unknown> = Promise.resolve()

  async function alone<T>(work: () => Promise<T>): Promise<T> {
    return database.withClient(async (client) => {
      const lock = `mayfly target ${resourceId}`
      // A lock of the session and not of a transaction: none stays open while another system is waited for (law 10).
      await client.query(`set lock_timeout = ${turnMs}`)
      try {
        await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [lock])
      } catch (cause) {
        throw new MayflyError('target_timeout', {
          log: `resource ${resourceId}: no turn within ${turnMs} ms`,
          publicDetail: 'another server is busy at this target',
          cause,
        })
      }
      const result = await work()
      await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lock])
      await client.query('reset lock_timeout')
      return result
    })
  }

  /** One statement, with its commit. */
  function read<T>(statement: (tx: Tx) => Promise<T>): Promise<T> {
    return database.transaction(tenantId, (tx) => {
      tx.commitWithNext()
      return statement(tx)
    })
  }

  return {
    url: `${issuer}/published/${resourceId}`,
    issued: (ids) => read((tx) => findIssuedCredentials(tx, resourceId, ids)),
    ended: (ids) => read((tx) => findEndedCredentials(tx, ids)),
    listEnded: () => read((tx) => listEndedCredentials(tx, resourceId, now())),
    longOver: (keys) => read((tx) => listLongOver(tx, resourceId, keys, new Date(now().getTime() - longOverMs))),
    nextList: () =>
      database.transaction(tenantId, async (tx) => {
        // Another server's next number waits for this commit, and its rows are read after that. In two statements: one would
        // read what was there before it had its number.
        const number = await nextPublishedNumber(tx, resourceId)
        tx.commitWithNext()
        return { number, ended: await listEndedCredentials(tx, resourceId, now()) }
      }),
    exclusively(work, signal) {
      const turn = last.then(() => {
        if (signal.aborted)
          throw new MayflyError('target_timeout', { log: `resource ${resourceId}: aborted in the queue` })
        return alone(work)
      })
      // The next one waits for its end, whatever it was.
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
