import { MayflyError } from '@mayfly/domain'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { RouteShape } from './define-route.ts'
import { parseInput } from './parse-input.ts'
import { pageQuery, timestamp } from './wire.ts'

const route: RouteShape = {
  method: 'POST',
  path: '/v1/things/{ref}',
  name: 'makeThing',
  summary: 'make a thing',
  params: z.strictObject({ ref: z.string() }),
  query: pageQuery,
  headers: z.object({ 'idempotency-key': z.string().min(8).optional() }),
  body: z.strictObject({
    owner: z.string(),
    purpose: z.string().min(12, { error: 'at least 12 characters: say what it is for' }),
    expires_at: timestamp,
    labels: z.array(z.strictObject({ name: z.string(), weight: z.int().max(9) })).default([]),
    target: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('host'), host: z.string() }),
        z.strictObject({ kind: z.literal('socket'), path: z.string() }),
      ])
      .optional(),
  }),
  response: z.object({}),
}

const good = { owner: 'a', purpose: 'reads the orders', expires_at: '2026-11-22T11:31:00+01:00' }

function parse(body: unknown, query: unknown = {}, headers: unknown = {}) {
  return parseInput(route, { params: { ref: 'x' }, query, body, headers })
}

function faults(body: unknown, query: unknown = {}) {
  try {
    parse(body, query)
  } catch (error) {
    if (error instanceof MayflyError) return error.options.fields
  }
  throw new Error('it was taken')
}

describe('input of a request', () => {
  test('is typed: times become dates, numbers of a query numbers', () => {
    const input = parse(good, { limit: '7' }, { 'idempotency-key': 'abcdefgh', host: 'ignored' })
    expect(input).toMatchObject({
      body: { expires_at: new Date('2026-11-22T10:31:00Z'), labels: [] },
      query: { limit: 7 },
      headers: { 'idempotency-key': 'abcdefgh' },
    })
  })

  test('every fault is told at once, each with its place', () => {
    expect(
      faults({ purpose: 'short', expires_at: 'tomorrow', labels: [{ name: 1, weight: 10 }] }, { limit: '0' }),
    ).toEqual([
      { in: 'query', pointer: '/limit', detail: 'must be at least 1' },
      { pointer: '/owner', detail: 'is required' },
      { pointer: '/purpose', detail: 'at least 12 characters: say what it is for' },
      { pointer: '/expires_at', detail: 'not an RFC 3339 time, e.g. `2026-11-22T11:31:00Z`' },
      { pointer: '/labels/0/name', detail: 'must be a string' },
      { pointer: '/labels/0/weight', detail: 'must be at most 9' },
    ])
  })

  test('a misspelt member is refused with the one that was meant, at every depth', () => {
    expect(faults({ ...good, ownr: 'a', zzz: 1, labels: [{ name: 'a', weight: 1, nmae: 'b' }] })).toEqual([
      { pointer: '/labels/0/nmae', detail: 'is not known (did you mean `name`?)' },
      { pointer: '/ownr', detail: 'is not known (did you mean `owner`?)' },
      { pointer: '/zzz', detail: 'is not known' },
    ])
  })

  test('a union says what it could be', () => {
    expect(faults({ ...good, target: { kind: 'hst' } })).toEqual([
      { pointer: '/target/kind', detail: 'must be `host` or `socket`' },
    ])
  })

  test('a value is never repeated: it may be a secret', () => {
    expect(JSON.stringify(faults({ ...good, owner: 5, purpose: ['hunter2'], expires_at: 'hunter2' }))).not.toContain(
      'hunter2',
    )
  })

  test('a missing body is told as such', () => {
    expect(faults(undefined)).toEqual([{ pointer: '', detail: 'is required' }])
  })
})
