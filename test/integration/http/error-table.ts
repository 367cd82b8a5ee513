/**
 * One row for each code of the catalogue: what brings it about. A new code without a row fails the suite.
 *
 * `elsewhere` names the suite that produces it where that takes more than a request.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError, type ProblemCode } from '@mayfly/domain'
import { loadConfig, makeLogger, startServer } from '@mayfly/server'
import { openCedar, selfTest } from '../../../packages/server/src/adapters/cedar/cedar-instance.ts'
import { makeTempDir, withClient } from '../../support/index.ts'
import type { Caller } from './caller.ts'
import { makeKey, type World } from './world.ts'

export type ErrorRow =
  | { readonly produce: (world: World) => Promise<unknown> }
  | {
      readonly elsewhere: string
      /** What it is called there, where that is not its code. */
      readonly as?: string
    }

/** What a request was refused with. */
const by = (ask: (world: World) => Promise<{ readonly json: Record<string, unknown> }>): ErrorRow => ({
  produce: async (world) => (await ask(world)).json['code'],
})

async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work()
    return 'nothing'
  } catch (error) {
    return error instanceof MayflyError ? error.code : error
  }
}

/** What a server does not start with. */
const atStart = (change: (world: World, dir: string) => Promise<Record<string, string>>): ErrorRow => ({
  async produce(world) {
    const dir = await makeTempDir('start')
    await writeFile(join(dir, 'kek'), `${world.kek}\n`, { mode: 0o600 })
    return codeOf(async () => {
      const config = await loadConfig({
        MAYFLY_LISTEN: '127.0.0.1:0',
        MAYFLY_DATABASE_URL: world.store.url,
        MAYFLY_KEK_FILE: join(dir, 'kek'),
        MAYFLY_BOOTSTRAP_FILE: join(dir, 'bootstrap'),
        ...(await change(world, dir)),
      })
      const server = await startServer(config, { logger: makeLogger('error', { write: () => undefined }) })
      await server.stop()
    })
  },
})

const call = (caller: Caller, method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, body?: unknown) =>
  caller.ask({ method, path: path as `/${string}` }, body === undefined ? {} : { body })

const owner = (world: World, more: object = {}) => ({
  name: world.fresh('owner'),
  contact: '#owner',
  primary: world.adminId,
  ...more,
})

const resource = (world: World, more: object = {}) => ({
  name: world.fresh('db'),
  provider: 'postgres',
  environment: 'development',
  reach: 'data',
  data_class: 'internal',
  exposure: 'internal',
  owner: 'orders-team',
  settings: {
    host: world.place.host,
    port: world.place.port,
    database: world.place.database,
    tls: { mode: 'disabled_loopback_only' },
  },
  secret: world.place.login,
  ...more,
})

