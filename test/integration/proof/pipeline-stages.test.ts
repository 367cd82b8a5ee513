/** Stages of one pipeline: the build job of a run cannot obtain what its release job can. */
import { expect, test } from 'vitest'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { proveWithToken, putPoliciesInForce, registerWorkload, startProofServer } from './proof-server.ts'
import { startTestIssuer } from './test-issuer.ts'

/** What GitHub says of one job of run 4711. */
const run = {
  repository: 'acme/orders',
  repository_id: '1',
  repository_owner: 'acme',
  ref: 'refs/heads/main',
  event_name: 'push',
  run_id: '4711',
  run_attempt: '1',
  job_workflow_ref: 'acme/orders/.github/workflows/release.yml@refs/heads/main',
}
const build = { ...run, sub: 'repo:acme/orders:ref:refs/heads/main' }
const release = { ...run, sub: 'repo:acme/orders:environment:production', environment: 'production' }

async function pipeline() {
  const server = await startProofServer()
  const issuer = await startTestIssuer({ now: server.clock.now })
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'actions',
      kind: 'oidc',
      settings: { preset: 'github_actions', issuer: issuer.url, audiences: ['mayfly'], algorithms: ['ES256'] },
    }),
  )
  for (const [name, { sub }, claims] of [
    ['orders-build', build, {}],
    ['orders-release', release, { job_workflow_ref: run.job_workflow_ref }],
  ] as const) {
    await registerWorkload(server, { name, trustProvider: 'actions', subject: sub, claims, kind: 'pipeline' })
  }
  return {
    server,
    issuer,
    async [Symbol.asyncDispose]() {
      await issuer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const subjectOf = (token: unknown) =>
  (JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as { sub: string }).sub

test('each job of a run is the identity of its stage, whatever it asks for', async () => {
  await using at = await pipeline()
  const prove = (job: object, more = {}) => proveWithToken(at.server, at.issuer.token({ ...job }), more)
  expect(subjectOf((await prove(build)).body['access_token'])).toMatch(/orders-build$/)
  expect(subjectOf((await prove(release)).body['access_token'])).toMatch(/orders-release$/)
  expect((await prove(build, { client_id: 'orders-release' })).body, 'to name the other does not help').toMatchObject({
    reason: 'binding_missing',
  })
  const elsewhere = { ...release, job_workflow_ref: 'acme/orders/.github/workflows/other.yml@refs/heads/main' }
  expect((await prove(elsewhere)).body, 'another workflow in the same environment').toMatchObject({
    reason: 'binding_missing',
  })
  const forked = { ...release, sub: 'repo:mallory/orders:environment:production', repository: 'mallory/orders' }
  expect((await prove(forked)).body, 'the same names in a fork').toMatchObject({ reason: 'binding_missing' })
  const bare = { ...release, run_attempt: undefined }
  expect((await prove(bare)).body, 'instances are told apart').toMatchObject({ reason: 'claim_missing' })
})

test('policies see what the platform said of the job, and can tell the stages apart themselves', async () => {
  await using at = await pipeline()
  const prove = (job: object) => proveWithToken(at.server, at.issuer.token({ ...job }))
  expect((await prove(release)).status, 'control').toBe(200)
  const text = `
    @id("only-from-production")
    permit (principal is Identity, action == Action::"token.issue", resource is TrustProvider)
    when { context.attestation.kind == "oidc" && context.attestation.proof.hasTag("environment") &&
           context.attestation.proof.getTag("environment") == "production" };
    @id("people") permit (principal is Person, action, resource);`
  await putPoliciesInForce(at.server, text)
  expect((await prove(release)).status).toBe(200)
  const denied = await prove(build)
  expect(denied.status).toBe(400)
  expect(denied.body).toMatchObject({ error: 'unauthorized_client' })
})
