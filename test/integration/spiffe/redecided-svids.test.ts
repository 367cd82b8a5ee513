/** Law 11 for SVIDs: what would no longer be issued ends, with what rests on it; the preview says so before. */
import { readDefaultPolicy } from '@mayfly/server'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { canLogIn, until } from '../../support/index.ts'
import { makeCaller } from '../http/caller.ts'
import { startWorld, type World } from '../http/world.ts'
import { jwtBearer, postForm } from '../proof/proof-server.ts'
import { issueJwt, issueX509 } from './spiffe-world.ts'

type Workload = World['worker']

interface Preview {
  readonly would_end: number
  readonly concerned_svids: number
  readonly would_end_svids: number
  readonly ending_svids: readonly { identity: string; x509: number; jwt: number; reasons: { detail: string }[] }[]
}

let world: World
let defaults: string
beforeAll(async () => {
  defaults = await readDefaultPolicy()
  world = await startWorld()
  await world.admin.get('POST', '/v1/trust-providers', {
    name: 'own',
    kind: 'spiffe',
    settings: { trust_domain: 'mayfly.internal', bundle: { from: 'own' } },
    fresh_for_seconds: 3600,
  })
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => activate(defaults))

async function upload(text: string): Promise<string> {
  return (await world.admin.get<{ policy_version_id: string }>('POST', '/v1/policies', { text })).policy_version_id
}

async function activate(text: string, expected: object = {}): Promise<void> {
  await world.admin.get('POST', `/v1/policies/${await upload(text)}/activate`, expected)
  await isDecided()
}

async function isDecided(): Promise<void> {
  await until(async () => (await world.sql('select from redecision')).length === 0, {
    withinMs: 20_000,
    describe: 'what is held was decided again',
  })
}

/** Which of the SVIDs of an identity live, by kind. */
async function liveOf({ identity }: Workload): Promise<Record<string, number>> {
  const { svids } = await world.admin.get<{ svids: { kind: string }[] }>('GET', `/v1/identities/${identity.name}/holds`)
  return {
    x509: svids.filter(({ kind }) => kind === 'x509').length,
    jwt: svids.filter(({ kind }) => kind === 'jwt').length,
  }
}

/** A login of a workload that proved itself by its SVID. */
async function logInBySvid({ identity, caller }: Workload) {
  const { spiffe_id: subject } = await world.admin.get<{ spiffe_id: string }>('GET', `/v1/identities/${identity.name}`)
  await world.admin.get('POST', '/v1/bindings', { trust_provider: 'own', identity: identity.name, subject })
  const { token: assertion } = await issueJwt(caller, [world.server.url])
  const { body } = await postForm(`${world.server.url}/oauth/token`, { grant_type: jwtBearer, assertion })
  const token = String(body['access_token'])
  const as = makeCaller(
    world.server.url,
    async () => token,
    () => undefined,
  )
  const { fields } = await as.get<{ fields: Record<string, string> }>('POST', '/v1/credentials', {
    role: world.workerRole,
  })
  const { host, port, database } = world.place
  const { username: user = '', password = '' } = fields
  return {
    attestationId: String(decodeJwt(token)['jti']),
    works: () => canLogIn({ host, port, database, user, password }),
  }
}

const forbidding = (name: string) =>
  `${defaults}\n@id("no-svids") @description("its SVIDs are closed") forbid (principal == Identity::"${name}", action == Action::"svid.issue", resource);`

test('a version that denies an SVID ends the live ones and what was proven with them; the preview has said so', async () => {
  const [orders, billing] = [await world.make.workload(), await world.make.workload()]
  for (const { caller } of [orders, billing]) await issueX509(caller)
  const [login, kept] = [await logInBySvid(orders), await logInBySvid(billing)]
  const own = await orders.caller.get<{ credential_id: string }>('POST', '/v1/credentials', { role: world.workerRole })
  const version = await upload(forbidding(orders.identity.name))
  const preview = await world.admin.get<Preview>('POST', `/v1/policies/${version}/preview`)
  expect(preview).toMatchObject({ would_end: 1, concerned_svids: 2, would_end_svids: 2 })
  expect(preview.ending_svids).toEqual([
    expect.objectContaining({
      identity: orders.identity.name,
      x509: 1,
      jwt: 1,
      reasons: [expect.objectContaining({ detail: 'its SVIDs are closed' })],
    }),
  ])
  const refused = await world.admin.ask(
    { method: 'POST', path: '/v1/policies/{id}/activate' },
    { params: { id: version }, body: { expected_to_end: 1, expected_svids_to_end: 1 } },
  )
  expect(refused.json).toMatchObject({ code: 'preview_changed', would_end_svids: 2, expected_svids_to_end: 1 })
  expect(await liveOf(orders), 'nothing was activated').toEqual({ x509: 1, jwt: 1 })

  await world.admin.get('POST', `/v1/policies/${version}/activate`, { expected_to_end: 1, expected_svids_to_end: 2 })
  await isDecided()
  expect(await liveOf(orders)).toEqual({ x509: 0, jwt: 0 })
  await until(async () => !(await login.works()), { describe: 'the login is gone' })
  expect(await liveOf(billing), 'control: of another').toEqual({ x509: 1, jwt: 1 })
  expect(await kept.works()).toBe(true)
  const [credential] = await world.sql<{ state: string }>('select state from credential where credential_id = $1', [
    own.credential_id,
  ])
  expect(credential?.state, 'control: of the same identity, by another proof').toBe('active')
  const ended = await world.sql<{ cause: string; reason: string; svid_count: number; total: number }>(
    `select cause, reason, svid_count, total from revocation where selector ->> 'id' = $1`,
    [orders.identity.identity_id],
  )
  expect(ended).toEqual([
    {
      cause: 'no_longer_permitted',
      reason: expect.stringMatching(/^policy version \d+ was activated: its SVIDs are closed \(decision /),
      svid_count: 2,
      total: 1,
    },
  ])
})

test('a binding that is asked for from now on ends JWT-SVIDs, which are bound to nothing, and no X509-SVID', async () => {
  const orders = await world.make.workload()
  await issueX509(orders.caller)
  await issueJwt(orders.caller, ['https://stock.example'])
  const bound = defaults.replace(
    '@max_ttl_seconds("3600")\npermit (principal is Identity, action == Action::"svid.issue"',
    (found) => `@require_binding("key")\n${found}`,
  )
  expect(bound).not.toBe(defaults)
  await activate(bound)
  expect(await liveOf(orders)).toEqual({ x509: 1, jwt: 0 })
})

test('an attribute of its identity that no longer fits ends them; one that does not matter does not', async () => {
  const orders = await world.make.workload()
  const change = async (attributes: object) => {
    await world.admin.get('PATCH', `/v1/identities/${orders.identity.name}`, { attributes })
    await isDecided()
  }
  await activate(
    `${defaults}\n@id("frozen") forbid (principal is Identity, action == Action::"svid.issue", resource) when { principal.hasTag("frozen") };`,
  )
  await issueX509(orders.caller)
  await change({ colour: 'blue' })
  expect(await liveOf(orders), 'control').toEqual({ x509: 1, jwt: 0 })
  await change({ frozen: 'yes' })
  expect(await liveOf(orders)).toEqual({ x509: 0, jwt: 0 })
})

test('many proofs of one identity are walked to the last, and cost one revocation a page', async () => {
  const orders = await world.make.workload()
  await issueJwt(orders.caller, ['https://stock.example'])
  // As many instances would leave them: each proof with an SVID of its own.
  await world.sql(
    `with one as (select a.* from attestation a join svid s using (attestation_id) where s.identity_id = $1 limit 1),
     more as (
       insert into attestation (tenant_id, attestation_id, identity_id, trust_provider_id, binding_id, instance, claims, strength,
         accepted_at, fresh_until, token_expires_at, decision_id)
       select tenant_id, gen_random_uuid(), identity_id, trust_provider_id, binding_id, n::text, claims, strength,
         accepted_at, fresh_until, token_expires_at, decision_id from one, generate_series(1, 250) n
       returning tenant_id, attestation_id)
     insert into svid (tenant_id, svid_id, kind, serial_number, identity_id, attestation_id, decision_id, spiffe_id,
       issuing_key_id, issued_at, expires_at)
     select s.tenant_id, gen_random_uuid(), 'jwt', replace(gen_random_uuid()::text, '-', ''), s.identity_id, m.attestation_id,
       s.decision_id, s.spiffe_id, s.issuing_key_id, s.issued_at, s.expires_at from svid s, more m where s.identity_id = $1`,
    [orders.identity.identity_id],
  )
  const version = await upload(forbidding(orders.identity.name))
  expect(await world.admin.get<Preview>('POST', `/v1/policies/${version}/preview`)).toMatchObject({
    concerned_svids: 251,
    would_end_svids: 251,
  })
  await world.admin.get('POST', `/v1/policies/${version}/activate`, { expected_svids_to_end: 251 })
  await isDecided()
  const [live] = await world.sql<{ count: number }>(
    `select count(*)::int as count from svid where identity_id = $1 and state = 'live'`,
    [orders.identity.identity_id],
  )
  expect(live?.count).toBe(0)
  const ended = await world.sql<{ svid_count: number }>(
    `select svid_count from revocation where selector ->> 'id' = $1 order by revocation_id`,
    [orders.identity.identity_id],
  )
  expect(ended.map((row) => row.svid_count)).toEqual([100, 100, 51])
})
