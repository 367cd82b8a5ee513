import { readFileSync } from 'node:fs'
import { newId, type PersonId, type RoleId, type TaskId } from '@mayfly/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowDigest, statedDeletion, statedRow, statedTables } from './stated-rows.ts'

const person = {
  person_id: newId<PersonId>(),
  roles: ['auditor'],
  state: 'active' as const,
  group_grants: null,
  version: 3,
}
const provider = {
  trust_provider_id: newId(),
  name: 'ci',
  kind: 'oidc',
  issuer: 'https://ci.example',
  settings: { audience: 'mayfly', claims: ['sub'] },
  strength: 'platform',
  fresh_for_seconds: 600,
  state: 'active',
}

test('a statement names table, key and version, and moves with every stated column', () => {
  const stated = statedRow('person', person)
  expect(stated).toMatchObject({ table: 'person', id: person.person_id, version: 3 })
  expect(statedRow('person', { ...person, roles: ['auditor', 'approver'] }).digest).not.toBe(stated.digest)
  expect(statedRow('person', { ...person, state: 'left' }).digest).not.toBe(stated.digest)
  expect(statedRow('person', { ...person, version: 4 }).digest, 'the version stands beside the digest').toBe(
    stated.digest,
  )
})

test('columns that are not stated change nothing', () => {
  const renamed = { ...person, name: 'Ada', email: 'ada@example.com' }
  expect(statedRow('person', renamed)).toEqual(statedRow('person', person))
})

test('a JSON column counts as the value that it holds, in whatever order or form it is given', () => {
  const text = { ...provider, settings: '{"claims": ["sub"], "audience": "mayfly"}' }
  expect(rowDigest('trust_provider', text)).toBe(rowDigest('trust_provider', provider))
  const other = { ...provider, settings: { audience: 'mayfly', claims: [] } }
  expect(rowDigest('trust_provider', other)).not.toBe(rowDigest('trust_provider', provider))
})

test('no two rows of different values have one digest', () => {
  const row = fc.record({ roles: fc.array(fc.constantFrom('administrator', 'auditor')), state: fc.string() })
  fc.assert(
    fc.property(row, row, (one, other) => {
      const same = JSON.stringify([one.roles, one.state]) === JSON.stringify([other.roles, other.state])
      const digest = (values: typeof one) =>
        rowDigest('person', { person_id: person.person_id, group_grants: null, ...values })
      expect(digest(one) === digest(other)).toBe(same)
    }),
  )
})

test('a deletion is stated one version above the last', () => {
  expect(statedDeletion('person', person)).toEqual({ table: 'person', id: person.person_id, version: 4, digest: null })
})

test('a key of several columns is joined', () => {
  const row = { task_id: newId<TaskId>(), role_id: newId<RoleId>() }
  expect(statedRow('task_role', row)).toMatchObject({ id: `${row.task_id}/${row.role_id}`, version: 1 })
})

test('docs/formats/entry.md names the stated columns of every table', () => {
  const page = readFileSync(new URL('../../../../../docs/formats/entry.md', import.meta.url), 'utf8')
  const documented = Array.from(
    page.matchAll(/^\| `([a-z0-9_]+)` \| ([a-z_, ]+|\(its key.*?\))[;|]? /gm),
    ([, table, columns]) => [table, columns?.startsWith('(') ? [] : columns?.trim().split(', ')],
  )
  for (const [table, { columns }] of Object.entries(statedTables)) {
    expect(documented).toContainEqual([table, Object.keys(columns)])
  }
})
