import { type CredentialId, MayflyError, newId } from '@mayfly/domain'
import { type HttpTarget, httpProvider, httpSecret, httpSettings } from '@mayfly/provider-http'
import { findPrinted, type RevokeReport } from '@mayfly/provider-kit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { startTokenServer, type TokenServer, tokenSettings } from './token-server.ts'

const signal = new AbortController().signal
let server: TokenServer
let target: HttpTarget
beforeEach(async () => {
  server = await startTokenServer()
  target = await open()
})
afterEach(async () => {
  await target.close()
  await server[Symbol.asyncDispose]()
})

function open(more: Record<string, unknown> = {}, value = server.adminToken): Promise<HttpTarget> {
  const settings = httpSettings.parse({ ...tokenSettings(server.url), ...more })
  return httpProvider.open({ settings, secret: httpSecret.parse({ value }) })
}

const plan = () => httpProvider.plan(newId<CredentialId>())
const request = () => ({
  permission: { values: { scope: 'read' } },
  parameters: {},
  expiresAt: new Date(Date.now() + 60_000),
  createDeadlineAt: new Date(Date.now() + 10_000),
})

function recorded() {
  const told: Record<'cut' | 'removed' | 'pending', string[]> = { cut: [], removed: [], pending: [] }
  const report: RevokeReport = {
    cut: async (handles) => void told.cut.push(...handles.map((one) => one.accountName)),
    removed: async (handles) => void told.removed.push(...handles.map((one) => one.accountName)),
    pending: async (_, reason) => void told.pending.push(reason),
  }
  return { told, report }
}

describe('what looks like success', () => {
  test('a system that says that it has deleted and has not: nothing is called removed', async () => {
    const handle = plan()
    await target.issue(handle, request(), signal)
    server.faults.deleteLies = true
    const lied = recorded()
    await target.revoke([handle], lied.report, signal)
    expect(lied.told).toEqual({
      cut: [],
      removed: [],
      pending: ['the system took the removal and still knows the account'],
    })
    server.faults.deleteLies = false
    const honest = recorded()
    await target.revoke([handle], honest.report, signal)
    expect(honest.told.removed, 'control').toEqual([handle.accountName])
  })

  test('two accounts under one label, after a retry of somebody: both go', async () => {
    const handle = plan()
    await target.issue(handle, request(), signal)
    const twice = await open({
      create: { ...(tokenSettings(server.url)['create'] as object), refuses_duplicates: true },
    })
    await twice.issue(handle, request(), signal)
    await twice.close()
    expect(
      [...server.tokens.values()].filter(({ label }) => label === handle.accountName),
      'control',
    ).toHaveLength(2)
    await target.revoke([handle], recorded().report, signal)
    expect(server.tokens.size).toBe(0)
  })

  test('an account on a later page is found; a next page on another server is not asked', async () => {
    const handles = Array.from({ length: 8 }, plan)
    for (const handle of handles) await target.issue(handle, request(), signal)
    const seen = await target.observe(handles, signal)
    expect(seen.map(({ state }) => state)).toEqual(handles.map(() => 'usable'))
    server.faults.nextPage = 'https://elsewhere.example/tokens?from=3'
    await expect(target.observe(handles, signal)).rejects.toMatchObject({ code: 'target_unsafe' })
  })

  test('a redirect is not followed, with or without the secret', async () => {
    await using other = await startTokenServer()
    server.faults.redirect = `${other.url}/tokens`
    await expect(target.observe([plan()], signal)).rejects.toMatchObject({ code: 'target_unreachable' })
    expect(other.asked).toEqual([])
  })
})

describe('a system that is away or refuses', () => {
  test.each([
    [401, 'target_rights_missing'],
    [403, 'target_rights_missing'],
    [429, 'target_unreachable'],
    [500, 'target_unreachable'],
    [418, 'target_refused'],
  ])('status %i is %s, and what it wrote is not repeated', async (status, code) => {
    server.faults.status = status
    const error = await target.issue(plan(), request(), signal).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(MayflyError)
    expect(error).toMatchObject({ code })
    expect(findPrinted(error, [server.adminToken])).toEqual([])
  })

  test('nobody there', async () => {
    await server[Symbol.asyncDispose]()
    await expect(target.observe([plan()], signal)).rejects.toMatchObject({ code: 'target_unreachable' })
    server = await startTokenServer()
  })

  test('an answer that does not come within the time of the settings', async () => {
    const quick = await open({ timeout_ms: 300 })
    let release = () => {}
    server.faults.hold = new Promise((resolve) => (release = resolve))
    await expect(quick.issue(plan(), request(), signal)).rejects.toMatchObject({ code: 'target_timeout' })
    release()
    await quick.close()
  })

  test('the wrong secret of its own, and a check that says so', async () => {
    const wrong = await open({}, 'not-the-token')
    await expect(wrong.observe([plan()], signal)).rejects.toMatchObject({ code: 'target_rights_missing' })
    await wrong.close()
  })
})

describe('settings', () => {
  const faultsOf = (over: Record<string, unknown>) =>
    httpSettings
      .safeParse({ ...tokenSettings('https://ci.example.com'), ...over })
      .error?.issues.map(({ path }) => path.join('.')) ?? []
  const create = tokenSettings('https://ci.example.com')['create'] as Record<string, unknown>

  test('a placeholder that is none is named', () => {
    expect(faultsOf({ create: { ...create, path: '/tokens/{nothing}' } })).toEqual(['create.path'])
    expect(faultsOf({ delete: { method: 'DELETE', path: '/tokens/{permission.scope}' } })).toEqual(['delete.path'])
    expect(faultsOf({}), 'control').toEqual([])
  })

  test('a create that does not say whose account it is could never be found again', () => {
    expect(faultsOf({ create: { ...create, body: { scope: '{permission.scope}' }, headers: {} } })).toEqual(['create'])
  })

  test.each(['http://ci.example.com', 'https://user:pass@ci.example.com', 'https://ci.example.com/', 'ftp://x'])(
    'the address %s is refused',
    (base_url) => expect(faultsOf({ base_url })).toEqual(['base_url']),
  )

  test('headers that Mayfly sets itself cannot be set', () => {
    expect(faultsOf({ create: { ...create, headers: { Authorization: 'x' } } })).toEqual([
      'create.headers.Authorization',
    ])
  })
})

test('TLS is verified: an authority that is not given is not believed', async () => {
  const { caPem: ca, certificatePem: cert, keyPem: key } = makeCertificate('127.0.0.1')
  await using secure = await startTokenServer({ tls: { key, cert } })
  const openAt = (more: Record<string, unknown>) =>
    httpProvider.open({
      settings: httpSettings.parse({ ...tokenSettings(secure.url), ...more }),
      secret: httpSecret.parse({ value: secure.adminToken }),
    })
  const distrusting = await openAt({})
  await expect(distrusting.observe([plan()], signal)).rejects.toMatchObject({ code: 'target_unreachable' })
  expect(secure.asked, 'the secret was not sent').toEqual([])
  const trusting = await openAt({ ca_pem: ca })
  expect((await trusting.observe([plan()], signal))[0]?.state, 'control').toBe('absent')
  await Promise.all([distrusting.close(), trusting.close()])
})
