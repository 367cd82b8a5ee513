import { newId } from '@mayfly/domain'
import { describe, expect, test } from 'vitest'
import { readPage } from './pages.ts'

const rows = Array.from({ length: 5 }, () => ({ id: newId<string>() }))

const read = (query: { limit: number; cursor?: string; state?: string }, list = 'things') =>
  readPage(
    list,
    query,
    async ({ after, limit }) => rows.filter((row) => after === undefined || row.id > after).slice(0, limit),
    (row) => row.id,
    (row) => row.id,
  )

describe('pages of a list', () => {
  test('lead through all rows, each once, and end', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await read({ limit: 2, ...(cursor !== null && { cursor }) })
      seen.push(...page.items)
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(seen).toEqual(rows.map((row) => row.id))
  })

  test('a cursor belongs to its list and its filters', async () => {
    const { next_cursor: cursor } = await read({ limit: 2, state: 'active' })
    if (cursor === null) throw new Error('there is a second page')
    expect((await read({ limit: 3, state: 'active', cursor })).items, 'control').toHaveLength(3)
    await expect(read({ limit: 2, state: 'retired', cursor })).rejects.toMatchObject({ code: 'cursor_invalid' })
    await expect(read({ limit: 2, state: 'active', cursor }, 'others')).rejects.toMatchObject({
      code: 'cursor_invalid',
    })
    await expect(read({ limit: 2, cursor: 'bm9uc2Vuc2U' })).rejects.toMatchObject({ code: 'cursor_invalid' })
  })
})
