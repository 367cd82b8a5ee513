/** From the registration to the end of a credential. */
import { type AccessToken, callerWith, type Refusal, Refused, requestToken } from './api.ts'
import type { Stage } from './stage.ts'
import { block, done, expect, refused, say, step, timed } from './story.ts'
import { type OpenSession, openSession } from './target.ts'

interface Issued {
  readonly credential_id: string
  readonly account_name: string
  readonly expires_at: string
  readonly fields: { readonly username: string; readonly password: string }
}

interface Revocation {
  readonly revocation_id: string
  readonly total: number
  readonly state: 'running' | 'complete'
  readonly authority_ended_at: string
  readonly cut_at: string | null
  readonly completed_at: string | null
}

const subject = 'repo:acme/reports:ref:refs/heads/main'
const dayMs = 86_400_000

export async function register({ admin, target, adminId, issuer, server }: Stage): Promise<void> {
  step('Register: nothing without an owner, a purpose, an environment and an end')
  const identity = {
    name: 'report-runner',
    kind: 'job',
    purpose: 'reads orders every night to build the sales report',
    environment: 'production',
    expires_at: new Date(Date.now() + 90 * dayMs).toISOString(),
  }
  const refusal = await refusalOf(admin.call('POST', '/v1/identities', identity))
  refused(`an identity without an owner: ${faultsOf(refusal)}`)
  expect(refusal.status === 400, 'an identity without an owner is refused')

  await admin.call('POST', '/v1/owners', { name: 'sales-team', contact: 'sales-oncall@example.com', primary: adminId })
  await admin.call('POST', '/v1/identities', { ...identity, owner: 'sales-team' })
  done('`report-runner` of the owner `sales-team`: a job in production, until in ninety days')
  await admin.call('POST', '/v1/resources', {
    name: 'orders-db',
    provider: 'postgres',
    environment: 'production',
    reach: 'data',
    data_class: 'confidential',
    exposure: 'internal',
    owner: 'sales-team',
    settings: {
      host: target.host,
      port: target.port,
      database: target.database,
      tls: { mode: 'disabled_loopback_only' },
    },
    secret: target.login,
  })
  await admin.call('POST', '/v1/roles', {
    resource: 'orders-db',
    name: 'readonly',
    permission: { member_of: ['orders_readonly'], database: 'orders' },
  })
  const { value: checked, ms } = await timed(() =>
    admin.call<{ check: { check: string; outcome: string; detail: string }[] }>(
      'POST',
      '/v1/resources/orders-db/check',
      {},
    ),
  )
  const failed = checked.check.filter((finding) => finding.outcome === 'failed')
  expect(failed.length === 0, `the check of the target passes: ${JSON.stringify(failed)}`)
  done(`checked by doing: ${checked.check.length} proofs at the target, none failed`, ms)

  await admin.call('POST', '/v1/trust-providers', {
    name: 'ci',
    kind: 'oidc',
    settings: { issuer: issuer.url, audiences: [server.url] },
    strength: 'platform',
    fresh_for_seconds: 3600,
  })
  await admin.call('POST', '/v1/bindings', {
    trust_provider: 'ci',
    identity: 'report-runner',
    subject,
    claims: { environment: 'production' },
  })
  done('the CI system is trusted for exactly one subject, and no secret was stored for it')
}

export async function prove(stage: Stage): Promise<void> {
  const { issuer, server } = stage
  step('Prove: the job shows a token that its platform signed')
  const other = await issuer.sign({
    sub: 'repo:acme/other:ref:refs/heads/main',
    aud: server.url,
    environment: 'production',
  })
  const refusal = await refusalOf(exchange(stage, other))
  refused(`a token of another repository: ${refusal.detail ?? refusal.code}`)

  const { assertion, token, ms } = await proveAs(stage)
  done(`accepted: an access token for ${token.expires_in} s, and an attestation that says why`, ms)
  const replay = await refusalOf(exchange(stage, assertion))
  refused(`the same token again: ${replay.detail ?? replay.code}`)
}

