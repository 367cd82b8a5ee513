import {
  type AttestationId,
  type BindingId,
  type CredentialId,
  type DecisionId,
  type IdentityId,
  newId,
  type OwnerId,
  type PersonId,
  type PolicyVersionId,
  type ResourceId,
  type RevocationId,
  type RoleId,
  type TaskId,
  type TrustProviderId,
} from '@mayfly/domain'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { appendAudit } from '../../../packages/server/src/application/audit/append-audit.ts'
import { trace, type TraceNode } from '../../../packages/server/src/application/audit/trace.ts'
import type { Tx } from '../../../packages/server/src/store/database.ts'
import { openAuditFixture, someEntry } from './audit-fixture.ts'
import { tenantId } from './tenant-log.ts'

const makeIds = () => ({
  person: newId<PersonId>(),
  owner: newId<OwnerId>(),
  identity: newId<IdentityId>(),
  resource: newId<ResourceId>(),
  role: newId<RoleId>(),
  trustProvider: newId<TrustProviderId>(),
  binding: newId<BindingId>(),
  attestation: newId<AttestationId>(),
  task: newId<TaskId>(),
  decision: newId<DecisionId>(),
  policyVersion: newId<PolicyVersionId>(),
  revocation: newId<RevocationId>(),
  credentials: [newId<CredentialId>(), newId<CredentialId>()] as const,
})
type Ids = ReturnType<typeof makeIds>

/** The rows of one task with two credentials, one used and revoked, one live; with their entries. */
async function insertStory(tx: Tx): Promise<Ids> {
  const ids = makeIds()
  const [ended, live] = ids.credentials
  await sql
    .raw(`
    insert into person (person_id, name) values ('${ids.person}', 'Ada');
    insert into owner (owner_id, name, contact, primary_person_id) values ('${ids.owner}', 'payments', '#payments', '${ids.person}');
    insert into identity (identity_id, name, kind, owner_id, purpose, environment, expires_at, spiffe_id)
      values ('${ids.identity}', 'orders-report', 'job', '${ids.owner}', 'writes the nightly report of orders',
              'production', now() + interval '1 day', 'spiffe://mayfly.example/production/job/orders-report');
    insert into resource (resource_id, name, provider_kind, environment, reach, data_class, exposure, owner_id, settings, sealed_secret, fingerprint)
      values ('${ids.resource}', 'orders-db', 'postgres', 'production', 'data', 'internal', 'internal', '${ids.owner}', '{}', 'x', 'x');
    insert into role (role_id, resource_id, name, permission) values ('${ids.role}', '${ids.resource}', 'readonly', '{}');
    insert into trust_provider (trust_provider_id, name, kind, settings, strength, fresh_for_seconds)
      values ('${ids.trustProvider}', 'ci', 'oidc', '{}', 'platform', 600);
    insert into binding (binding_id, trust_provider_id, identity_id, subject)
      values ('${ids.binding}', '${ids.trustProvider}', '${ids.identity}', 'repo:orders');
    insert into attestation (attestation_id, identity_id, trust_provider_id, binding_id, claims, strength, accepted_at, fresh_until, token_expires_at, decision_id)
      values ('${ids.attestation}', '${ids.identity}', '${ids.trustProvider}', '${ids.binding}', '{}', 'platform', now(), now() + interval '10 minutes', now() + interval '5 minutes', '${ids.decision}');
    insert into policy_version (policy_version_id, number, policy_text, digest, created_by, created_at)
      values ('${ids.policyVersion}', 1, '', 'x', '{}', now());
    insert into decision (decision_id, action, principal, resource, outcome, reasons, determining, duties, context, decided_at)
      values ('${ids.decision}', 'issue', '{}', '{}', 'permit', '[]', array['production-needs-task'], '{"max_ttl_seconds": 900}', '{}', now());
    insert into task (task_id, kind, identity_id, declared_by_person, purpose, environment, deadline, decision_id, declared_at)
      values ('${ids.task}', 'declared', '${ids.identity}', '${ids.person}', 'nightly report', 'production', now() + interval '1 hour', '${ids.decision}', now());
    insert into revocation (revocation_id, cause, selector, requested_by, total, authority_ended_at)
      values ('${ids.revocation}', 'task_completed', '{}', '{"kind": "system", "id": "deadline"}', 1, now());
    insert into credential (credential_id, identity_id, task_id, attestation_id, role_id, resource_id, provider_kind, account_name,
        environment, decision_id, policy_version_id, requested_at, create_deadline_at, expires_at, max_expires_at)
      values ('${ended}', '${ids.identity}', '${ids.task}', '${ids.attestation}', '${ids.role}', '${ids.resource}', 'postgres', 'mayfly_a',
        'production', '${ids.decision}', '${ids.policyVersion}', now(), now(), now() + interval '15 minutes', now() + interval '1 hour'),
        ('${live}', '${ids.identity}', '${ids.task}', '${ids.attestation}', '${ids.role}', '${ids.resource}', 'postgres', 'mayfly_b',
        'production', '${ids.decision}', '${ids.policyVersion}', now() + interval '1 second', now(), now() + interval '15 minutes', now() + interval '1 hour');
    update credential set state = 'active', active_at = now();
    update credential set state = 'revoking', revocation_id = '${ids.revocation}', revoking_at = now() where credential_id = '${ended}';
    update credential set state = 'revoked', cut_at = now(), removed_at = now() where credential_id = '${ended}';
  `)
    .execute(tx.query)
  const about = { identityId: ids.identity, taskId: ids.task }
  await appendAudit(tx, { ...someEntry(), ...about, action: 'task.declared' })
  for (const credentialId of ids.credentials) {
    await appendAudit(tx, { ...someEntry(), ...about, credentialId, action: 'credential.requested' })
    await appendAudit(tx, { ...someEntry(), ...about, credentialId, action: 'credential.issued' })
  }
  const end = { ...about, credentialId: ended, revocationId: ids.revocation }
  await appendAudit(tx, { ...someEntry(), ...end, action: 'credential.used' })
  await appendAudit(tx, { ...someEntry(), ...end, action: 'credential.revoking' })
  await appendAudit(tx, { ...someEntry(), ...end, action: 'credential.removed' })
  return ids
}

