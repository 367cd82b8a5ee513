import { expect, test } from 'vitest'
import { judge, readTitles } from './conformance-reference.ts'
import { requirements, type Standard } from './conformance/requirement.ts'

const standard: Standard = {
  title: 'a standard',
  url: 'https://example.com/',
  prefix: /^RFC1 /,
  requirements: requirements([
    ['RFC1 2', 'it does'],
    ['RFC1 3', 'it does not', 'for a reason'],
  ]),
}

test('titles are found however they are quoted, with all of their tags', () => {
  const text = [
    `test('[RFC1 2] [RFC2 3.1] does a thing', () => {})`,
    'test.each(rows)("[RFC1 2] another’s", () => {})',
    '  test(`[ID10] with $name`, () => {})',
    `test('it\\'s [RFC1 9] not at the beginning', () => {})`,
    `describe('[RFC1 2] it\\'s escaped', () => {})`,
  ].join('\n')
  expect(readTitles('a.test.ts', text).map(({ tags, title }) => [tags, title])).toEqual([
    [['RFC1 2', 'RFC2 3.1'], 'does a thing'],
    [['RFC1 2'], 'another’s'],
    [['ID10'], 'with $name'],
    [['RFC1 2'], "it's escaped"],
  ])
})

test('a requirement without its test is a fault, unless it says why; so is a tag of no standard', () => {
  const tagged = (...tags: string[]) => ({ tags, title: 'does', path: 'a.test.ts' })
  expect(judge([standard], [tagged('RFC1 2')]), 'control').toEqual([])
  expect(judge([standard], [tagged('RFC1 7')])).toEqual([expect.stringMatching(/^\[RFC1 2\] is called supported/)])
  expect(judge([standard], [tagged('RFC1 2', 'RFC9 1')])).toEqual([expect.stringContaining('of no known standard')])
  expect(judge([standard, standard], [tagged('RFC1 2')])).toHaveLength(2)
})
