import { readFile } from 'node:fs/promises'
import { problems } from '@mayfly/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ErrorRow, errors } from './error-table.ts'
import { startWorld, type World } from './world.ts'

const root = new URL('../../../', import.meta.url)
let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const rows = Object.entries<ErrorRow>(errors)

test('every code of the catalogue has its row', () => {
  expect(Object.keys(errors).toSorted()).toEqual(Object.keys(problems).toSorted())
})

const here = rows.flatMap(([code, row]) => ('produce' in row ? [[code, row.produce] as const] : []))

describe.each(here)('%s', (code, produce) => {
  test('is what comes of it', async () => {
    expect(await produce(world)).toBe(code)
  })
})

const elsewhere = rows.flatMap(([code, row]) => ('elsewhere' in row ? [[code, row] as const] : []))

describe.each(elsewhere)('%s', (code, row) => {
  test(`is produced in ${row.elsewhere}`, async () => {
    const suite = await readFile(new URL(row.elsewhere, root), 'utf8')
    expect(suite.includes(row.as ?? code)).toBe(true)
  })
})