/** The kinds and ids of a tree, one line a node, indented by its depth. */
function outline(node: TraceNode, depth = 0): string[] {
  return [`${'  '.repeat(depth)}${node.kind}`, ...node.children.flatMap((child) => outline(child, depth + 1))]
}

test('a credential is traced from the person to its end', async () => {
  await using fixture = await openAuditFixture()
  const ids = await fixture.database.transaction(tenantId, insertStory)
  await fixture.sequence()
  const tree = await fixture.database.transaction(tenantId, (tx) =>
    trace(tx, { kind: 'credential', id: ids.credentials[0] }),
  )
  expect(outline(tree)).toEqual([
    'person',
    '  identity',
    '    task',
    '      decision',
    '        credential',
    '          use',
    '          end',
  ])
  expect(tree).toMatchObject({ id: ids.person, facts: { name: 'Ada', because: 'declared the task' } })
  const [task] = tree.children[0]?.children ?? []
  expect(task?.entries.map(({ action }) => action)).toEqual(['task.declared'])
  const [decision] = task?.children ?? []
  expect(decision?.facts).toMatchObject({ outcome: 'permit', determining: ['production-needs-task'] })
  const [credential] = decision?.children ?? []
  expect(credential?.facts).toMatchObject({
    role: 'orders-db/readonly',
    state: 'revoked',
    proved_by: { trust_provider: 'ci' },
  })
  expect(credential?.entries.map(({ action }) => action)).toEqual(['credential.requested', 'credential.issued'])
  const end = credential?.children[1]
  expect(end).toMatchObject({ id: ids.revocation, facts: { cause: 'task_completed' } })
  expect(end?.entries.map(({ action }) => action)).toEqual(['credential.revoking', 'credential.removed'])
  expect(
    end?.entries.every(({ leafIndex }) => leafIndex !== null),
    'sequenced',
  ).toBe(true)
})

test('a task and an identity are traced with all their credentials, live and ended', async () => {
  await using fixture = await openAuditFixture()
  const ids = await fixture.database.transaction(tenantId, insertStory)
  const credentialsOf = (tree: TraceNode) => outline(tree).filter((line) => line.trim() === 'credential').length
  const byTask = await fixture.database.transaction(tenantId, (tx) => trace(tx, { kind: 'task', id: ids.task }))
  expect(credentialsOf(byTask)).toBe(2)
  const byIdentity = await fixture.database.transaction(tenantId, (tx) =>
    trace(tx, { kind: 'identity', id: ids.identity }),
  )
  expect(credentialsOf(byIdentity)).toBe(2)
  expect(byIdentity.facts['because']).toBe('answers for the identity, as primary of owner payments')
})

test('what is not there cannot be traced', async () => {
  await using fixture = await openAuditFixture()
  for (const kind of ['credential', 'task', 'identity'] as const) {
    const missing = fixture.database.transaction(tenantId, (tx) =>
      trace(tx, { kind, id: newId<CredentialId>() } as unknown as Parameters<typeof trace>[1]),
    )
    await expect(missing).rejects.toThrow(/resource_not_found/)
  }
})

test('a trace reads by index only', async () => {
  await using fixture = await openAuditFixture()
  const plans = await fixture.database.transaction(tenantId, async (tx) => {
    await sql`set local enable_seqscan = off`.execute(tx.query)
    const columns = ['credential_id', 'task_id', 'identity_id']
    const found: string[] = []
    for (const column of columns) {
      const { rows } = await sql<Record<string, string>>`
        explain select entry_id from entry where ${sql.ref(column)} = any(array['${sql.raw(tenantId)}']::uuid[])
      `.execute(tx.query)
      found.push(rows.map((row) => Object.values(row)[0]).join('\n'))
    }
    return found
  })
  for (const plan of plans) {
    expect(plan).toMatch(/Index Scan|Bitmap Index Scan/)
    expect(plan).not.toContain('Seq Scan')
  }
})
