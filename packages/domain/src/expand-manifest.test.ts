import { expect, test } from 'vitest'
import { expandManifest, maxManifestItems } from './expand-manifest.ts'

test('an item without a template is taken as it is, in the order of the sections', () => {
  const { items, faults } = expandManifest({ version: 1, identities: [{ name: 'b' }], owners: [{ name: 'a' }] })
  expect(faults).toEqual([])
  expect(items.map(({ section, pointer }) => `${section} ${pointer}`)).toEqual([
    'owners /owners/0',
    'identities /identities/0',
  ])
})

test('a template is filled for each, in texts at any depth, and keeps the type of a lone placeholder', () => {
  const { items, faults } = expandManifest({
    version: 1,
    resources: [
      {
        template: { name: 'db-{{name}}', settings: { port: '{{port}}', host: '{{ name }}.internal' } },
        each: [
          { name: 'a', port: 5432 },
          { name: 'b', port: 5433 },
        ],
      },
    ],
  })
  expect(faults).toEqual([])
  expect(items.map((item) => item.value)).toEqual([
    { name: 'db-a', settings: { port: 5432, host: 'a.internal' } },
    { name: 'db-b', settings: { port: 5433, host: 'b.internal' } },
  ])
  expect(items[1]).toMatchObject({ pointer: '/resources/0/template', instance: 'each/1' })
})

test('a count makes that many', () => {
  const { items } = expandManifest({ version: 1, identities: [{ template: { name: 'worker-{{n}}' }, count: 100 }] })
  expect(items).toHaveLength(100)
  expect(items[99]?.value).toEqual({ name: 'worker-100' })
})

test('what is filled in is not looked at again, and a secret is never filled', () => {
  const { items } = expandManifest({
    version: 1,
    resources: [
      {
        template: { name: '{{name}}', note: 'x{{name}}', secret: { password: 'a{{name}}b' } },
        each: [{ name: '{{n}}' }],
      },
    ],
  })
  expect(items[0]?.value).toEqual({ name: '{{n}}', note: 'x{{n}}', secret: { password: 'a{{name}}b' } })
})

test.each([
  [{}, '/version'],
  [{ version: 1, identites: [] }, '/identites'],
  [{ version: 1, identities: {} }, '/identities'],
  [{ version: 1, identities: ['x'] }, '/identities/0'],
  [{ version: 1, identities: [{ template: { name: 'a' } }] }, '/identities/0'],
  [{ version: 1, identities: [{ template: { name: '{{n}}' }, count: 2, each: [] }] }, '/identities/0'],
  [{ version: 1, identities: [{ template: { name: '{{n}}' }, count: 1.5 }] }, '/identities/0/count'],
  [{ version: 1, identities: [{ template: { name: 'same' }, count: 2 }] }, '/identities/0/count'],
  [{ version: 1, identities: [{ template: { name: '{{nam}}' }, each: [{ name: 'a' }] }] }, '/identities/0/template'],
  [
    { version: 1, identities: [{ template: { name: '{{name}}' }, each: [{ name: 'a', x: 'b' }] }] },
    '/identities/0/each/0/x',
  ],
  [
    { version: 1, identities: [{ template: { name: '{{name}}' }, each: [{ name: ['a'] }] }] },
    '/identities/0/each/0/name',
  ],
  [{ version: 1, identities: [{ template: { name: '{{n}}' }, count: 2, owner: 'x' }] }, '/identities/0/owner'],
])('a fault in %j is told where it is written', (manifest, pointer) => {
  expect(expandManifest(manifest).faults.map((fault) => fault.pointer)).toContain(pointer)
})

test('the number of items is bounded', () => {
  const template = { template: { name: 'a-{{n}}' }, count: maxManifestItems }
  expect(expandManifest({ version: 1, identities: [template, template] }).faults).toHaveLength(1)
})

test('a prototype is not a value', () => {
  const { faults } = expandManifest({ version: 1, identities: [{ template: { name: '{{constructor}}' }, each: [{}] }] })
  expect(faults[0]?.detail).toMatch(/given no value/)
})