export const errors: Readonly<Record<ProblemCode, ErrorRow>> = {
  request_malformed: by((world) => call(world.admin, 'POST', '/v1/owners', '{"name":"a","name":"b"}')),
  request_invalid: by((world) => call(world.admin, 'POST', '/v1/owners', {})),
  request_too_large: by((world) => call(world.admin, 'POST', '/v1/owners', { name: 'x'.repeat(300_000) })),
  route_unknown: by((world) => call(world.admin, 'GET', '/v1/nothing')),
  method_not_allowed: by((world) => call(world.admin, 'PUT', '/v1/owners')),
  media_type_unsupported: by((world) =>
    world.admin.ask(
      { method: 'POST', path: '/v1/owners' },
      { body: '<owner/>', headers: { 'content-type': 'text/xml' } },
    ),
  ),
  cursor_invalid: by((world) => call(world.admin, 'GET', '/v1/owners?cursor=bm9uc2Vuc2U')),
  idempotency_key_reused: by(async ({ worker, workerRole: role, fresh }) => {
    const key = fresh('key')
    await worker.caller.get('POST', '/v1/credentials', { role, idempotency_key: key })
    // Given once in the body and once as the header that clients send by habit: it is one key.
    return worker.caller.ask(
      { method: 'POST', path: '/v1/credentials' },
      { body: { role, ttl_seconds: 77 }, headers: { 'idempotency-key': key } },
    )
  }),

  token_missing: by((world) => call(world.anonymous, 'GET', '/v1/owners')),
  token_invalid: by((world) =>
    world.anonymous.ask({ method: 'GET', path: '/v1/owners' }, { headers: { authorization: 'Bearer nonsense' } }),
  ),
  sign_in_refused: { elsewhere: 'test/integration/people/refused-sign-ins.test.ts' },
  dpop_proof_invalid: by((world) =>
    world.anonymous.ask({ method: 'GET', path: '/v1/owners' }, { headers: { authorization: 'DPoP nonsense' } }),
  ),
  dpop_nonce_required: { elsewhere: 'test/integration/oauth/dpop.test.ts' },
  proof_rejected: { elsewhere: 'packages/client/src/private-key-tokens.test.ts' },
  bootstrap_rejected: by((world) =>
    call(world.anonymous, 'POST', '/v1/bootstrap', {
      secret: randomBytes(32).toString('base64url'),
      public_jwk: makeKey().publicJwk,
      name: 'Eve',
      email: 'eve@example.org',
    }),
  ),
  policy_denied: by((world) => call(world.nobody, 'GET', '/v1/owners')),
  rate_limited: { elsewhere: 'packages/server/src/surfaces/http/app.test.ts' },

  resource_not_found: by((world) => call(world.admin, 'GET', '/v1/owners/nobody-knows')),
  name_taken: by((world) => call(world.admin, 'POST', '/v1/owners', owner(world, { name: 'orders-team' }))),
  version_conflict: by(async (world) => {
    const { name, version } = await world.make.owner()
    await world.admin.get('PATCH', `/v1/owners/${name}`, { contact: '#first', version })
    return call(world.admin, 'PATCH', `/v1/owners/${name}`, { contact: '#second', version })
  }),
  identity_owner_missing: by(({ admin, fresh, expiresAt }) =>
    call(admin, 'POST', '/v1/identities', {
      name: fresh('job'),
      kind: 'job',
      owner: 'no-such-team',
      purpose: 'reads the orders of the night',
      environment: 'staging',
      expires_at: expiresAt(),
    }),
  ),
  state_not_allowed: by(async ({ admin, make }) => {
    const { name } = await make.identity()
    await admin.get('POST', `/v1/identities/${name}/retire`, {})
    return call(admin, 'POST', `/v1/identities/${name}/resume`, {})
  }),
  still_in_use: { elsewhere: 'test/integration/registry/resources.test.ts' },
  secret_required: by(async (world) => {
    const { name, version } = await world.make.resource()
    const { settings } = resource(world)
    return call(world.admin, 'PATCH', `/v1/resources/${name}`, { version, settings: { ...settings, port: 1 } })
  }),
  settings_invalid: by(async ({ admin, make, sql }) => {
    const { name } = await make.resource()
    // As after an upgrade of the provider whose settings no longer take what is stored.
    await sql(`update mayfly.resource set settings = '{}' where name = $1`, [name])
    return call(admin, 'POST', `/v1/resources/${name}/check`)
  }),
  provider_unknown: by((world) => call(world.admin, 'POST', '/v1/resources', resource(world, { provider: 'abacus' }))),
  manifest_invalid: by((world) =>
    call(world.admin, 'POST', '/v1/apply/plan', { manifest: { version: 1, owners: [{ name: 'x' }] } }),
  ),
  plan_changed: by((world) =>
    call(world.admin, 'POST', '/v1/apply', {
      manifest: { version: 1, owners: [owner(world)] },
      plan_digest: 'another',
    }),
  ),

  // The token endpoint has the words of RFC 6749.
  sign_in_provider_unavailable: by(async (world) =>
    call(world.anonymous, 'POST', '/v1/sign-ins', {
      provider: (await world.make.signInProvider()).name,
      flow: 'device',
    }),
  ),
  trust_bundle_unavailable: { elsewhere: 'test/integration/proof/issuer-keys.test.ts', as: 'temporarily_unavailable' },

  task_not_active: by(async ({ admin, make }) => {
    const { task_id: id } = await make.task()
    await admin.get('POST', `/v1/tasks/${id}/complete`, {})
    return call(admin, 'POST', `/v1/tasks/${id}/complete`, {})
  }),
  policy_invalid: by((world) => call(world.admin, 'POST', '/v1/policies', { text: 'permit everyone' })),
  policy_locks_out_administrators: by(async ({ admin }) => {
    const { policy_version_id: id } = await admin.get<{ policy_version_id: string }>('POST', '/v1/policies', {
      text: '@id("closed")\nforbid (principal, action, resource);',
    })
    return call(admin, 'POST', `/v1/policies/${id}/activate`, {})
  }),
  policy_missing: { elsewhere: 'packages/server/src/application/decision/decide.test.ts' },
  decision_engine_failed: {
    produce: () =>
      codeOf(() =>
        selfTest({ ...openCedar(), statefulIsAuthorized: () => ({ type: 'failure', errors: [], warnings: [] }) }),
      ),
  },
  preview_changed: by(async ({ admin, make }) => {
    const { credential_id: ref } = await make.credential()
    return call(admin, 'POST', '/v1/revocations', { selector: { kind: 'credential', ref }, expected_total: 0 })
  }),

  credential_overtaken: { elsewhere: 'test/integration/lifecycle/race.test.ts' },
  credential_not_renewable: by(async ({ worker, make }) => {
    const { credential_id: id } = await make.credential()
    return call(worker.caller, 'POST', `/v1/credentials/${id}/renew`, { ttl_seconds: 1 })
  }),
  credential_limit_reached: { elsewhere: 'test/integration/lifecycle/issue.test.ts' },
  revocation_held: { elsewhere: 'test/integration/lifecycle/revoke.test.ts' },
  issuance_paused: { elsewhere: 'test/integration/lifecycle/issue.test.ts' },
  target_unreachable: { elsewhere: 'test/integration/provider-postgres/rights.test.ts' },
  target_timeout: { elsewhere: 'packages/providers/postgres/src/postgres-error.test.ts' },
  target_rights_missing: { elsewhere: 'test/integration/provider-postgres/rights.test.ts' },
  target_refused: { elsewhere: 'test/integration/provider-postgres/rights.test.ts' },
  target_unsafe: { elsewhere: 'test/integration/provider-postgres/rights.test.ts' },

  bundle_malformed: by(async ({ admin, make }) => {
    const { name } = await make.offlineSite()
    return call(admin, 'POST', `/v1/offline-sites/${name}/imports`, { bundle: 'not a bundle' })
  }),
  bundle_untrusted: by(async ({ admin, make }) => {
    const { name, bundle } = await make.offlineSite()
    const changed = (await bundle()).replace('"sequence":', '"sequence":1')
    return call(admin, 'POST', `/v1/offline-sites/${name}/imports`, { bundle: changed })
  }),
  bundle_superseded: by(async ({ admin, make }) => {
    const { name, bundle } = await make.offlineSite()
    const older = await bundle()
    await admin.get('POST', `/v1/offline-sites/${name}/imports`, { bundle: await bundle() })
    return call(admin, 'POST', `/v1/offline-sites/${name}/imports`, { bundle: older })
  }),
  bundle_outdated: by(async ({ admin, make }) => {
    const { name, bundle } = await make.offlineSite()
    const old = await bundle({ madeAt: new Date(Date.now() - 3_601_000) })
    return call(admin, 'POST', `/v1/offline-sites/${name}/imports`, { bundle: old })
  }),

  configuration_invalid: atStart(async () => ({ MAYFLY_LISTN: '127.0.0.1:0' })),
  database_unavailable: atStart(async () => ({ MAYFLY_DATABASE_URL: 'postgres://mayfly:x@127.0.0.1:1/mayfly' })),
  clock_skewed: { elsewhere: 'test/integration/http/start-server.test.ts' },
  key_unusable: atStart(async (_world, dir) => {
    const file = join(dir, 'another-kek')
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
    return { MAYFLY_KEK_FILE: file }
  }),
  migration_refused: atStart(async (world) => {
    // The world lives on: its own server has read the history already.
    await withClient(world.store.superuserUrl, (client) =>
      client.query(`update mayfly.schema_migration set checksum = 'changed'`),
    )
    return {}
  }),
  audit_verification_failed: { elsewhere: 'test/integration/audit/sequence-log.test.ts' },
  internal: { elsewhere: 'packages/server/src/surfaces/http/app.test.ts' },
}
