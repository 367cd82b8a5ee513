import { expect, test } from 'vitest'
import { changesForLog, diffFields } from './diff-fields.ts'

test('only what differs is a change; the order of an object’s keys is none', () => {
  const at = new Date('2027-01-01T00:00:00Z')
  const current = { name: 'a', settings: { b: 1, a: [2] }, expires_at: at, deputy: null, kept: 'x' }
  const wanted = { name: 'b', settings: { a: [2], b: 1 }, expires_at: new Date(at), deputy: null, kept: undefined }
  expect(diffFields(current, wanted)).toEqual([{ field: 'name', from: 'a', to: 'b' }])
  expect(diffFields(current, { settings: { a: [2, 3], b: 1 }, expires_at: new Date('2028-01-01T00:00:00Z') })).toEqual([
    { field: 'settings', from: { b: 1, a: [2] }, to: { a: [2, 3], b: 1 } },
    { field: 'expires_at', from: '2027-01-01T00:00:00.000Z', to: '2028-01-01T00:00:00.000Z' },
  ])
})

test('the log shows the values of named fields only', () => {
  const changes = [
    { field: 'email', from: 'ada@example.com', to: 'lovelace@example.com' },
    { field: 'state', from: 'active', to: 'left' },
  ]
  expect(changesForLog(changes, ['state'])).toEqual({ email: 'changed', state: { from: 'active', to: 'left' } })
})