async function proveAs(stage: Stage): Promise<{ assertion: string; token: AccessToken; ms: number }> {
  const { issuer, server } = stage
  const assertion = await issuer.sign({ sub: subject, aud: server.url, environment: 'production' })
  const { value: token, ms } = await timed(() => exchange(stage, assertion))
  stage.runner = callerWith(server.url, async () => token.access_token)
  return { assertion, token, ms }
}

function exchange({ server }: Stage, assertion: string) {
  return requestToken(server.url, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
}

export async function issueAndEnd(stage: Stage): Promise<void> {
  const { admin, target } = stage
  const runner = runnerOf(stage)
  step('Decide: production needs a task')
  const refusal = await refusalOf(runner.call('POST', '/v1/credentials', { role: 'orders-db/readonly' }))
  refused(`\`orders-db/readonly\`: ${refusal.reasons?.map((reason) => reason.detail).join('; ') ?? refusal.title}`)
  expect(refusal.code === 'policy_denied', 'production without a task is denied by policy')

  step('Declare the task, issue a login for just that, and use it')
  const task = await declareTask(stage, `sales report of the night of ${new Date().toISOString().slice(0, 10)}`)
  done('a person declared it: one role, one identity, one hour')
  const { value: issued, ms } = await timed(() =>
    runner.call<Issued>('POST', '/v1/credentials', { role: 'orders-db/readonly', task_id: task, ttl_seconds: 900 }),
  )
  done(`\`${issued.account_name}\` at the target, until ${issued.expires_at.slice(11, 19)} UTC`, ms)
  const session = await openSession(target, issued.fields)
  const { rows } = await session.client.query<{ orders: number; revenue: string }>(
    'select count(*)::int as orders, sum(total) as revenue from orders',
  )
  done(`logged in and read ${rows[0]?.orders ?? 0} orders; the session stays open`)
  const deleted = await session.client.query('delete from orders').catch((error: unknown) => String(error))
  expect(typeof deleted === 'string', 'a read-only login cannot delete')
  refused(`deleting with it: ${deleted} (PostgreSQL)`)

  step('Complete the task: the login ends with it')
  const before = performance.now()
  const gone = session.ended.then(() => performance.now() - before)
  const { revocation_id: revocationId } = await admin.call<{ revocation_id: string }>(
    'POST',
    `/v1/tasks/${task}/complete`,
    {},
  )
  done('the session died at the target', await gone)
  await complete(stage, revocationId)
  const absent = performance.now() - before
  expect((await countRoles(stage, issued.account_name)) === 0, 'the role is absent at the target')
  done('the role is absent at the target', absent)
  const again = await openSession(target, issued.fields).catch((error: unknown) => String(error))
  expect(typeof again === 'string', 'an ended login does not log in')
  refused(`logging in again: ${again} (PostgreSQL)`)
  stage.endedCredentialId = issued.credential_id
}

export async function bulk(stage: Stage): Promise<void> {
  step('Revoke an identity that holds 100 live logins')
  const { sessions, ms } = await issueMany(stage, 100, 'backfill of the reports of a hundred shops')
  done('100 logins issued, 20 of them with open sessions', ms)
  const selector = { kind: 'identity', ref: 'report-runner' }
  const preview = await stage.admin.call<{ total: number }>('POST', '/v1/revocations/preview', { selector })
  say(`the preview says: ${preview.total} live credentials would end`)
  expect(preview.total === 100, 'the preview counts the hundred')
  const before = performance.now()
  const allGone = Promise.all(sessions.map((session) => session.ended)).then(() => performance.now() - before)
  const { revocation_id: revocationId } = await stage.admin.call<Revocation>('POST', '/v1/revocations', {
    selector,
    reason: 'the demo suspects it',
    expected_total: preview.total,
  })
  done('authority ended in the database', performance.now() - before)
  done('20 sessions died', await allGone)
  await complete(stage, revocationId)
  expect((await countRoles(stage)) === 0, 'no role of the hundred is left')
  done('100 roles absent at the target', performance.now() - before)
  const refusal = await refusalOf(runnerOf(stage).call('GET', '/v1/identities/report-runner'))
  refused(`its access token: ${refusal.detail ?? refusal.title}`)
  await proveAs(stage)
  done('to go on, it had to prove itself again')
}

export async function stricterPolicy(stage: Stage): Promise<void> {
  const { admin } = stage
  step('Activate a stricter policy: what it no longer permits ends')
  const { sessions } = await issueMany(stage, 5, 'report that a new policy will stop')
  const active = await admin.call<{ items: { policy_version_id: string; state: string; number: number }[] }>(
    'GET',
    '/v1/policies',
  )
  const current = active.items.find((version) => version.state === 'active')
  expect(current !== undefined, 'a policy version is active')
  const { text } = await admin.call<{ text: string }>('GET', `/v1/policies/${current.policy_version_id}`)
  const rule = `
@id("no-jobs-on-confidential-data")
@description("jobs may not read confidential data while the audit runs")
forbid (principal is Identity, action in [Action::"credential.issue", Action::"credential.renew"], resource is Role)
when { principal.kind == "job" && resource.data_class == "confidential" };
`
  block(rule.trim())
  const draft = await admin.call<{ policy_version_id: string }>('POST', '/v1/policies', {
    text: text + rule,
    note: 'freeze during the audit',
  })
  const preview = await admin.call<{ would_end: number }>('POST', `/v1/policies/${draft.policy_version_id}/preview`, {})
  say(`the preview says: ${preview.would_end} live credentials would end`)
  expect(preview.would_end === 5, 'the preview counts the five live logins')
  const before = performance.now()
  const allGone = Promise.all(sessions.map((session) => session.ended)).then(() => performance.now() - before)
  await admin.call('POST', `/v1/policies/${draft.policy_version_id}/activate`, { expected_to_end: preview.would_end })
  done('activated; their sessions died', await allGone)
  await untilNoRoles(stage)
  done('5 roles absent at the target', performance.now() - before)
}

async function issueMany(
  stage: Stage,
  count: number,
  purpose: string,
): Promise<{ sessions: OpenSession[]; ms: number }> {
  const runner = runnerOf(stage)
  const task = await declareTask(stage, purpose)
  const issued: Issued[] = []
  const { ms } = await timed(async () => {
    const lane = async () => {
      for (let left = count / 5; left > 0; left--) {
        issued.push(await runner.call<Issued>('POST', '/v1/credentials', { role: 'orders-db/readonly', task_id: task }))
      }
    }
    await Promise.all(Array.from({ length: 5 }, lane))
  })
  expect((await countRoles(stage)) === count, `${count} logins stand at the target`)
  const sessions = await Promise.all(issued.slice(0, 20).map(({ fields }) => openSession(stage.target, fields)))
  return { sessions, ms }
}

async function declareTask({ admin }: Stage, purpose: string): Promise<string> {
  const task = await admin.call<{ task_id: string }>('POST', '/v1/tasks', {
    identity: 'report-runner',
    purpose,
    roles: ['orders-db/readonly'],
    deadline: new Date(Date.now() + 3_600_000).toISOString(),
  })
  return task.task_id
}

async function complete({ admin }: Stage, revocationId: string): Promise<Revocation> {
  for (;;) {
    const revocation = await admin.call<Revocation>('GET', `/v1/revocations/${revocationId}`)
    if (revocation.state === 'complete') return revocation
  }
}

async function countRoles({ target }: Stage, name = 'mayfly\\_%'): Promise<number> {
  const client = await target.superuser()
  try {
    const { rows } = await client.query<{ count: number }>(
      'select count(*)::int as count from pg_roles where rolname like $1',
      [name],
    )
    return rows[0]?.count ?? -1
  } finally {
    await client.end()
  }
}

async function untilNoRoles(stage: Stage): Promise<void> {
  for (let left = await countRoles(stage); left > 0; left = await countRoles(stage));
}

function runnerOf({ runner }: Stage) {
  if (runner === undefined) throw new Error('the runner has not proven itself yet')
  return runner
}

async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call
  } catch (error) {
    if (error instanceof Refused) return error.refusal
    throw error
  }
  throw new Error('the demo expected a refusal')
}

function faultsOf({ errors, detail, title }: Refusal): string {
  return errors?.map((fault) => `\`${fault.pointer}\` ${fault.detail}`).join('; ') ?? detail ?? title
}
