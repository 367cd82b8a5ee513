import { z } from 'zod'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../../packages/server/src/surfaces/http/routes.ts'
import { keysAt } from '@mayfly/provider-kit'
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
  expect(open.toSorted()).toEqual([
    'GET /healthz',
    'GET /openapi.json',
    'GET /readyz',
    'GET /spiffe/bundle',
    'GET /spiffe/crl/{name}',
    'GET /t/{tenant}/spiffe/bundle',
    'GET /t/{tenant}/spiffe/crl/{name}',
    'GET /v1/sign-in-keys',
    'GET /v1/sign-in-providers',
    'POST /v1/bootstrap',
    'POST /v1/join',
    'POST /v1/sign-ins',
    'POST /v1/sign-ins/{id}/complete',
  ])
})

const named = (list: typeof closed) => list.map((route) => [`${route.method} ${route.path}`, route] as const)
const walkOf = (name: string): Walk => walks[name] ?? { ask: async () => ({}) }
const permitted = (walk: Walk): Caller => (walk.by === 'worker' ? world.worker.caller : world.admin)

describe.each(named(closed))('%s', (_name, route) => {
  const walk = walkOf(route.name)

  test('the anonymous are told to bring a token', async () => {
    const answer = await world.anonymous.ask(route)
    expect(answer.status).toBe(401)
    expect(answer.json).toMatchObject({ code: 'token_missing' })
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
  })

  test('a parameter that it does not know is named', async () => {
    const asked = { ...(await walk.ask(world)), query: { nonsense: 1 } }
    const answer = await permitted(walk).ask(route, asked)
    expect(answer.status, answer.text).toBe(400)
    expect(answer.json['errors']).toContainEqual(expect.objectContaining({ in: 'query', pointer: '/nonsense' }))
  })

  test('whom no policy permits is denied, with the reasons', async () => {
    const answer = await world.nobody.ask(route, await walk.ask(world))
    expect(answer.status, answer.text).toBe(walk.denied?.status ?? 403)
    const denial = {
      code: 'policy_denied',
      retry: 'after_change',
      decision_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      reasons: expect.arrayContaining([expect.objectContaining({ detail: expect.any(String) })]),
    }
    expect(answer.json).toMatchObject(walk.denied === undefined ? denial : {})
  })

  test('the administrator of another tenant finds nothing of ours', async () => {
    const asked = await walk.ask(world)
    const answer = await world.stranger.ask(route, asked)
    const namesOurs = route.params !== undefined && walk.stranger !== 'own'
    expect(namesOurs ? answer.status : 404, answer.text).toBe(404)
    // What the stranger wrote may be repeated; what it did not know must not be told.
    const told = [world.adminId, 'orders-team', world.worker.identity.identity_id].filter(
      (ours) => answer.text.includes(ours) && !JSON.stringify(asked).includes(ours),
    )
    expect(told).toEqual([])
  })

  test('whoever is permitted succeeds, and a change leaves exactly its entry', async () => {
    const asked = await walk.ask(world)
    // Proving leaves an entry of its own.
    await permitted(walk).token()
    const before = await world.countEntries()
    const answer = await permitted(walk).ask(route, asked)
    expect(answer.status, answer.text).toBe(route.status ?? 200)
    expect((await world.countEntries()) - before).toBe(walk.entries ?? (route.changes ? 1 : 0))
  })
})

describe.each(named(closed.filter((route) => route.body !== undefined)))('the body of %s', (_name, route) => {
  const walk = walkOf(route.name)

  test('a member that it does not know is named', async () => {
    const asked = { ...(await walk.ask(world)), body: { nonsense: 1 } }
    const answer = await permitted(walk).ask(route, asked)
    expect(answer.status, answer.text).toBe(400)
    expect(answer.json).toMatchObject({ code: 'request_invalid', retry: 'no' })
    expect(answer.json['errors']).toContainEqual(expect.objectContaining({ pointer: '/nonsense' }))
  })
})

describe.each(named(closed.filter((route) => route.produces === undefined)))('the answer of %s', (_name, route) => {
  const walk = walkOf(route.name)

  test('is as it is documented, with nothing beside', async () => {
    const { json, text } = await permitted(walk).ask(route, await walk.ask(world))
    const answered = route.changes
      ? z.intersection(route.response, z.object({ entry: entry.nullable() }))
      : route.response
    expect(answered.safeParse(json).error?.issues ?? [], text).toEqual([])
    const documented = [...keysAt(route.response, []), ...(route.changes ? ['entry'] : [])]
    expect(Object.keys(json).filter((key) => !documented.includes(key))).toEqual([])
  })
})

test('the metrics have seen the revocations', async () => {
  const text = await (await fetch(world.server.metricsUrl ?? '')).text()
  const value = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
  expect(value('mayfly_credentials_live')).toBeGreaterThan(0)
  expect(value('mayfly_revocation_cut_seconds_worst')).toBeGreaterThan(0)
  expect(value('mayfly_revocation_complete_seconds_worst')).toBeGreaterThanOrEqual(
    value('mayfly_revocation_cut_seconds_worst'),
  )
})

test('nothing failed inside on the way', () => {
  expect(world.logLines.filter((line) => line.includes('"code":"internal"'))).toEqual([])
})
