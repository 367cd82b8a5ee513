import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../../packages/server/src/surfaces/http/routes.ts'
import { keysAt } from '../../../packages/server/src/surfaces/http/parse-input.ts'
import { entry } from '../../../packages/server/src/surfaces/http/wire.ts'
import type { Caller } from './caller.ts'
import { startWorld, type World } from './world.ts'
import { type Walk, walks } from './walk-table.ts'

const closed = routes.filter((route) => route.access !== 'public')
let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test('every operation has its row in the table, and every row its operation', () => {
  const operations = closed.map((route) => route.name).toSorted()
  expect(Object.keys(walks).toSorted()).toEqual(operations)
  expect(new Set(operations).size, 'names are unique').toBe(operations.length)
})

test('what is public says why, and is nothing but these', () => {
  const open = routes.filter((route) => route.access === 'public').map((route) => `${route.method} ${route.path}`)
  expect(open.toSorted()).toEqual(['GET /healthz', 'GET /openapi.json', 'GET /readyz', 'POST /v1/bootstrap'])
})

describe.each(closed.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', (_name, route) => {
  const walk: Walk = walks[route.name] ?? { ask: async () => ({}) }
  const permitted = (): Caller => (walk.by === 'worker' ? world.worker.caller : world.admin)

  test('the anonymous are told to bring a token', async () => {
    const answer = await world.anonymous.ask(route)
    expect(answer.status).toBe(401)
    expect(answer.json).toMatchObject({ code: 'token_missing' })
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
  })

  test('what it does not know is named', async () => {
    const query = { ...(await walk.ask(world)), query: { nonsense: 1 } }
    const inQuery = await permitted().ask(route, query)
    expect(inQuery.status, inQuery.text).toBe(400)
    expect(inQuery.json['errors']).toContainEqual(expect.objectContaining({ in: 'query', pointer: '/nonsense' }))
    if (route.body === undefined) return
    const inBody = await permitted().ask(route, { ...query, query: {}, body: { nonsense: 1 } })
    expect(inBody.status, inBody.text).toBe(400)
    expect(inBody.json).toMatchObject({ code: 'request_invalid', retry: 'no' })
    expect(inBody.json['errors']).toContainEqual(expect.objectContaining({ pointer: '/nonsense' }))
  })

  test('whom no policy permits is denied, with the reasons', async () => {
    const answer = await world.nobody.ask(route, await walk.ask(world))
    expect(answer.status, answer.text).toBe(walk.denied?.status ?? 403)
    if (walk.denied !== undefined) return
    expect(answer.json).toMatchObject({ code: 'policy_denied', retry: 'after_change' })
    expect(answer.json['decision_id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.json['reasons']).not.toEqual([])
  })

  test('the administrator of another tenant finds nothing of ours', async () => {
    const asked = await walk.ask(world)
    const answer = await world.stranger.ask(route, asked)
    if (route.params !== undefined && walk.stranger !== 'own') expect(answer.status, answer.text).toBe(404)
    for (const ours of [world.adminId, 'orders-team', world.worker.identity.identity_id]) {
      // What the stranger wrote may be repeated; what it did not know must not be told.
      if (!JSON.stringify(asked).includes(ours)) expect(answer.text).not.toContain(ours)
    }
  })

  test('whoever is permitted succeeds, and a change leaves exactly its entry', async () => {
    const asked = await walk.ask(world)
    await permitted().token()
    const before = await world.countEntries()
    const answer = await permitted().ask(route, asked)
    expect(answer.status, answer.text).toBe(route.status ?? 200)
    expect((await world.countEntries()) - before).toBe(walk.entries ?? (route.changes ? 1 : 0))
    if (route.produces !== undefined) return
    const parsed = route.response.safeParse(answer.json)
    expect(parsed.error?.issues ?? [], 'it answers as it is documented').toEqual([])
    const documented = [...keysAt(route.response, []), ...(route.changes ? ['entry'] : [])]
    expect(documented, 'and with nothing beside').toEqual(expect.arrayContaining(Object.keys(answer.json)))
    if (route.changes) expect(entry.safeParse(answer.json['entry']).success, answer.text).toBe(true)
  })
})
