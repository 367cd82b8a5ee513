import { expect, test } from 'vitest'
import { preparedNameOf } from './prepared-names.ts'

const named = (text: string) => Array.from({ length: 6 }, () => preparedNameOf(text)).at(-1)

test('a statement that is sent again and again is prepared', () => {
  expect(named('select 1 from credential where credential_id = $1')).toMatch(/^mayfly_\d+$/)
})

test('one that takes many rows in hand is planned each time: a plan made for one would take seconds for a thousand', () => {
  expect(named('with locked as materialized (select $1) update credential set state = $2 from locked')).toBeUndefined()
})
