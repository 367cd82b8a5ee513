import type { MayflyClient } from '@mayfly/client'
import { type Command, InvalidArgumentError } from 'commander'
import { callApi } from './call-api.ts'

export interface PageOptions {
  readonly limit: number
  readonly cursor?: string
  readonly all?: true
}

export interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[]
  readonly next_cursor: string | null
}

const largestPage = 200

export function addPageOptions(command: Command): void {
  command
    .option('--limit <count>', 'items at most', wholeNumber, 50)
    .option('--cursor <cursor>', 'the `next_cursor` of the page before')
    .option('--all', 'every page')
}

export async function listPages(
  api: MayflyClient,
  path: string,
  filters: Readonly<Record<string, unknown>>,
  { limit, cursor, all }: PageOptions,
): Promise<Page> {
  const items: Page['items'][number][] = []
  const most = all ? Number.POSITIVE_INFINITY : limit
  let next = cursor ?? null
  do {
    const wanted = Math.min(most - items.length, largestPage)
    const query = { ...filters, limit: wanted, ...(next !== null && { cursor: next }) }
    const page = (await callApi(api, 'GET', path, { query })) as unknown as Page
    items.push(...page.items)
    next = page.next_cursor
  } while (next !== null && items.length < most)
  return { items, next_cursor: next }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It is not a whole number from 1.')
  return Number(text)
}
