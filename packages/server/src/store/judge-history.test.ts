import { describe, expect, test } from 'vitest'
import { type AppliedMigration, judgeHistory } from './judge-history.ts'
import { refuseOldServer } from './migrate.ts'

const one = migration('0001_house')
const two = migration('0002_more')

function migration(name: string, over: Partial<AppliedMigration> = {}): AppliedMigration {
  return { name: `${name}.sql`, checksum: `sum of ${name}`, readers: name.slice(0, 4), ...over }
}

const pending = (own: AppliedMigration[], applied: AppliedMigration[]) =>
  judgeHistory(own, applied).map(({ name }) => name)

describe('served', () => {
  test('what is missing is applied, in order', () => {
    expect(pending([one, two], [])).toEqual(['0001_house.sql', '0002_more.sql'])
    expect(pending([one, two], [one])).toEqual(['0002_more.sql'])
    expect(pending([one, two], [one, two])).toEqual([])
  })

  test('a newer database, where its migrations say that this server may read it', () => {
    expect(pending([one], [one, migration('0002_expand', { readers: '0001' })])).toEqual([])
    expect(pending([one, two], [one, two, migration('0003_expand', { readers: '0002' })])).toEqual([])
  })
})

describe('refused', () => {
  test.each([
    ['changed history', [one, two], [migration('0001_house', { checksum: 'other' }), two], /0001_house.* was changed/],
    ['an older one that this server never had', [two], [one, two], /has migration `0001_house.sql`, which this/],
    ['another one of the same number', [one, two], [one, migration('0002_other')], /0002_other.*never had/],
    ['a newer one that needs a newer server', [one], [one, two], /needs a server that knows migration 0002; .* 0001/],
    [
      'a contraction, one release too early',
      [one],
      [one, migration('0002_expand', { readers: '0001' }), migration('0003_contract', { readers: '0002' })],
      /0003_contract.* needs a server that knows migration 0002/,
    ],
    [
      'one that was left out',
      [one, two],
      [one, migration('0003_expand', { readers: '0001' })],
      /0002_more.sql` was left out/,
    ],
    ['a server without any', [], [one], /needs a server/],
  ])('%s', (_what, own, applied, message) => {
    expect(() => judgeHistory(own, applied)).toThrow(message)
  })
})

test('a server older than 15 is refused by its name, 15 and 18 are not', () => {
  expect(() => refuseOldServer(140_022)).toThrow('the database server is version 14, 15 or newer is needed')
  refuseOldServer(150_000)
  refuseOldServer(180_003)
})
