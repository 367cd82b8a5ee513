import fc from 'fast-check'
import { hostileTexts } from '@mayfly/provider-kit'
import { describe, expect, test } from 'vitest'
import { quoteIdentifier } from '../../../packages/providers/postgres/src/quote-identifier.ts'
import { quoteLiteral } from '../../../packages/providers/postgres/src/quote-literal.ts'
import { createTargetDatabase, withClient } from '../../support/index.ts'
import { versions } from './postgres-fixture.ts'

const texts = [
  ...hostileTexts.filter((text) => !text.includes('\0')),
  ...fc.sample(
    fc.string({ unit: fc.constantFrom(`'`, '"', '\\', '$', '%', ';', '-', '\n', 'é', '𝒳', 'a', ' ', 'E', '/', '*') }),
    500,
  ),
]

describe.each(versions)('quoting, read back by PostgreSQL %s', (version) => {
  test.each(['on', 'off'])('gives back every text, with standard_conforming_strings %s', async (conforming) => {
    await using database = await createTargetDatabase(version)
    await withClient(database.admin.url, async (client) => {
      await client.query(`set standard_conforming_strings = ${conforming}; set backslash_quote = safe_encoding`)
      for (const text of texts) {
        const { rows } = await client.query<{ back: string }>(`select ${quoteLiteral(text)} as back`)
        expect(rows).toEqual([{ back: text }])
        // Names have at most 63 bytes; a longer one would be cut by the server.
        const name = `n${Buffer.from(text).subarray(0, 40).toString('utf8').replaceAll('\uFFFD', '')}`
        const named = await client.query(`select 1 as ${quoteIdentifier(name)}`)
        expect(named.fields[0]?.name).toBe(name)
      }
    })
  })
})

test('a zero byte is refused', () => {
  expect(() => quoteIdentifier('a\0b')).toThrow('zero byte')
  expect(() => quoteLiteral('a\0b')).toThrow('zero byte')
})
