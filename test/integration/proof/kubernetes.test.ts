/** Clusters that are asked themselves whose token it is: it dies with its pod. */
import { randomUUID } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { proveWithToken, registerWorkload, startProofServer } from './proof-server.ts'
import { startClusterApi } from './test-cluster-api.ts'
import { makeIssuerKey } from './test-issuer.ts'

const subject = 'system:serviceaccount:shop:report'

async function serverWithCluster(settings: Record<string, unknown> = {}, reviewed = true) {
  const clock = { now: () => new Date() }
  const api = await startClusterApi({ now: () => clock.now() })
  const server = await startProofServer(
    reviewed
      ? {
          clusterReviewer: {
            apiUrl: api.url,
            read: async () => ({ token: new Secret(api.reviewerToken), caPem: api.caPem }),
          },
        }
      : {},
  )
  clock.now = server.clock.now
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'cluster',
      kind: 'kubernetes',
      settings: { issuer: api.issuer, api_server: api.url, audiences: ['mayfly'], ...settings },
      freshForSeconds: 600,
    }),
  )
  const workload = await registerWorkload(server, {
    name: 'report',
    trustProvider: 'cluster',
    subject,
    claims: { namespace: 'shop' },
  })
  return {
    server,
    api,
    workload,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

test('a service account proves itself while its pod lives, and not a moment longer', async () => {
  await using at = await serverWithCluster()
  const pod = at.api.start()
  const granted = await proveWithToken(at.server, at.api.token(pod))
  expect(granted.status, JSON.stringify(granted.body)).toBe(200)
  const [row] = await at.server.change(({ tx }) => tx.query.selectFrom('attestation').selectAll().execute())
  expect(row).toMatchObject({
    strength: 'platform',
    instance: pod.uid,
    claims: {
      policy_claims: {
        namespace: 'shop',
        service_account: 'report',
        pod: pod.name,
        pod_uid: pod.uid,
        node: 'worker-1',
      },
    },
  })
  expect(at.api.bearers, 'asked with this server’s own token').toEqual([`Bearer ${at.api.reviewerToken}`])
  const unused = at.api.token(pod)
  at.api.pods.delete(pod.uid)
  const dead = await proveWithToken(at.server, unused)
  expect(dead.status).toBe(400)
  expect(dead.body).toMatchObject({ reason: 'signature_invalid' })
  expect(dead.body['error_description']).toContain('pod may be gone')
  const next = at.api.start()
  expect((await proveWithToken(at.server, at.api.token(next))).status, 'control: the pod that took its place').toBe(200)
})

test('a token counts once, for us, and from this cluster; nothing else is even asked about', async () => {
  await using at = await serverWithCluster()
  const pod = at.api.start()
  const token = at.api.token(pod)
  expect((await proveWithToken(at.server, token)).status).toBe(200)
  expect((await proveWithToken(at.server, token)).body).toMatchObject({ reason: 'proof_replayed' })
  const before = at.api.reviews()
  const now = Math.floor(at.server.clock.now().getTime() / 1000)
  const refused: readonly (readonly [string, string])[] = [
    [at.api.token(pod, { aud: 'https://kubernetes.default.svc' }), 'audience_wrong'],
    [at.api.token(pod, { aud: undefined }), 'audience_wrong'],
    [at.api.token(pod, { iss: 'https://evil.example' }), 'issuer_unknown'],
    [at.api.token(pod, { exp: now - 60 }), 'proof_expired'],
    [at.api.token(pod, { iat: now - 7200 }), 'proof_too_old'],
    [at.api.token(pod, { sub: ' ' }), 'claim_missing'],
  ]
  for (const [hostile, reason] of refused) {
    expect((await proveWithToken(at.server, hostile)).body).toMatchObject({ reason })
  }
  expect(at.api.reviews()).toBe(before)
  const forged = await proveWithToken(at.server, at.api.token(pod, {}, { key: makeIssuerKey('forged', 'RS256') }))
  expect(forged.body).toMatchObject({ reason: 'signature_invalid' })
  const other = at.api.start({ serviceAccount: 'other' })
  expect((await proveWithToken(at.server, at.api.token(other))).body).toMatchObject({ reason: 'binding_missing' })
})

test('an API server that does not bind the audience, or names somebody else, is not believed', async () => {
  await using at = await serverWithCluster()
  const pod = at.api.start()
  at.api.mood = 'without_audiences'
  expect((await proveWithToken(at.server, at.api.token(pod))).body).toMatchObject({ reason: 'audience_wrong' })
  at.api.mood = 'another_user'
  expect((await proveWithToken(at.server, at.api.token(pod))).body).toMatchObject({ reason: 'claim_wrong' })
  at.api.mood = 'well'
  expect((await proveWithToken(at.server, at.api.token(pod))).status, 'control').toBe(200)
})

test('an API server that is down, redirects, or answers nonsense denies after a bounded time', async () => {
  await using at = await serverWithCluster()
  const pod = at.api.start()
  for (const mood of ['broken', 'redirect', 'huge', 'duplicates'] as const) {
    at.api.mood = mood
    const answer = await proveWithToken(at.server, at.api.token(pod))
    expect({ mood, status: answer.status }).toEqual({ mood, status: 503 })
  }
  at.api.mood = 'silent'
  const startedMs = performance.now()
  expect((await proveWithToken(at.server, at.api.token(pod))).status).toBe(503)
  expect(performance.now() - startedMs).toBeLessThan(9_000)
  at.api.mood = 'well'
  expect((await proveWithToken(at.server, at.api.token(pod))).status, 'control').toBe(200)
})

test('our token is sent to the one API server that the configuration names, whatever a trust provider says', async () => {
  await using at = await serverWithCluster()
  await using evil = await startClusterApi({ now: at.server.clock.now })
  await at.server.change((change) =>
    registerTrustProvider(change, {
      name: 'evil',
      kind: 'kubernetes',
      settings: { issuer: 'https://evil.example.com', api_server: evil.url, ca_pem: evil.caPem, audiences: ['mayfly'] },
    }),
  )
  await at.server.change((change) => registerBinding(change, { trustProvider: 'evil', identity: 'report', subject }))
  const pod = evil.start()
  const answer = await proveWithToken(at.server, evil.token(pod, { iss: 'https://evil.example.com' }))
  expect(answer.status).toBe(503)
  expect(evil.bearers).toEqual([])
})

test('a certificate of another authority is no API server', async () => {
  await using at = await serverWithCluster()
  await using other = await startClusterApi({ now: at.server.clock.now })
  const reviewer = { apiUrl: at.api.url, read: async () => ({ token: new Secret('x'), caPem: other.caPem }) }
  await using wrong = await startProofServer({ clusterReviewer: reviewer })
  await wrong.change((change) =>
    registerTrustProvider(change, {
      name: 'cluster',
      kind: 'kubernetes',
      settings: { issuer: at.api.issuer, api_server: at.api.url, audiences: ['mayfly'] },
    }),
  )
  await registerWorkload(wrong, { name: 'report', trustProvider: 'cluster', subject })
  expect((await proveWithToken(wrong, at.api.token(at.api.start()))).status).toBe(503)
  expect(at.api.bearers, 'not a word was sent').toEqual([])
})

test('a token may review itself where the cluster lets it; then no token of this server is needed', async () => {
  await using at = await serverWithCluster({ reviewer: 'self' }, false)
  const own = await proveWithToken(at.server, at.api.token(at.api.start()))
  expect(own.status, 'its certificate is not a public one').toBe(503)
  await using trusted = await startProofServer()
  await trusted.change((change) =>
    registerTrustProvider(change, {
      name: 'cluster',
      kind: 'kubernetes',
      settings: {
        issuer: at.api.issuer,
        api_server: at.api.url,
        audiences: ['mayfly'],
        reviewer: 'self',
        ca_pem: at.api.caPem,
      },
    }),
  )
  await registerWorkload(trusted, { name: 'report', trustProvider: 'cluster', subject })
  const token = at.api.token(at.api.start())
  expect((await proveWithToken(trusted, token)).status).toBe(200)
  expect(at.api.bearers).toEqual([`Bearer ${token}`])
})

test('bindings are service accounts, and claims that a review tells', async () => {
  await using at = await serverWithCluster()
  const bind = (input: object) =>
    at.server.change((change) => registerBinding(change, { trustProvider: 'cluster', identity: 'report', ...input }))
  for (const input of [
    { subject: 'system:serviceaccount:shop:default' },
    { subject: 'system:serviceaccount:shop:*' },
    { subject: 'system:node:worker-1' },
    { subject: 'system:serviceaccount:shop:other', claims: { image: 'x' } },
  ]) {
    await expect(bind(input)).rejects.toMatchObject({ code: 'request_invalid' })
  }
  await bind({ subject: 'system:serviceaccount:shop:other', claims: { pod_uid: randomUUID() } })
})
