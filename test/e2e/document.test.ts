/** `mayfly resource document`: what a resource publishes is found for whoever asks, of whatever tenant they are. */
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSessionKey, saveSession } from '../../packages/cli/src/session.ts'
import type { Caller } from '../integration/http/caller.ts'
import { startWorld, type World } from '../integration/http/world.ts'
import { makeTempDir } from '../support/index.ts'
import { cleanEnvironment, startMayfly } from './run-mayfly.ts'

interface Registered {
  readonly resource_id: string
  readonly name: string
}
interface Read {
  readonly published?: {
    readonly path: string
    readonly documents: readonly { readonly name: string; readonly title: string }[]
  } | null
}

let world: World
let ours: Registered
let theirs: Registered
beforeAll(async () => {
  world = await startWorld()
  ours = await world.make.resource(authority('Ours'))
  const { items } = await world.stranger.get<{ items: readonly { person_id: string }[] }>('GET', '/v1/people')
  const primary = items[0]?.person_id
  await world.stranger.get('POST', '/v1/owners', { name: 'their-team', contact: '#theirs', primary })
  theirs = await world.stranger.get<Registered>('POST', '/v1/resources', {
    name: 'their-pki',
    environment: 'development',
    reach: 'data',
    data_class: 'internal',
    exposure: 'internal',
    owner: 'their-team',
    ...authority('Theirs'),
  })
}, 120_000)
afterAll(() => world?.[Symbol.asyncDispose]())

function authority(name: string) {
  return { provider: 'x509', settings: { common_name: name }, secret: {} }
}

/** The command, of somebody who has signed in. */
async function document(caller: Caller, ...args: readonly string[]) {
  const dir = await makeTempDir('document')
  const env = cleanEnvironment(dir)
  await saveSession(env, {
    url: world.server.url,
    provider: 'test',
    session_id: '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f',
    access_token: (await caller.token()) ?? '',
    token_type: 'Bearer',
    key: makeSessionKey().privateJwk,
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    person_id: '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f',
    name: 'Somebody',
    email: null,
  })
  const options = { cwd: dir, env: { ...env, MAYFLY_URL: world.server.url } }
  return startMayfly(['resource', 'document', ...args], options).ended
}

const subjectOf = (pem: string) => new X509Certificate(pem).subject

describe('whose it is, the server says', { timeout: 60_000 }, () => {
  test('the default tenant', async () => {
    const ran = await document(world.admin, ours.name, 'ca.pem')
    expect(ran.code, ran.stderr).toBe(0)
    expect(subjectOf(ran.stdout)).toContain('CN=Ours')
  })

  test('another tenant, by name and by id', async () => {
    const plain = await fetch(`${world.server.url}/published/${theirs.resource_id}/ca.pem`)
    expect(plain.status, 'control: the default tenant has no such resource').toBe(404)
    for (const ref of [theirs.name, theirs.resource_id]) {
      const ran = await document(world.stranger, ref, 'ca.pem')
      expect(ran.code, ran.stderr).toBe(0)
      expect(subjectOf(ran.stdout)).toContain('CN=Theirs')
    }
    const foreign = await document(world.stranger, ours.resource_id, 'ca.pem')
    expect(foreign.code, 'control: of another tenant nothing is found by asking for it').not.toBe(0)
    expect(foreign.stdout).toBe('')
  })

  test('`--tenant` names another one, where the resource is known by its id', async () => {
    const ran = await document(world.admin, theirs.resource_id, 'ca.pem', '--tenant', 'other')
    expect(ran.code, ran.stderr).toBe(0)
    expect(subjectOf(ran.stdout)).toContain('CN=Theirs')
    for (const [ref, tenant] of [
      [theirs.resource_id, 'nobody'],
      [ours.name, 'other'],
    ] as const) {
      const refused = await document(world.admin, ref, 'ca.pem', '--tenant', tenant)
      expect(refused.code).toBe(2)
      expect(refused.stderr).toContain(`there is no \`ca.pem\` of \`${ref}\` in the tenant \`${tenant}\``)
    }
  })
})

describe('what there is', { timeout: 60_000 }, () => {
  test('a document that is none is refused with those that are', async () => {
    const ran = await document(world.admin, ours.name, 'ca.der')
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('publishes no `ca.der`')
    expect(ran.stderr).toMatch(/it publishes .*`ca\.pem`.*`crl`/)
    const { name } = await world.make.resource()
    const none = await document(world.admin, name, 'ca.pem')
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('its kind publishes nothing')
  })

  test('the API says where, for one resource that is read', async () => {
    const at = `/v1/resources/${theirs.name}`
    const { published } = await world.stranger.get<Read>('GET', at)
    expect(published?.path).toBe(`/t/other/published/${theirs.resource_id}`)
    for (const { name } of published?.documents ?? []) {
      const answer = await fetch(`${world.server.url}${published?.path}/${name}`)
      // What takes a question is not there without one.
      expect([name, answer.status]).toEqual([name, name === 'ocsp' ? 404 : 200])
    }
    const { name } = await world.make.resource()
    expect(await world.admin.get<Read>('GET', `/v1/resources/${name}`)).toMatchObject({ published: null })
    const { items } = await world.admin.get<{ items: readonly Read[] }>('GET', '/v1/resources')
    expect(items.some((one) => one.published !== undefined)).toBe(false)
  })
})
