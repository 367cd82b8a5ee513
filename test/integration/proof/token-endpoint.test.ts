import { expect, test } from 'vitest'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { proveWithToken, registerOidc, registerWorkload, startProofServer } from './proof-server.ts'
import { startTestIssuer } from './test-issuer.ts'

test('a platform token becomes an access token that names the identity, and is accepted once', async () => {
  await using server = await startProofServer()
  await using issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  const workload = await registerWorkload(server, {
    name: 'nightly-report',
    trustProvider: 'builds',
    subject: 'repo:acme/orders:ref:refs/heads/main',
  })
  const assertion = issuer.token()
  const answer = await proveWithToken(server, assertion)
  expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) })
  const { actor } = await authenticateAccessToken(server.proof, {
    token: String(answer.body['access_token']),
    scheme: 'Bearer',
  })
  expect(actor).toMatchObject({ kind: 'identity', identityId: workload.identityId })

  const again = await proveWithToken(server, assertion)
  expect(again.status).toBe(400)
  expect(again.body).toMatchObject({ error: 'invalid_grant', reason: 'proof_replayed' })
  expect((await proveWithToken(server, issuer.token())).status, 'control: another token of the issuer').toBe(200)
})
