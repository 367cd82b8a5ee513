import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mariadbGuide, mysql8Guide } from './mysql-guide.ts'
import { mysqlProvider } from './mysql-provider.ts'

const procedures = (flavour: 'mariadb' | 'mysql') => {
  const sql = readFileSync(new URL(`../sql/${flavour}.sql`, import.meta.url), 'utf8')
  return new Map(
    [
      ...sql.matchAll(
        /^create (?:or replace )?definer = \{definer\} procedure \{schema\}\.(\w+)\(([^]*?)\)\nsql security definer/gm,
      ),
    ].map(([, name = '', parameters = '']) => [name, parameters.match(/\bin \w+/g) ?? []]),
  )
}

test('both files have the same procedures with the same parameters, each with its definer fixed', () => {
  const [mariadb, mysql] = [procedures('mariadb'), procedures('mysql')]
  expect(mariadb.size).toBeGreaterThan(15)
  mariadb.delete('keeps_hash') // MySQL salts its hashes: there is nothing to compare.
  mysql.delete('run_statement') // MySQL prepares from a variable only.
  expect(mysql).toEqual(mariadb)
})

test.for([mariadbGuide, mysql8Guide])(
  '%o names schema, login, definer and roles, quoted, and leaves no placeholder',
  (guide) => {
    const text = guide({ login: 'may`fly', roles: ['read`ers', `o'neill`], schema: 'mayfly_two' })
    expect(text).not.toMatch(/\{[a-z_]+\}/)
    expect(text).toContain("`may``fly`@'%'")
    expect(text).toContain('grant `read``ers` to `mayfly_two_definer`@`localhost` with admin option')
    expect(text).toContain("grant `o'neill` to")
    expect(text).toMatch(/require ssl/)
    expect(() => guide({ login: 'x', roles: [], schema: 'a b' })).toThrow(TypeError)
  },
)

test('what is printed runs on MariaDB as it is: all of MySQL is a comment', () => {
  const printed = mysqlProvider.guide()
  expect(printed.startsWith(mariadbGuide())).toBe(true)
  for (const line of printed.slice(mariadbGuide().length).trim().split('\n')) expect(line).toMatch(/^--( |$)/)
})
