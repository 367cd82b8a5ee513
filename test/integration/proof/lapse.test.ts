import { defaultTenantId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { runLapses } from '../../../packages/server/src/application/proof/run-lapses.ts'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { proveWithToken, registerOidc, registerWorkload, startProofServer } from './proof-server.ts'
import { startTestIssuer } from './test-issuer.ts'

const subject = 'repo:acme/orders:ref:refs/heads/main'

async function serverWithWorkload() {
  const server = await startProofServer()
  const issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url, { instance_claims: ['run'] }, 120)
  const workload = await registerWorkload(server, { name: 'nightly-report', trustProvider: 'builds', subject })
  return {
    server,
    workload,
    prove: async (run: string) => (await proveWithToken(server, issuer.token({ run }))).body,
    /** A running instance under an attestation, as `mayfly run` opens it. */
    async openTask(attestationId: string): Promise<string> {
      return server.change(async ({ tx, now }) => {
        const row = await tx.query
          .insertInto('task')
          .values({
            task_id: crypto.randomUUID() as never,
            kind: 'running_instance',
            identity_id: workload.identityId as never,
            declared_by_identity: workload.identityId as never,
            attestation_id: attestationId as never,
            purpose: 'runs the nightly report',
            environment: 'development',
            deadline: new Date(now.getTime() + 3_600_000),
            decision_id: crypto.randomUUID() as never,
            declared_at: now,
          })
          .returning('task_id')
          .executeTakeFirstOrThrow()
        return row.task_id
      })
    },
    state: (attestationId: string) =>
      server.change(async ({ tx }) => {
        const { state } = await tx.query
          .selectFrom('attestation')
          .select('state')
          .where('attestation_id', '=', attestationId as never)
          .executeTakeFirstOrThrow()
        return state
      }),
    task: (taskId: string) =>
      server.change(({ tx }) =>
        tx.query
          .selectFrom('task')
          .select(['state', 'attestation_id'])
          .where('task_id', '=', taskId as never)
          .executeTakeFirstOrThrow(),
      ),
    lapse: () => runLapses(server.proof, defaultTenantId, new AbortController().signal),
    async [Symbol.asyncDispose]() {
      await issuer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('a proof that nobody renews lapses, and what runs under it ends by the one path', async () => {
  await using at = await serverWithWorkload()
  const granted = await at.prove('1')
  const attestationId = String(granted['attestation_id'])
  expect(granted['expires_in'], 'a token never outlives its proof').toBeLessThanOrEqual(120)
  const taskId = await at.openTask(attestationId)
  await at.lapse()
  expect(await at.state(attestationId), 'control: its time is not over').toBe('fresh')
  await authenticateAccessToken(at.server.proof, { token: String(granted['access_token']), scheme: 'Bearer' })

  at.server.clock.forward(121)
  await at.lapse()
  expect(await at.state(attestationId)).toBe('lapsed')
  expect(await at.task(taskId)).toMatchObject({ state: 'revoked' })
  const entries = (await at.server.entries()).map((entry) => entry.action)
  expect(entries).toContain('attestation.lapsed')
  expect(entries).toContain('revocation.requested')
  await expect(
    authenticateAccessToken(at.server.proof, { token: String(granted['access_token']), scheme: 'Bearer' }),
  ).rejects.toMatchObject({
    code: 'token_invalid',
  })
})

test('a newer proof of the same instance takes over; one of another instance does not', async () => {
  await using at = await serverWithWorkload()
  const first = String((await at.prove('1'))['attestation_id'])
  const left = String((await at.prove('2'))['attestation_id'])
  const [kept, ended] = [await at.openTask(first), await at.openTask(left)]
  at.server.clock.forward(60)
  const second = String((await at.prove('1'))['attestation_id'])
  at.server.clock.forward(61)
  await at.lapse()
  expect([await at.state(first), await at.state(left), await at.state(second)]).toEqual([
    'succeeded',
    'lapsed',
    'fresh',
  ])
  expect(await at.task(kept)).toEqual({ state: 'active', attestation_id: second })
  expect(await at.task(ended)).toMatchObject({ state: 'revoked' })
  const again = await at.server.change(({ tx }) =>
    tx.query.selectFrom('redecision').select(['selector_kind', 'selector_id']).execute(),
  )
  expect(again, 'what goes on is decided again').toEqual([{ selector_kind: 'attestation', selector_id: second }])
})

test('proofs are remembered for as long as they could be presented, and no longer', async () => {
  await using at = await serverWithWorkload()
  await at.prove('1')
  const seen = () =>
    at.server.change(async ({ tx }) => (await tx.query.selectFrom('proof_seen').select('expires_at').execute()).length)
  at.server.clock.forward(600)
  await at.lapse()
  expect(await seen(), 'it could still be presented').toBe(1)
  at.server.clock.forward(80)
  await at.lapse()
  expect(await seen()).toBe(0)
})

test('two servers share the lapses of many proofs, and each is told once', async () => {
  await using at = await serverWithWorkload()
  for (let run = 0; run < 30; run += 1) await at.prove(String(run))
  at.server.clock.forward(121)
  await Promise.all([at.lapse(), at.lapse(), at.lapse()])
  const entries = await at.server.entries()
  const told = entries
    .filter((entry) => entry.action === 'attestation.lapsed')
    .flatMap((entry) => entry['rows'] as { id: string }[])
  expect(told).toHaveLength(30)
  expect(new Set(told.map((row) => row.id)).size).toBe(30)
})
