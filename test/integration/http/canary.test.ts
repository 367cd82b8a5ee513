/** Secrets that went through the server are looked for wherever something is kept or told. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../support/index.ts'
import { canary, startWorld, type World } from './world.ts'

/** How a secret may look when it leaks: as it is, or encoded on the way. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((shift) =>
    // Inside a longer text the encoding depends on where the secret begins.
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : shift + 1, -4),
  )
  return [
    ...new Set([
      secret,
      bytes.toString('hex'),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      ...base64,
      ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ]),
  ].filter((form) => form.length >= 12)
}

function leaks(secrets: Readonly<Record<string, string>>, text: string): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name)
}

let world: World
let secrets: Record<string, string>

beforeAll(async () => {
  world = await startWorld()
  const { admin, worker, workerRole: role, place, fresh } = world
  const target = { ...place.login, password: canary }
  const resource = {
    name: fresh('db'),
    provider: 'postgres',
    environment: 'development',
    reach: 'data',
    data_class: 'internal',
    exposure: 'internal',
    owner: 'orders-team',
    settings: {
      host: place.host,
      port: place.port,
      database: place.database,
      tls: { mode: 'disabled_loopback_only' },
    },
    secret: target,
  }
  const ask = (method: 'POST', path: string, body?: unknown) => admin.ask({ method, path: path as '/v1' }, { body })
  await admin.get('POST', '/v1/resources', resource)
  // It does not log in with this one, so each of these fails in its own way.
  await ask('POST', `/v1/resources/${resource.name}/check`)
  await ask('POST', '/v1/resources', { ...resource, secret: { ...target, extra: canary } })
  await ask('POST', '/v1/resources', { ...resource, settings: { ...resource.settings, password: canary } })
  await ask('POST', '/v1/resources', `{"secret": {"password": "${canary}"`)
  await ask('POST', '/v1/apply', { manifest: { version: 1, resources: [{ ...resource, reach: canary }] } })
  await ask('POST', '/v1/apply', { manifest: { version: 1, resources: [{ ...resource, name: fresh('db') }] } })
  const { name: corp } = await world.make.signInProvider()
  await admin.get('POST', `/v1/trust-providers/${corp}/client-secret`, { client_secret: canary })
  await ask('POST', '/v1/trust-providers', {
    name: fresh('corp'),
    kind: 'sign_in',
    settings: { client_secret: canary },
  })
  await ask('POST', '/v1/sign-ins', { provider: corp, flow: 'device' })
  await world.anonymous.ask({ method: 'GET', path: '/v1/owners' }, { headers: { authorization: `Bearer ${canary}` } })

  const issued = await worker.caller.get<{ credential_id: string; fields: { password: string } }>(
    'POST',
    '/v1/credentials',
    { role },
  )
  await admin.get('POST', '/v1/revocations', { selector: { kind: 'credential', ref: issued.credential_id } })
  await until(
    async () =>
      (await admin.get<{ state: string }>('GET', `/v1/credentials/${issued.credential_id}`)).state === 'revoked',
    { withinMs: 10_000, describe: 'the credential is revoked' },
  )
  secrets = {
    'the admin login of a target, and the secret at a sign-in provider': canary,
    'the working admin login': place.login.password,
    'an issued password': issued.fields.password,
    'the bootstrap secret': world.bootstrapSecret,
    'the key-encryption key': world.kek,
    'an access token': (await admin.token()) ?? '',
  }
})
afterAll(() => world[Symbol.asyncDispose]())

describe('no secret', () => {
  test('stands in any column of any table', async () => {
    const tables = await world.sql<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'mayfly' and table_type = 'BASE TABLE'`,
    )
    expect(tables.length, 'control').toBeGreaterThan(20)
    for (const { name } of tables) {
      const rows = await world.sql<{ row: string }>(`select to_jsonb(t)::text as row from mayfly.${name} t`)
      // bytea comes as hex: entries are looked at as what they say, too.
      const text = rows.map(({ row }) => row).join('\n')
      expect(leaks(secrets, text), name).toEqual([])
    }
  })

  test('stands in an entry of the log', async () => {
    const entries = await world.sql<{ text: string }>(`select convert_from(data, 'UTF8') as text from entry`)
    expect(entries.length, 'control').toBeGreaterThan(10)
    expect(leaks(secrets, entries.map(({ text }) => text).join('\n'))).toEqual([])
  })

  test('is in the server’s log', () => {
    expect(world.logLines.length, 'control').toBeGreaterThan(10)
    expect(leaks(secrets, world.logLines.join(''))).toEqual([])
  })

  test('is in an answer but the one that hands the credential over', () => {
    const told = world.answers.filter(({ text }) => leaks(secrets, text).length > 0)
    expect(told.map(({ json }) => Object.keys(json['fields'] ?? {}))).toEqual([
      expect.arrayContaining(['username', 'password']),
    ])
  })
})

test('control: each form of a secret is found', () => {
  for (const shift of ['', 'x', 'xy', 'xyz']) {
    const text = shift + canary
    for (const leaked of [text, Buffer.from(text).toString('hex'), encodeURIComponent(text)]) {
      expect(leaks({ canary }, leaked)).toEqual(['canary'])
    }
    expect(leaks({ canary }, Buffer.from(`${text}--`).toString('base64'))).toEqual(['canary'])
    expect(leaks({ canary }, Buffer.from(`${text}--`).toString('base64url'))).toEqual(['canary'])
  }
  expect(leaks({ canary }, 'nothing')).toEqual([])
})
