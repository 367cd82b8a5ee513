/**
 * Pages of a list.
 *
 * A cursor says after which row to go on. It is bound to its list and the list's filters and is checked, not signed: it
 * opens nothing that the caller could not ask for anyway, because row-level security and the gate judge every page.
 */
import { createHash } from 'node:crypto'
import { isId, MayflyError } from '@mayfly/domain'
import type { PageRequest } from '../../store/page.ts'

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Page<T> {
  readonly items: T[]
  readonly next_cursor: string | null
}

/**
 * Reads one page.
 *
 * @param list the name of the list, e.g. `owners`
 * @param query the parsed query, filters included: a cursor goes with the filters that it was made under
 * @param read gives the rows after `after` in ascending order of id, at most `limit`: one more than is shown, which
 *   tells whether there is a next page
 * @throws MayflyError `cursor_invalid`
 */
export async function readPage<Row, T>(
  list: string,
  query: PageQuery,
  read: (page: PageRequest) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
  wire: (row: Row) => T,
): Promise<Page<T>> {
  const binding = bindingOf(list, query)
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, binding)
  const rows = await read({ ...(after !== undefined && { after }), limit: query.limit + 1 })
  const shown = rows.slice(0, query.limit)
  const last = shown.at(-1)
  const more = rows.length > query.limit && last !== undefined
  return { items: shown.map(wire), next_cursor: more ? encodeCursor(idOf(last), binding) : null }
}

function bindingOf(list: string, query: PageQuery): string {
  const filters = Object.entries(query)
    .filter(([name, value]) => name !== 'limit' && name !== 'cursor' && value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([list, filters]))
    .digest('base64url')
    .slice(0, 12)
}

function encodeCursor(after: string, binding: string): string {
  return Buffer.from(`${binding}.${after}`).toString('base64url')
}

function decodeCursor(cursor: string, binding: string): string {
  const [bound, after = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split('.', 2)
  if (bound !== binding || !isId(after)) {
    throw new MayflyError('cursor_invalid', {
      hint: 'give the `next_cursor` of the page before, with the same filters; or leave it out to begin again',
    })
  }
  return after
}
